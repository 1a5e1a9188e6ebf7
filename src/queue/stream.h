/*
 * The Redis side of the queue: one stream a queue ("swissphoto:job:<queue>") with one consumer group, entries {id: the
 * job's row}. All consumers go by one name in it: who lives is known from the rows' leases, and so no names of workers
 * that are long gone pile up.
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

/*
 * Names this store and its state of mind: another one whenever entries may have been lost (wiped, another server, or
 * the same one started again, perhaps from an old snapshot). A new store gets the streams and groups of all queues.
 */
SP_MUST_CHECK struct sp_err *stream_epoch(struct sp_op *op, struct redis *redis, const char **ret_epoch);
SP_MUST_CHECK struct sp_err *stream_add(struct sp_op *op, struct redis *redis, const char *queue, int64_t job_id);
/* Waits up to block_ms for a new entry, or until the connection's stop is raised. */
SP_MUST_CHECK struct sp_err *stream_read(struct sp_op *op, struct redis *redis, const char *queue, int block_ms,
                                         struct stream_entry *ret_entry);
/* Takes over an entry that was handed out idle_ms ago and is not done: whoever had it may be dead. */
SP_MUST_CHECK struct sp_err *stream_take_over(struct sp_op *op, struct redis *redis, const char *queue, int64_t idle_ms,
                                              struct stream_entry *ret_entry);
/* Done with it: out of the group's pending list and out of the stream. */
SP_MUST_CHECK struct sp_err *stream_done(struct sp_op *op, struct redis *redis, const char *queue,
                                         const char *entry_id);

#endif
