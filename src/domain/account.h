/*
 * Accounts: made, changed, deleted and restored by administrators (and by the operator's command line, who is nobody's
 * principal), and changed by who they belong to. Called on worker threads and by apps/swissphoto.
 */
#ifndef SP_DOMAIN_ACCOUNT_H
#define SP_DOMAIN_ACCOUNT_H

#include "base/attr.h"
#include "base/types.h"

struct attempt_source;
struct db_conn;
struct principal;
struct q_asset_statistics_row;
struct q_session_list_rows;
struct q_user_by_id_row;
struct q_user_list_rows;
struct q_user_search_rows;
struct sp_err;
struct sp_op;

/* NULL and unset: stays as it is (of a new account: the default). clear_…: becomes none. */
struct account_change {
    const char *email, *name, *password, *pin, *avatar_color, *storage_label;
    bool clear_pin, clear_avatar_color, clear_storage_label, clear_quota;
    struct sp_opt_i64 quota_size_bytes;
    struct sp_opt_bool is_admin, should_change_password;
};

struct account_counted {
    const char *visibility; /* NULL: archive and timeline */
    struct sp_opt_bool is_favorite;
    bool is_trashed;
};

/* ---- by administrators; an API key that may not do everything cannot make what may do more than itself ---- */

/* id NULL: all. */
SP_MUST_CHECK struct sp_err *account_search(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                            bool with_deleted, struct q_user_search_rows *ret_users);
/* SP_INVALID `Not found or no <permission> access` for an unknown id, in all of these. Deleted accounts are found. */
SP_MUST_CHECK struct sp_err *account_get(struct sp_op *op, struct db_conn *db, const char *permission,
                                         const struct sp_uuid *id, const struct q_user_by_id_row **ret_user);
/* SP_INVALID when the address is taken. email, name and password must be given. */
SP_MUST_CHECK struct sp_err *account_create(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct account_change *account,
                                            const struct q_user_by_id_row **ret_user);
/* SP_INVALID when the address is taken, or when the last administrator would lose the right. */
SP_MUST_CHECK struct sp_err *account_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct sp_uuid *id, const struct account_change *change,
                                            const struct q_user_by_id_row **ret_user);
/* Restorable; sessions end for good, API keys until then. Nobody deletes themselves. */
SP_MUST_CHECK struct sp_err *account_delete(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct sp_uuid *id, const struct q_user_by_id_row **ret_user);
SP_MUST_CHECK struct sp_err *account_restore(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                             const struct q_user_by_id_row **ret_user);
SP_MUST_CHECK struct sp_err *account_sessions(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                              struct q_session_list_rows *ret_sessions);
SP_MUST_CHECK struct sp_err *account_statistics(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                                const struct account_counted *counted,
                                                struct q_asset_statistics_row **ret_counts);

/* ---- by users ---- */

/* Everyone of the instance, or (id) one of them. */
SP_MUST_CHECK struct sp_err *account_list(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                          struct q_user_list_rows *ret_users);
/* Of change: email, name, avatar_color, and (SP_FORBIDDEN for a key that may not do everything) password. */
SP_MUST_CHECK struct sp_err *account_update_self(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                 const struct account_change *change,
                                                 const struct q_user_by_id_row **ret_user);
/* SP_INVALID for a wrong old one, SP_THROTTLED after too many. */
SP_MUST_CHECK struct sp_err *account_change_password(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                     struct attempt_source *source, const char *old_password,
                                                     const char *new_password, bool end_other_sessions,
                                                     const struct q_user_by_id_row **ret_user);

/* ---- by the operator ---- */

/* SP_INVALID names an address that nobody has. */
SP_MUST_CHECK struct sp_err *account_find(struct sp_op *op, struct db_conn *db, const char *email,
                                          struct sp_uuid *ret_id);
SP_MUST_CHECK struct sp_err *account_set_admin(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                               bool is_admin);
/* A new one, to be changed at the next login; every session ends. */
SP_MUST_CHECK struct sp_err *account_reset_password(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                                    const char **ret_password);

#endif
