/*
 * The relay: one thread in every worker. It prolongs the leases of its worker's jobs; and in the one worker that holds
 * the advisory lock it carries the ids of due rows to Redis, brings back the jobs of workers that died and writes the
 * rows of periodic jobs. Another worker takes over when that one is gone.
 */
#ifndef SP_QUEUE_RELAY_H
#define SP_QUEUE_RELAY_H

#include "base/attr.h"

struct queue;
struct sp_err;
struct sp_op;

/* The thread's body: until queue->stop; whatever is away is waited for. An error: it cannot work at all. */
SP_MUST_CHECK struct sp_err *relay_run(struct sp_op *op, struct queue *queue);

#endif
