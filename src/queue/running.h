/*
 * Which jobs this worker runs at the moment: consumers tell, the relay asks, to keep their leases. Thread-safe.
 *
 * A row's lease (locked_until) is short, so that the jobs of a worker that was killed soon run elsewhere; the relay of
 * a living worker prolongs it. Only until the job's own time is up, though: a handler that hangs loses its job.
 */
#ifndef SP_QUEUE_RUNNING_H
#define SP_QUEUE_RUNNING_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { RUNNING_MAX = 64, QUEUE_LEASE_MS = 30000, QUEUE_KEEP_EVERY_MS = 8000 };

struct running_jobs {
    pthread_mutex_t lock;
    struct {
        int64_t job_id;   /* 0: none */
        int64_t until_ms; /* monotonic */
    } slots[RUNNING_MAX];
};

void running_init(struct running_jobs *running);
/* slot: the consumer's number, below RUNNING_MAX. */
void running_begin(struct running_jobs *running, unsigned slot, int64_t job_id, int64_t until_ms);
void running_end(struct running_jobs *running, unsigned slot);
/* Those whose time is not up; their count. */
size_t running_list(struct running_jobs *running, int64_t now_ms, int64_t ret_ids[static RUNNING_MAX]);

#endif
