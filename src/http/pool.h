/*
 * A bounded pool of threads that run jobs in the order in which they came: the workers (each with its own context, a
 * database connection) and the I/O threads. Jobs are embedded in their objects, so that pushing allocates nothing.
 */
#ifndef SP_HTTP_POOL_H
#define SP_HTTP_POOL_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_op;
struct sp_err;
struct http_pool;

struct http_job {
    void (*run)(struct http_job *job, void *worker); /* the job may be pushed again or freed inside */
    struct http_job *next;                           /* the pool's */
};

struct http_pool_config {
    const char *name; /* at most 15 characters */
    unsigned threads;
    unsigned queue_max; /* waiting jobs before http_pool_push refuses */
    size_t stack_bytes;
    void *context; /* for start */
    /* Makes a thread's own worker object, on that thread, one thread after the other; both may be NULL. */
    struct sp_err *(*start)(struct sp_op *op, void *context, void **ret_worker);
    void (*stop)(void *worker);
};

/* Returns when every thread has its worker, or with the first error and no thread left. */
SP_MUST_CHECK struct sp_err *http_pool_create(struct sp_op *op, const struct http_pool_config *config,
                                              struct http_pool **ret_pool);
/* False: the queue is full. */
SP_MUST_CHECK bool http_pool_push(struct http_pool *pool, struct http_job *job);
/* For jobs that finish what was admitted before: they are bounded by the number of exchanges. */
void http_pool_push_always(struct http_pool *pool, struct http_job *job);
/* Jobs that wait, and threads that run one. */
unsigned http_pool_waiting(struct http_pool *pool);
unsigned http_pool_busy(struct http_pool *pool);
/*
 * Runs what is queued, ends and joins the threads. False: one hangs beyond the time; then the pool must stay
 * allocated, and stop can be called again.
 * Afterwards push refuses, and push_always runs the job on the caller's thread, without a worker.
 */
bool http_pool_stop(struct http_pool *pool, int64_t timeout_ms);
/* Stopped or never started. NULL is legal. */
void http_pool_destroy(struct http_pool *pool);

#endif
