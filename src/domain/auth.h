/*
 * Authentication: sign-up of the first admin, login and logout, and from a request's credentials to its principal.
 * Called on worker threads.
 */
#ifndef SP_DOMAIN_AUTH_H
#define SP_DOMAIN_AUTH_H

#include "base/attr.h"
#include "base/types.h"
#include <stdbool.h>

struct attempt_source;
struct db_conn;
struct principal;
struct q_user_by_id_row;
struct q_user_secrets_row;
struct sp_err;
struct sp_op;

/* What a request carried, already in text; NULL where absent. Their order of precedence is the order here. */
struct auth_credentials {
    const char *share_key, *share_slug, *session_token, *api_key;
};

/* The device that logs in; all capped, none trusted. NULL where unknown. */
struct auth_device {
    const char *os, *type, *app_version;
};

struct auth_login {
    const char *email, *password;
    struct auth_device device;
    struct attempt_source *source;
};

struct auth_session {
    const char *token; /* for the client; only its hash is stored */
    const struct q_user_by_id_row *user;
};

struct auth_status {
    bool password, pin_code, elevated;
    struct sp_opt_time expires_at, pin_expires_at;
};

/* No credential: a principal of kind PRINCIPAL_NOBODY. A bad one: SP_UNAUTHENTICATED in the contract's words. */
SP_MUST_CHECK struct sp_err *auth_authenticate(struct sp_op *op, struct db_conn *db,
                                               const struct auth_credentials *credentials,
                                               struct principal **ret_principal);
/* Whether an administrator exists: the instance is initialised. */
SP_MUST_CHECK struct sp_err *auth_is_initialised(struct sp_op *op, struct db_conn *db, bool *ret_initialised);
/* SP_INVALID when an administrator exists already. */
SP_MUST_CHECK struct sp_err *auth_sign_up_admin(struct sp_op *op, struct db_conn *db, const char *email,
                                                const char *password, const char *name,
                                                const struct q_user_by_id_row **ret_user);
/* The form in which an address is stored and looked up. */
SP_MUST_CHECK struct sp_err *auth_normalise_email(struct sp_op *op, const char *email, const char **ret_email);
/*
 * SP_UNAUTHENTICATED `Incorrect email or password`, in the same time whether the address exists or not. SP_THROTTLED
 * after too many of them.
 */
SP_MUST_CHECK struct sp_err *auth_log_in(struct sp_op *op, struct db_conn *db, const struct auth_login *login,
                                         struct auth_session *ret_session);
/* The password of who is logged in, once more: SP_INVALID when it is wrong, SP_THROTTLED after too many. */
SP_MUST_CHECK struct sp_err *auth_verify_password(struct sp_op *op, struct attempt_source *source,
                                                  const struct q_user_secrets_row *user, const char *password);
/* Ends the principal's session; nothing to do for an API key. */
SP_MUST_CHECK struct sp_err *auth_log_out(struct sp_op *op, struct db_conn *db, const struct principal *who);
SP_MUST_CHECK struct sp_err *auth_get_status(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                             struct auth_status *ret_status);

#endif
