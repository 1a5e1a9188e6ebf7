/* See redis.h. Relay and consumer threads, each with its own connection. */
#include "queue/redis.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/heap.h"
#include "base/op.h"

enum { CONNECT_TIMEOUT_MS = 2000, COMMAND_TIMEOUT_MS = 10000, DEFAULT_PORT = 6379, ERROR_MAX_BYTES = 128 };

struct redis {
    redisContext *context;
    char *url;
    char error[ERROR_MAX_BYTES];
};

struct sp_err *redis_open(struct sp_op *op, const char *url, struct redis **ret_redis)
{
    if (strncmp(url, "unix://", 7) != 0 && strncmp(url, "redis://", 8) != 0)
        return sp_fail(op, SP_INVALID, "The Redis URL must begin with unix:// or redis://");
    struct redis *redis = sp_heap_new(1, sizeof(*redis));
    if (!redis)
        return sp_err_no_memory();
    redis->url = sp_heap_strdup(url);
    if (!redis->url) {
        redis_close(redis);
        return sp_err_no_memory();
    }
    *ret_redis = redis;
    return NULL;
}

static void disconnect(struct redis *redis)
{
    if (redis->context)
        redisFree(redis->context);
    redis->context = NULL;
}

void redis_close(struct redis *redis)
{
    if (!redis)
        return;
    disconnect(redis);
    sp_heap_free(redis->url);
    sp_heap_free(redis);
}

const char *redis_error(const struct redis *redis) { return redis->error; }

static struct sp_err *unavailable(struct sp_op *op, const char *detail)
{
    struct sp_err *err = sp_fail(op, SP_UNAVAILABLE, "The queue (Redis) does not answer. Try again later.");
    return sp_err_detail(op, err, "%s", detail);
}

static struct sp_err *authenticate(struct sp_op *op, struct redis *redis, const char *password)
{
    redisReply *reply = redisCommand(redis->context, "AUTH %s", password);
    bool refused = !reply || reply->type == REDIS_REPLY_ERROR;
    freeReplyObject(reply);
    if (!refused)
        return NULL;
    disconnect(redis);
    return unavailable(op, "AUTH was refused");
}

/* "[:password@]host[:port]" */
static struct sp_err *connect_tcp(struct sp_op *op, struct redis *redis, const char *target)
{
    char *text = sp_strdup(op, target);
    SP_OWN(text);
    char *password = NULL, *host = strrchr(text, '@');
    if (host) {
        *host++ = '\0';
        password = text + (*text == ':');
    } else {
        host = text;
    }
    host[strcspn(host, "/")] = '\0';
    char *colon = strrchr(host, ':');
    int port = colon ? (int)strtol(colon + 1, NULL, 10) : DEFAULT_PORT;
    if (colon)
        *colon = '\0';
    const struct timeval timeout = {CONNECT_TIMEOUT_MS / 1000, 0};
    redis->context = redisConnectWithTimeout(host, port, timeout);
    if (redis->context && !redis->context->err && password)
        return authenticate(op, redis, password);
    return NULL;
}

static struct sp_err *connect_now(struct sp_op *op, struct redis *redis)
{
    const struct timeval connect = {CONNECT_TIMEOUT_MS / 1000, 0}, command = {COMMAND_TIMEOUT_MS / 1000, 0};
    if (strncmp(redis->url, "unix://", 7) == 0)
        redis->context = redisConnectUnixWithTimeout(redis->url + 7, connect);
    else
        SP_TRY(connect_tcp(op, redis, redis->url + 8));
    if (!redis->context)
        return sp_err_no_memory();
    if (redis->context->err) {
        struct sp_err *err = unavailable(op, redis->context->errstr);
        disconnect(redis);
        return err;
    }
    redisSetTimeout(redis->context, command);
    return NULL;
}

static void release(void *reply) { freeReplyObject(reply); }

struct sp_err *redis_command(struct sp_op *op, struct redis *redis, struct redisReply **ret_reply, int argc,
                             const char *const argv[])
{
    redis->error[0] = '\0';
    if (!redis->context)
        SP_TRY(connect_now(op, redis));
    const char **args = sp_alloc(op, (size_t)argc, sizeof(*args));
    SP_OWN(args);
    memcpy(args, argv, (size_t)argc * sizeof(*args));
    redisReply *reply = redisCommandArgv(redis->context, argc, args, NULL);
    if (!reply) {
        struct sp_err *err = unavailable(op, redis->context->errstr);
        disconnect(redis);
        return err;
    }
    SP_TRY(sp_defer(op, release, reply));
    if (reply->type == REDIS_REPLY_ERROR) {
        snprintf(redis->error, sizeof(redis->error), "%s", reply->str);
        return unavailable(op, reply->str);
    }
    if (ret_reply)
        *ret_reply = reply;
    return NULL;
}
