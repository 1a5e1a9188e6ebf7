/*
 * The Redis side of the queue: one stream a queue ("job:<queue>") with one consumer group, entries {id: job's row}.
 * The epoch key says which Redis store this is: when it is missing, everything in it is gone.
 */
#ifndef SP_QUEUE_STREAM_H
#define SP_QUEUE_STREAM_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

struct redis;
struct sp_err;
struct sp_op;

struct stream_entry {
    const char *entry_id; /* NULL: none came */
    int64_t job_id;
};

/* The store's epoch; a new store gets one, and the streams and groups of all queues. */
SP_MUST_CHECK struct sp_err *stream_epoch(struct sp_op *op, struct redis *redis, const char **ret_epoch);
SP_MUST_CHECK struct sp_err *stream_add(struct sp_op *op, struct redis *redis, const char *queue, int64_t job_id);
/* Waits up to block_ms for a new entry. */
SP_MUST_CHECK struct sp_err *stream_read(struct sp_op *op, struct redis *redis, const char *queue, const char *consumer,
                                         int block_ms, struct stream_entry *ret_entry);
/* Takes over an entry that its consumer has held for idle_ms: it died. */
SP_MUST_CHECK struct sp_err *stream_take_over(struct sp_op *op, struct redis *redis, const char *queue,
                                              const char *consumer, int64_t idle_ms, struct stream_entry *ret_entry);
/* Done with it: out of the group's pending list and out of the stream. */
SP_MUST_CHECK struct sp_err *stream_done(struct sp_op *op, struct redis *redis, const char *queue,
                                         const char *entry_id);

#endif
