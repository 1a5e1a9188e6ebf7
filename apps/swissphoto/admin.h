/* `swissphoto admin`: what the operator of the host does with accounts when nobody can log in. The main thread. */
#ifndef SP_APP_ADMIN_H
#define SP_APP_ADMIN_H

#include "base/attr.h"

struct options;
struct sp_err;
struct sp_op;

/*
 * words: the action and what it needs ("grant", "anna@example.ch"). Works on --database-url, else on the private
 * database of the instance that runs on --data. SP_INVALID explains the usage.
 */
SP_MUST_CHECK struct sp_err *admin_run(struct sp_op *op, const struct options *options, int count, char *const words[]);

#endif
