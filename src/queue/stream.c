/* See stream.h. Commands as in Redis 5 and later (XAUTOCLAIM: 6.2); Valkey is the same. */
#include "queue/stream.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/op.h"
#include "base/uuid.h"
#include "gen/job/kinds.h"
#include "queue/redis.h"

#define GROUP "workers"
#define CONSUMER "worker"

#define ARGUMENTS(...)                                                                                                 \
    (int)SP_COUNT(((const char *[]){__VA_ARGS__})), (const char *[]) { __VA_ARGS__ }
#define COMMAND(op, redis, reply, ...) redis_command((op), (redis), (reply), ARGUMENTS(__VA_ARGS__))

static struct sp_err *make_key(struct sp_op *op, const struct redis *redis, const char *name, const char **ret_key)
{
    *ret_key = sp_format(op, "%sjob:%s", redis_prefix(redis), name);
    SP_OWN(*ret_key);
    return NULL;
}

static struct sp_err *create_groups(struct sp_op *op, struct redis *redis)
{
    for (size_t i = 0; i < JOB_QUEUE_COUNT; i++) {
        const char *key;
        SP_TRY(make_key(op, redis, job_queues[i].name, &key));
        struct sp_err *err = COMMAND(op, redis, NULL, "XGROUP", "CREATE", key, GROUP, "0", "MKSTREAM");
        if (err && strncmp(redis_error(redis), "BUSYGROUP", 9) != 0)
            return err;
    }
    return NULL;
}

struct sp_err *stream_epoch(struct sp_op *op, struct redis *redis, const char **ret_epoch)
{
    redisReply *reply;
    const char *key;
    SP_TRY(make_key(op, redis, "epoch", &key));
    SP_TRY(COMMAND(op, redis, &reply, "GET", key));
    if (reply->type != REDIS_REPLY_STRING) {
        char fresh[SP_UUID_TEXT_BYTES];
        const struct sp_uuid uuid = sp_uuid_v4();
        sp_uuid_format(&uuid, fresh);
        /* groups before the epoch: who sees the epoch may use them */
        SP_TRY(create_groups(op, redis));
        SP_TRY(COMMAND(op, redis, NULL, "SET", key, fresh, "NX"));
        SP_TRY(COMMAND(op, redis, &reply, "GET", key));
        if (reply->type != REDIS_REPLY_STRING)
            return sp_fail(op, SP_UNAVAILABLE, "The queue (Redis) keeps nothing. Try again later.");
    }
    *ret_epoch = sp_format(op, "%s %s", reply->str, redis_server_id(redis));
    SP_OWN(*ret_epoch);
    return NULL;
}

struct sp_err *stream_add(struct sp_op *op, struct redis *redis, const char *queue, int64_t job_id)
{
    const char *key, *id = sp_format(op, "%lld", (long long)job_id);
    SP_OWN(id);
    SP_TRY(make_key(op, redis, queue, &key));
    return COMMAND(op, redis, NULL, "XADD", key, "*", "id", id);
}

/* One entry: [entry id, [field, value, …]]; nil fields when it was deleted meanwhile. */
static void read_entry(const redisReply *entry, struct stream_entry *ret_entry)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2)
        return;
    const redisReply *fields = entry->element[1];
    ret_entry->entry_id = entry->element[0]->str;
    if (fields->type == REDIS_REPLY_ARRAY && fields->elements >= 2 && fields->element[1]->type == REDIS_REPLY_STRING)
        ret_entry->job_id = strtoll(fields->element[1]->str, NULL, 10);
}

/* The server was wiped, before or while this waited. The relay sees it by the missing epoch and publishes again. */
static bool group_is_gone(const struct redis *redis)
{
    return strncmp(redis_error(redis), "NOGROUP", 7) == 0 || strncmp(redis_error(redis), "UNBLOCKED", 9) == 0;
}

struct sp_err *stream_read(struct sp_op *op, struct redis *redis, const char *queue, int block_ms,
                           struct stream_entry *ret_entry)
{
    *ret_entry = (struct stream_entry){0};
    const char *key, *block = sp_format(op, "%d", block_ms);
    SP_OWN(block);
    SP_TRY(make_key(op, redis, queue, &key));
    redisReply *reply;
    struct sp_err *err = redis_wait(
        op, redis, &reply, block_ms,
        ARGUMENTS("XREADGROUP", "GROUP", GROUP, CONSUMER, "COUNT", "1", "BLOCK", block, "STREAMS", key, ">"));
    if (err)
        return group_is_gone(redis) ? create_groups(op, redis) : err;
    /* nil, or [[key, [entry]]] */
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 && reply->element[0]->elements == 2 &&
        reply->element[0]->element[1]->elements >= 1)
        read_entry(reply->element[0]->element[1]->element[0], ret_entry);
    return NULL;
}

struct sp_err *stream_take_over(struct sp_op *op, struct redis *redis, const char *queue, int64_t idle_ms,
                                struct stream_entry *ret_entry)
{
    *ret_entry = (struct stream_entry){0};
    const char *key, *idle = sp_format(op, "%lld", (long long)idle_ms);
    SP_OWN(idle);
    SP_TRY(make_key(op, redis, queue, &key));
    redisReply *reply;
    struct sp_err *err = COMMAND(op, redis, &reply, "XAUTOCLAIM", key, GROUP, CONSUMER, idle, "0-0", "COUNT", "1");
    if (err)
        return group_is_gone(redis) ? NULL : err;
    /* [next start, [entry], …] */
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2 && reply->element[1]->elements >= 1)
        read_entry(reply->element[1]->element[0], ret_entry);
    return NULL;
}

struct sp_err *stream_done(struct sp_op *op, struct redis *redis, const char *queue, const char *entry_id)
{
    const char *key;
    SP_TRY(make_key(op, redis, queue, &key));
    SP_TRY(COMMAND(op, redis, NULL, "XACK", key, GROUP, entry_id));
    return COMMAND(op, redis, NULL, "XDEL", key, entry_id);
}
