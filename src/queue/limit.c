/* See limit.h: a sorted set a key, its members the events, their scores the milliseconds. Any thread with its own
 * redis. */
#include "queue/limit.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/op.h"
#include "queue/redis.h"

/* ARGV: now, window, maximum, event. Behind the oldest event's end there is room again. */
static const char take_script[] = "local now, window, max = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
                                  "for _, key in ipairs(KEYS) do\n"
                                  "  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)\n"
                                  "  if redis.call('ZCARD', key) >= max then\n"
                                  "    return redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] + window - now\n"
                                  "  end\n"
                                  "end\n"
                                  "redis.call('ZADD', KEYS[1], now, ARGV[4])\n"
                                  "redis.call('PEXPIRE', KEYS[1], window)\n"
                                  "return 0\n";

struct sp_err *limit_take(struct sp_op *op, struct redis *redis, const struct limit *limit, const char *key,
                          const char *also, const char *event, int64_t *ret_wait_ms)
{
    const char *first = sp_format(op, "%s%s", redis_prefix(redis), key);
    const char *second = sp_format(op, "%s%s", redis_prefix(redis), also);
    const char *now = sp_format(op, "%" PRId64, sp_clock_now_ms());
    const char *window = sp_format(op, "%" PRId64, limit->window_ms), *max = sp_format(op, "%d", limit->max);
    SP_OWN(first);
    SP_OWN(second);
    SP_OWN(now);
    SP_OWN(window);
    SP_OWN(max);
    redisReply *reply;
    const char *const argv[] = {"EVAL", take_script, "2", first, second, now, window, max, event};
    SP_TRY(redis_command(op, redis, &reply, SP_COUNT(argv), argv));
    *ret_wait_ms = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    return NULL;
}

struct sp_err *limit_give_back(struct sp_op *op, struct redis *redis, const char *key, const char *event)
{
    const char *name = sp_format(op, "%s%s", redis_prefix(redis), key);
    SP_OWN(name);
    return redis_command(op, redis, NULL, 3, (const char *const[]){"ZREM", name, event});
}

struct sp_err *limit_add(struct sp_op *op, struct redis *redis, const struct limit *limit, const char *key,
                         const char *event)
{
    const char *name = sp_format(op, "%s%s", redis_prefix(redis), key);
    const char *now = sp_format(op, "%" PRId64, sp_clock_now_ms());
    const char *window = sp_format(op, "%" PRId64, limit->window_ms);
    SP_OWN(name);
    SP_OWN(now);
    SP_OWN(window);
    SP_TRY(redis_command(op, redis, NULL, 4, (const char *const[]){"ZADD", name, now, event}));
    return redis_command(op, redis, NULL, 3, (const char *const[]){"PEXPIRE", name, window});
}
