/* See redis.h. Relay and consumer threads, each with its own connection. */
#include "queue/redis.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "base/heap.h"
#include "base/op.h"
#include "queue/redis_url.h"
#include "queue/stop.h"

enum { CONNECT_TIMEOUT_S = 2, COMMAND_TIMEOUT_S = 10, ERROR_MAX_BYTES = 128, SERVER_ID_BYTES = 41 };

struct redis {
    redisContext *context; /* NULL: not connected */
    const struct queue_stop *stop;
    const char *prefix;
    char *url;
    char error[ERROR_MAX_BYTES], server_id[SERVER_ID_BYTES];
};

struct sp_err *redis_open(struct sp_op *op, const char *url, const char *prefix, const struct queue_stop *stop,
                          struct redis **ret_redis)
{
    struct redis_url parsed;
    SP_TRY(redis_url_parse(op, url, &parsed));
    struct redis *redis = sp_heap_new(1, sizeof(*redis));
    if (!redis)
        return sp_err_no_memory();
    redis->stop = stop;
    redis->prefix = prefix;
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

const char *redis_prefix(const struct redis *redis) { return redis->prefix; }

const char *redis_server_id(const struct redis *redis) { return redis->server_id; }

static struct sp_err *unavailable(struct sp_op *op, const char *detail)
{
    struct sp_err *err = sp_fail(op, SP_UNAVAILABLE, "The queue (Redis) does not answer. Try again later.");
    const char *copy = sp_strdup(op, detail); /* often the connection's own buffer */
    return sp_err_detail(op, err, "%s", copy ? copy : "");
}

static void release(void *reply) { freeReplyObject(reply); }

/* reply: NULL when the connection broke. */
static struct sp_err *take_reply(struct sp_op *op, struct redis *redis, redisReply *reply, redisReply **ret_reply)
{
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

static struct sp_err *call(struct sp_op *op, struct redis *redis, redisReply **ret_reply, int argc,
                           const char *const argv[])
{
    const char **args = sp_alloc(op, (size_t)argc, sizeof(*args));
    SP_OWN(args);
    memcpy(args, argv, (size_t)argc * sizeof(*args));
    return take_reply(op, redis, redisCommandArgv(redis->context, argc, args, NULL), ret_reply);
}

static struct sp_err *dial(struct sp_op *op, struct redis *redis, const struct redis_url *url)
{
    const struct timeval connect = {CONNECT_TIMEOUT_S, 0}, command = {COMMAND_TIMEOUT_S, 0};
    redis->context = url->socket ? redisConnectUnixWithTimeout(url->socket, connect)
                                 : redisConnectWithTimeout(url->host, url->port, connect);
    if (!redis->context)
        return sp_err_no_memory();
    if (redis->context->err) {
        struct sp_err *err = unavailable(op, redis->context->errstr);
        disconnect(redis);
        return err;
    }
    (void)fcntl(redis->context->fd, F_SETFD, FD_CLOEXEC); /* hiredis does not; spawned programs get no others anyway */
    redisSetTimeout(redis->context, command);
    return NULL;
}

static struct sp_err *log_in(struct sp_op *op, struct redis *redis, const struct redis_url *url)
{
    if (!url->password)
        return NULL;
    const char *const with_user[] = {"AUTH", url->user, url->password}, *const alone[] = {"AUTH", url->password};
    return url->user ? call(op, redis, NULL, 3, with_user) : call(op, redis, NULL, 2, alone);
}

static struct sp_err *select_database(struct sp_op *op, struct redis *redis, const struct redis_url *url)
{
    if (url->database == 0)
        return NULL;
    const char *number = sp_format(op, "%d", url->database);
    SP_OWN(number);
    return call(op, redis, NULL, 2, (const char *const[]){"SELECT", number});
}

/* "run_id:<40 hex digits>" among the lines of INFO. A server that forbids INFO has none. */
static struct sp_err *learn_server_id(struct sp_op *op, struct redis *redis)
{
    redisReply *reply = NULL;
    redis->server_id[0] = '\0';
    struct sp_err *err = call(op, redis, &reply, 2, (const char *const[]){"INFO", "server"});
    if (err)
        return redis->context ? NULL : err;
    const char *line = reply->str ? strstr(reply->str, "run_id:") : NULL;
    if (line)
        snprintf(redis->server_id, sizeof(redis->server_id), "%.*s", (int)strspn(line + 7, "0123456789abcdef"),
                 line + 7);
    return NULL;
}

static struct sp_err *connect_now(struct sp_op *op, struct redis *redis)
{
    struct redis_url url;
    SP_TRY(redis_url_parse(op, redis->url, &url));
    SP_TRY(dial(op, redis, &url));
    struct sp_err *err = log_in(op, redis, &url);
    if (!err)
        err = select_database(op, redis, &url);
    if (!err)
        err = learn_server_id(op, redis);
    if (err)
        disconnect(redis);
    return err;
}

struct sp_err *redis_command(struct sp_op *op, struct redis *redis, struct redisReply **ret_reply, int argc,
                             const char *const argv[])
{
    if (!redis->context)
        SP_TRY(connect_now(op, redis));
    redis->error[0] = '\0';
    return call(op, redis, ret_reply, argc, argv);
}

static bool send_now(struct redis *redis, int argc, const char **argv)
{
    int all_sent = 0;
    if (redisAppendCommandArgv(redis->context, argc, argv, NULL) != REDIS_OK)
        return false;
    while (!all_sent)
        if (redisBufferWrite(redis->context, &all_sent) != REDIS_OK)
            return false;
    return true;
}

/* False: stop was raised. A reply that does not come in time is redisGetReply's timeout. */
static bool wait_for_reply(const struct redis *redis, int block_ms)
{
    struct pollfd lines[] = {{.fd = redis->context->fd, .events = POLLIN}, {.fd = redis->stop->fd, .events = POLLIN}};
    (void)poll(lines, SP_COUNT(lines), block_ms);
    return lines[0].revents || !queue_stop_is_raised(redis->stop);
}

struct sp_err *redis_wait(struct sp_op *op, struct redis *redis, struct redisReply **ret_reply, int block_ms, int argc,
                          const char *const argv[])
{
    if (!redis->context)
        SP_TRY(connect_now(op, redis));
    redis->error[0] = '\0';
    const char **args = sp_alloc(op, (size_t)argc, sizeof(*args));
    SP_OWN(args);
    memcpy(args, argv, (size_t)argc * sizeof(*args));
    void *reply = NULL;
    if (send_now(redis, argc, args)) {
        if (!wait_for_reply(redis, block_ms)) {
            disconnect(redis);
            *ret_reply = NULL;
            return NULL;
        }
        (void)redisGetReply(redis->context, &reply); /* failed: reply stays NULL, errstr says why */
    }
    return take_reply(op, redis, reply, ret_reply);
}
