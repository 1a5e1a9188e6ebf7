/*
 * What the threads of one worker share. A job's way:
 *
 *   job_enqueue (job.h)      its row: waiting, in the transaction of the change that it belongs to
 *   relay (relay.h)          the id of a due row goes to a Redis stream; the row notes to which epoch of Redis
 *   consumer (consumer.h)    takes an id, claims the row (active, a lease, one more attempt), runs the handler, then
 *                            deletes the row, puts it back with a delay or makes it a dead letter (failed)
 *
 * The row is the truth at every moment; Redis only says where to look, may lose everything, and may say it twice.
 */
#ifndef SP_QUEUE_QUEUE_H
#define SP_QUEUE_QUEUE_H

#include "queue/running.h"
#include "queue/stop.h"

struct queue {
    const char *database_url, *redis_url;
    const char *redis_prefix; /* "swissphoto:<instance>:" */
    const char *worker;       /* unique among all workers, ever */
    struct queue_stop stop;
    struct running_jobs running;
};

#endif
