/* The URL of a Redis or Valkey server, taken apart. Pure, any thread. */
#ifndef SP_QUEUE_REDIS_URL_H
#define SP_QUEUE_REDIS_URL_H

#include "base/attr.h"

struct sp_err;
struct sp_op;

struct redis_url {
    const char *socket;          /* path; NULL: by TCP */
    const char *host;            /* NULL with a socket */
    int port;                    /* 1 to 65535 */
    const char *user, *password; /* NULL: none */
    int database;                /* 0 to 9999 */
};

/*
 * "unix:///path/to.sock" or "redis://[[user]:password@]host[:port][/database]", both also with "?db=N"; an IPv6 address
 * stands in brackets, user and password are percent-decoded. SP_INVALID says what is wrong and never shows the
 * password.
 */
SP_MUST_CHECK struct sp_err *redis_url_parse(struct sp_op *op, const char *text, struct redis_url *ret_url);

#endif
