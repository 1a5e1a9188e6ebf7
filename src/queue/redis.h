/*
 * A blocking connection to Redis or Valkey, for one thread. Nothing in Redis is the truth: an error means "try again",
 * and the next command connects anew.
 */
#ifndef SP_QUEUE_REDIS_H
#define SP_QUEUE_REDIS_H

#include "base/attr.h"

struct queue_stop;
struct redis;
struct redisReply;
struct sp_err;
struct sp_op;

/*
 * url: redis_url.h; SP_INVALID when it is none. prefix: what all keys begin with, for several instances may share a
 * server. stop: ends redis_wait. All but url are borrowed. Connects on first use.
 */
SP_MUST_CHECK struct sp_err *redis_open(struct sp_op *op, const char *url, const char *prefix,
                                        const struct queue_stop *stop, struct redis **ret_redis);
void redis_close(struct redis *redis); /* NULL is legal */
/*
 * An error reply of the server is SP_UNAVAILABLE, too; so is one that takes more than 10 s. The reply lives as long as
 * the operation; ret_reply may be NULL.
 */
SP_MUST_CHECK struct sp_err *redis_command(struct sp_op *op, struct redis *redis, struct redisReply **ret_reply,
                                           int argc, const char *const argv[]);
/* For a command that itself waits up to block_ms. ret_reply is NULL when stop was raised first; the line is cut then.
 */
SP_MUST_CHECK struct sp_err *redis_wait(struct sp_op *op, struct redis *redis, struct redisReply **ret_reply,
                                        int block_ms, int argc, const char *const argv[]);
/* The text of the last error reply ("BUSYGROUP …"), or "". */
const char *redis_error(const struct redis *redis);
const char *redis_prefix(const struct redis *redis);
/* The run id of the server that the last command went to, another one after each of its starts; "" if it has none. */
const char *redis_server_id(const struct redis *redis);

#endif
