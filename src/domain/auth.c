/* Credentials to principals, sign-up, login, logout; see auth.h. Worker threads. */
#include "domain/auth.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/op.h"
#include "db/db.h"
#include "domain/attempt.h"
#include "domain/pin.h"
#include "domain/principal.h"
#include "domain/secret.h"
#include "gen/db/api_key.h"
#include "gen/db/session.h"
#include "gen/db/user.h"

enum { TOUCH_EVERY_MS = 60 * 1000, DEVICE_TEXT_MAX = 100 };

static struct sp_err *by_session(struct sp_op *op, struct db_conn *db, const char *token, struct principal *who)
{
    uint8_t hash[SP_SHA256_BYTES];
    SP_TRY(secret_token_hash(op, token, hash));
    struct q_session_by_token_hash_row *session;
    SP_TRY(q_session_by_token_hash(op, db, (struct sp_bytes){hash, sizeof(hash)}, &session));
    if (!session)
        return sp_fail(op, SP_UNAUTHENTICATED, "Invalid user token");
    sp_time_ms now = sp_clock_now_ms();
    if (session->updated_at < now - TOUCH_EVERY_MS)
        SP_TRY(q_session_touch(op, db, &session->id));
    bool elevated = session->pin_expires_at.set && session->pin_expires_at.value > now;
    if (elevated && session->pin_expires_at.value < now + PIN_NEAR_END_MS)
        SP_TRY(pin_extend(op, db, &session->id));
    *who = (struct principal){
        .kind = PRINCIPAL_SESSION,
        .user_id = session->user_id,
        .is_admin = session->is_admin,
        .session_id = session->id,
        .elevated = elevated,
        .all_permissions = true,
    };
    return NULL;
}

static bool has_text(const struct sp_text_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

static struct sp_err *by_api_key(struct sp_op *op, struct db_conn *db, const char *secret, struct principal *who)
{
    uint8_t hash[SP_SHA256_BYTES];
    SP_TRY(secret_token_hash(op, secret, hash));
    struct q_api_key_by_hash_row *key;
    SP_TRY(q_api_key_by_hash(op, db, (struct sp_bytes){hash, sizeof(hash)}, &key));
    if (!key)
        return sp_fail(op, SP_UNAUTHENTICATED, "Invalid API key");
    *who = (struct principal){
        .kind = PRINCIPAL_API_KEY,
        .user_id = key->user_id,
        .is_admin = key->is_admin,
        .api_key_id = key->id,
        .all_permissions = has_text(&key->permissions, "all"),
        .permissions = key->permissions,
    };
    return NULL;
}

struct sp_err *auth_authenticate(struct sp_op *op, struct db_conn *db, const struct auth_credentials *credentials,
                                 struct principal **ret_principal)
{
    struct principal *who;
    SP_NEW(op, who);
    /* there are no shared links yet, so every key of one is wrong */
    if (credentials->share_key)
        return sp_fail(op, SP_UNAUTHENTICATED, "Invalid share key");
    if (credentials->share_slug)
        return sp_fail(op, SP_UNAUTHENTICATED, "Invalid share slug");
    if (credentials->session_token)
        SP_TRY(by_session(op, db, credentials->session_token, who));
    else if (credentials->api_key)
        SP_TRY(by_api_key(op, db, credentials->api_key, who));
    *ret_principal = who;
    return NULL;
}

struct sp_err *auth_is_initialised(struct sp_op *op, struct db_conn *db, bool *ret_initialised)
{
    struct q_user_any_admin_row *row;
    SP_TRY(q_user_any_admin(op, db, &row));
    *ret_initialised = row->any_admin;
    return NULL;
}

/* Addresses are compared without case; the domain part is ASCII, the local part hardly ever is not. */
struct sp_err *auth_normalise_email(struct sp_op *op, const char *email, const char **ret_email)
{
    char *lower = sp_strdup(op, email);
    SP_OWN(lower);
    for (char *c = lower; *c; c++)
        if ((unsigned char)*c < 0x80)
            *c = (char)tolower((unsigned char)*c);
    *ret_email = lower;
    return NULL;
}

static struct sp_err *create_first_admin(struct sp_op *op, struct db_conn *db, const struct q_user_create_in *in,
                                         struct sp_uuid *ret_id)
{
    /* two sign-ups at once: the second waits here, then sees the first one's administrator */
    SP_TRY(db_advisory_xact_lock(op, db, DB_LOCK_FIRST_ADMIN));
    bool initialised;
    SP_TRY(auth_is_initialised(op, db, &initialised));
    if (initialised)
        return sp_fail(op, SP_INVALID, "The server already has an administrator. Log in, or ask them for an account.");
    struct q_user_create_row *created;
    SP_TRY(q_user_create(op, db, in, &created));
    *ret_id = created->id;
    return NULL;
}

struct sp_err *auth_sign_up_admin(struct sp_op *op, struct db_conn *db, const char *email, const char *password,
                                  const char *name, const struct q_user_by_id_row **ret_user)
{
    struct q_user_create_in in = {.name = name, .is_admin = true};
    SP_TRY(auth_normalise_email(op, email, &in.email));
    SP_TRY(secret_hash_password(op, password, &in.password_hash));
    SP_TRY(db_begin(op, db));
    struct sp_uuid id;
    struct sp_err *err = create_first_admin(op, db, &in, &id);
    SP_TRY(db_end(op, db, err));
    struct q_user_by_id_row *user;
    SP_TRY(q_user_by_id(op, db, &id, &user));
    *ret_user = user;
    return NULL;
}

static const char *capped(struct sp_op *op, const char *text)
{
    return text ? sp_strndup(op, text, strnlen(text, DEVICE_TEXT_MAX)) : "";
}

struct sp_err *auth_log_in(struct sp_op *op, struct db_conn *db, const struct auth_login *login,
                           struct auth_session *ret_session)
{
    const char *email;
    SP_TRY(auth_normalise_email(op, login->email, &email));
    struct q_user_by_email_row *account;
    SP_TRY(q_user_by_email(op, db, email, &account));
    const char *hash = account ? account->password_hash : NULL;
    bool right;
    SP_TRY(attempt_verify(op, login->source, ATTEMPT_PASSWORD, email, hash, login->password, &right));
    if (!right)
        return sp_fail(op, SP_UNAUTHENTICATED, "Incorrect email or password");
    struct secret_token token;
    SP_TRY(secret_new_token(op, &token));
    struct q_session_create_in in = {
        .token_hash = {token.hash, sizeof(token.hash)},
        .user_id = account->id,
        .device_os = capped(op, login->device.os),
        .device_type = capped(op, login->device.type),
        .app_version = login->device.app_version ? capped(op, login->device.app_version) : NULL,
    };
    struct q_session_create_row *session;
    SP_TRY(q_session_create(op, db, &in, &session));
    struct q_user_by_id_row *user;
    SP_TRY(q_user_by_id(op, db, &account->id, &user));
    *ret_session = (struct auth_session){.token = token.text, .user = user};
    return NULL;
}

struct sp_err *auth_verify_password(struct sp_op *op, struct attempt_source *source,
                                    const struct q_user_secrets_row *user, const char *password)
{
    const char *email;
    bool right;
    SP_TRY(auth_normalise_email(op, user->email, &email));
    SP_TRY(attempt_verify(op, source, ATTEMPT_PASSWORD, email, user->password_hash, password, &right));
    return right ? NULL : sp_fail(op, SP_INVALID, "Wrong password");
}

struct sp_err *auth_log_out(struct sp_op *op, struct db_conn *db, const struct principal *who)
{
    if (who->kind != PRINCIPAL_SESSION)
        return NULL;
    int64_t ended;
    return q_session_delete(op, db, &who->session_id, &who->user_id, &ended);
}

struct sp_err *auth_get_status(struct sp_op *op, struct db_conn *db, const struct principal *who,
                               struct auth_status *ret_status)
{
    struct q_user_by_id_row *user;
    SP_TRY(q_user_by_id(op, db, &who->user_id, &user));
    if (!user)
        return sp_fail(op, SP_UNAUTHENTICATED, "Authentication required");
    *ret_status = (struct auth_status){
        .password = user->has_password,
        .pin_code = user->has_pin,
        .elevated = who->elevated,
    };
    if (who->kind != PRINCIPAL_SESSION)
        return NULL;
    struct q_session_by_id_row *session;
    SP_TRY(q_session_by_id(op, db, &who->session_id, &session));
    if (!session)
        return sp_fail(op, SP_UNAUTHENTICATED, "Invalid user token");
    ret_status->expires_at = session->expires_at;
    ret_status->pin_expires_at = session->pin_expires_at;
    return NULL;
}
