/*
 * A blocking connection to Redis or Valkey, for one thread. Nothing in Redis is the truth: an error means "try again",
 * and the next command connects anew.
 */
#ifndef SP_QUEUE_REDIS_H
#define SP_QUEUE_REDIS_H

#include "base/attr.h"

struct redis;
struct redisReply;
struct sp_err;
struct sp_op;

/* url: "unix:///path/to.sock" or "redis://[:password@]host[:port]". Connects on first use. */
SP_MUST_CHECK struct sp_err *redis_open(struct sp_op *op, const char *url, struct redis **ret_redis);
void redis_close(struct redis *redis); /* NULL is legal */
/* An error reply of the server is SP_UNAVAILABLE, too. The reply lives as long as the operation; ret_reply may be NULL.
 */
SP_MUST_CHECK struct sp_err *redis_command(struct sp_op *op, struct redis *redis, struct redisReply **ret_reply,
                                           int argc, const char *const argv[]);
/* The text of the last error reply ("BUSYGROUP …"), or "". */
const char *redis_error(const struct redis *redis);

#endif
