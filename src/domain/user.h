/* Users, as far as a user asks about themselves. Called on worker threads. */
#ifndef SP_DOMAIN_USER_H
#define SP_DOMAIN_USER_H

#include "base/attr.h"
#include "base/types.h"

struct db_conn;
struct principal;
struct q_user_by_id_row;
struct sp_err;
struct sp_op;

/* The user behind the credential. */
SP_MUST_CHECK struct sp_err *user_get_self(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                           const struct q_user_by_id_row **ret_user);

#endif
