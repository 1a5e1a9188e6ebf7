/* The private PostgreSQL and Redis of an instance: unix sockets below its folder, no TCP. The main thread. */
#ifndef SP_APP_SERVICES_H
#define SP_APP_SERVICES_H

#include "base/attr.h"
#include "swissphoto/child.h"
#include "swissphoto/folders.h"

struct sp_err;
struct sp_op;

/*
 * Makes the cluster at the first start and fills in child, ret_url (its libpq connection string). SP_INVALID when the
 * cluster belongs to another major version of PostgreSQL than is installed: it is never touched then. workers: how many
 * connections the server holds.
 */
SP_MUST_CHECK struct sp_err *postgres_prepare(struct sp_op *op, const struct folders *folders, int64_t workers,
                                              struct child *child, const char **ret_url);
/* Waits until it answers, makes the database if it is not there. Fails when the child ended or a stop is asked. */
SP_MUST_CHECK struct sp_err *postgres_wait(struct sp_op *op, const struct folders *folders, struct child *child,
                                           const char *url);
SP_MUST_CHECK struct sp_err *redis_prepare(struct sp_op *op, const struct folders *folders, struct child *child,
                                           const char **ret_url);

#endif
