/*
 * How often something happened lately: a sliding window a key, kept in Redis. An event is named by its caller, so that
 * it can be taken back. For one thread, as its connection. Errors are those of redis_command.
 */
#ifndef SP_QUEUE_LIMIT_H
#define SP_QUEUE_LIMIT_H

#include "base/attr.h"
#include <stdint.h>

struct redis;
struct sp_err;
struct sp_op;

struct limit {
    int max;
    int64_t window_ms;
};

/*
 * Adds the event to key unless key or also (another key, which gets nothing) is full: then ret_wait_ms is how long that
 * stays so. 0: added. Test and addition are one step, so that many at once pass no more often than one after another.
 * Keys are put behind the connection's prefix.
 */
SP_MUST_CHECK struct sp_err *limit_take(struct sp_op *op, struct redis *redis, const struct limit *limit,
                                        const char *key, const char *also, const char *event, int64_t *ret_wait_ms);
SP_MUST_CHECK struct sp_err *limit_give_back(struct sp_op *op, struct redis *redis, const char *key, const char *event);
/* Adds the event whether key is full or not. */
SP_MUST_CHECK struct sp_err *limit_add(struct sp_op *op, struct redis *redis, const struct limit *limit,
                                       const char *key, const char *event);

#endif
