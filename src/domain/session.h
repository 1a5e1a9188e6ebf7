/* The devices that are logged in as somebody: looking at them, ending, locking, making one. Called on worker threads.
 */
#ifndef SP_DOMAIN_SESSION_H
#define SP_DOMAIN_SESSION_H

#include "base/attr.h"
#include "base/types.h"

struct db_conn;
struct principal;
struct q_session_list_row;
struct q_session_list_rows;
struct sp_err;
struct sp_op;

struct session_new {
    const char *device_os, *device_type; /* NULL: unknown */
    struct sp_opt_i64 duration_s;
};

SP_MUST_CHECK struct sp_err *session_list(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                          struct q_session_list_rows *ret_sessions);
/*
 * SP_INVALID for an API key that may not do everything: the session would. It ends with the session that made it at the
 * latest. ret_token is shown this once.
 */
SP_MUST_CHECK struct sp_err *session_create(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct session_new *session, const char **ret_token,
                                            const struct q_session_list_row **ret_session);
/* SP_INVALID for a foreign or unknown id, in these three. */
SP_MUST_CHECK struct sp_err *session_end(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                         const struct sp_uuid *id);
SP_MUST_CHECK struct sp_err *session_lock(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                          const struct sp_uuid *id);
SP_MUST_CHECK struct sp_err *session_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct sp_uuid *id, struct sp_opt_bool is_pending_sync_reset,
                                            const struct q_session_list_row **ret_session);
/* All but the one that asks; an API key ends all. */
SP_MUST_CHECK struct sp_err *session_end_others(struct sp_op *op, struct db_conn *db, const struct principal *who);

#endif
