/* See account.h. Worker threads, and the operator's command line. */
#include "domain/account.h"

#include <string.h>

#include "base/op.h"
#include "db/db.h"
#include "domain/auth.h"
#include "domain/pin.h"
#include "domain/principal.h"
#include "domain/secret.h"
#include "domain/session.h"
#include "gen/db/asset.h"
#include "gen/db/session.h"
#include "gen/db/user.h"

enum { NEW_PASSWORD_CHARS = 20 }; /* of 64 kinds: 120 bits */

static struct sp_err *not_found(struct sp_op *op, const char *permission)
{
    return sp_fail(op, SP_INVALID, "Not found or no %s access", permission);
}

/* Who may do everything cannot be made by a key that may not: it would be a way around its permissions. */
static struct sp_err *require_no_gain(struct sp_op *op, const struct principal *who, bool gains)
{
    if (gains && !who->all_permissions)
        return sp_fail(op, SP_INVALID, "Cannot grant permissions you do not have");
    return NULL;
}

/* An account's address is its own even while it is deleted: it can come back. */
static struct sp_err *name_conflict(struct sp_op *op, struct db_conn *db, struct sp_err *err)
{
    if (err && err->code == SP_CONFLICT && strcmp(db_conflict(db), "user_account_email_key") == 0)
        return sp_wrap_as(op, err, SP_INVALID, "Another account has this e-mail address already");
    return err;
}

/* ---- looking ---- */

struct sp_err *account_search(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id, bool with_deleted,
                              struct q_user_search_rows *ret_users)
{
    return q_user_search(op, db, id, with_deleted, ret_users);
}

struct sp_err *account_get(struct sp_op *op, struct db_conn *db, const char *permission, const struct sp_uuid *id,
                           const struct q_user_by_id_row **ret_user)
{
    struct q_user_by_id_row *user;
    SP_TRY(q_user_by_id(op, db, id, &user));
    if (!user)
        return not_found(op, permission);
    *ret_user = user;
    return NULL;
}

struct sp_err *account_sessions(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                struct q_session_list_rows *ret_sessions)
{
    const struct q_user_by_id_row *user;
    SP_TRY(account_get(op, db, "adminSession.read", id, &user));
    return q_session_list(op, db, id, NULL, ret_sessions);
}

struct sp_err *account_statistics(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                  const struct account_counted *counted, struct q_asset_statistics_row **ret_counts)
{
    const struct q_user_by_id_row *user;
    SP_TRY(account_get(op, db, "adminUser.read", id, &user));
    const struct q_asset_statistics_in in = {
        .owner_id = *id,
        .is_trashed = counted->is_trashed,
        .is_favorite = counted->is_favorite,
        .visibility = counted->visibility,
    };
    return q_asset_statistics(op, db, &in, ret_counts);
}

struct sp_err *account_list(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                            struct q_user_list_rows *ret_users)
{
    struct q_user_list_rows users;
    SP_TRY(q_user_list(op, db, id, &users));
    if (id && users.count == 0)
        return not_found(op, "user.read");
    *ret_users = users;
    return NULL;
}

/* ---- changing ---- */

struct sp_err *account_create(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct account_change *account, const struct q_user_by_id_row **ret_user)
{
    struct q_user_create_in in = {
        .name = account->name,
        .is_admin = account->is_admin.set && account->is_admin.value,
        .should_change_password = !account->should_change_password.set || account->should_change_password.value,
        .avatar_color = account->avatar_color,
        .quota_size_bytes = account->quota_size_bytes,
        .storage_label = account->storage_label,
    };
    SP_TRY(require_no_gain(op, who, in.is_admin));
    SP_TRY(auth_normalise_email(op, account->email, &in.email));
    SP_TRY(secret_hash_password(op, account->password, &in.password_hash));
    if (account->pin)
        SP_TRY(pin_hash(op, "pinCode", account->pin, &in.pin_hash));
    struct q_user_create_row *created;
    SP_TRY(name_conflict(op, db, q_user_create(op, db, &in, &created)));
    return account_get(op, db, "adminUser.read", &created->id, ret_user);
}

/* Inside a transaction. */
static struct sp_err *require_other_admin(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id)
{
    struct q_user_admins_lock_rows admins;
    SP_TRY(q_user_admins_lock(op, db, &admins));
    if (admins.count == 1 && sp_uuid_equal(&admins.items[0].id, id))
        return sp_fail(op, SP_INVALID,
                       "This is the last administrator. Make another one first, or nobody could manage SwissPhoto.");
    return NULL;
}

static struct sp_err *apply(struct sp_op *op, struct db_conn *db, const struct q_user_update_in *in)
{
    int64_t changed;
    if (in->is_admin.set && !in->is_admin.value)
        SP_TRY(require_other_admin(op, db, &in->id));
    SP_TRY(q_user_update(op, db, in, &changed));
    if (changed == 0)
        return not_found(op, "adminUser.update");
    return in->clear_pin || in->pin_hash ? q_session_lock_all(op, db, &in->id) : NULL;
}

static struct sp_err *change_account(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                     const struct account_change *change, const struct q_user_by_id_row **ret_user)
{
    struct q_user_update_in in = {
        .id = *id,
        .name = change->name,
        .should_change_password = change->should_change_password,
        .is_admin = change->is_admin,
        .clear_pin = change->clear_pin,
        .clear_avatar_color = change->clear_avatar_color,
        .avatar_color = change->avatar_color,
        .clear_quota = change->clear_quota,
        .quota_size_bytes = change->quota_size_bytes,
        .clear_storage_label = change->clear_storage_label,
        .storage_label = change->storage_label,
    };
    if (change->email)
        SP_TRY(auth_normalise_email(op, change->email, &in.email));
    if (change->password)
        SP_TRY(secret_hash_password(op, change->password, &in.password_hash));
    if (change->pin)
        SP_TRY(pin_hash(op, "pinCode", change->pin, &in.pin_hash));
    SP_TRY(db_begin(op, db));
    SP_TRY(name_conflict(op, db, db_end(op, db, apply(op, db, &in))));
    return account_get(op, db, "adminUser.update", id, ret_user);
}

struct sp_err *account_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct sp_uuid *id, const struct account_change *change,
                              const struct q_user_by_id_row **ret_user)
{
    const bool becomes_admin = change->is_admin.set && change->is_admin.value;
    SP_TRY(require_no_gain(op, who, becomes_admin || change->password || change->pin));
    return change_account(op, db, id, change, ret_user);
}

struct sp_err *account_update_self(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                   const struct account_change *change, const struct q_user_by_id_row **ret_user)
{
    struct account_change own = {
        .email = change->email,
        .name = change->name,
        .avatar_color = change->avatar_color,
        .clear_avatar_color = change->clear_avatar_color,
        .password = change->password,
    };
    /* with it, who holds the key could log in and do everything */
    if (own.password && !who->all_permissions)
        return sp_fail(op, SP_FORBIDDEN, "Missing required permission: all");
    if (own.password)
        own.should_change_password = (struct sp_opt_bool)SP_SET(false);
    return change_account(op, db, &who->user_id, &own, ret_user);
}

struct sp_err *account_change_password(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                       struct attempt_source *source, const char *old_password,
                                       const char *new_password, bool end_other_sessions,
                                       const struct q_user_by_id_row **ret_user)
{
    struct q_user_secrets_row *user;
    SP_TRY(q_user_secrets(op, db, &who->user_id, &user));
    if (!user)
        return sp_fail(op, SP_UNAUTHENTICATED, "Authentication required"); /* deleted since the credential was read */
    SP_TRY(auth_verify_password(op, source, user, old_password));
    const struct account_change change = {.password = new_password, .should_change_password = SP_SET(false)};
    SP_TRY(change_account(op, db, &who->user_id, &change, ret_user));
    return end_other_sessions ? session_end_others(op, db, who) : NULL;
}

/* ---- deleting ---- */

static struct sp_err *soft_delete(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id)
{
    int64_t deleted;
    SP_TRY(require_other_admin(op, db, id)); /* two administrators may delete each other at once */
    SP_TRY(q_user_soft_delete(op, db, id, &deleted));
    return deleted ? NULL : not_found(op, "adminUser.delete");
}

struct sp_err *account_delete(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct sp_uuid *id, const struct q_user_by_id_row **ret_user)
{
    if (sp_uuid_equal(id, &who->user_id))
        return sp_fail(op, SP_INVALID, "You cannot delete your own account. Ask another administrator.");
    SP_TRY(db_begin(op, db));
    SP_TRY(db_end(op, db, soft_delete(op, db, id)));
    return account_get(op, db, "adminUser.delete", id, ret_user);
}

struct sp_err *account_restore(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                               const struct q_user_by_id_row **ret_user)
{
    const struct q_user_by_id_row *user;
    int64_t restored;
    SP_TRY(account_get(op, db, "adminUser.delete", id, &user));
    SP_TRY(q_user_restore(op, db, id, &restored));
    if (restored == 0)
        return sp_fail(op, SP_INVALID, "The account is being removed for good and cannot be restored");
    return account_get(op, db, "adminUser.delete", id, ret_user);
}

/* ---- the operator ---- */

struct sp_err *account_find(struct sp_op *op, struct db_conn *db, const char *email, struct sp_uuid *ret_id)
{
    const char *normal;
    struct q_user_by_email_row *user;
    SP_TRY(auth_normalise_email(op, email, &normal));
    SP_TRY(q_user_by_email(op, db, normal, &user));
    if (!user)
        return sp_fail(op, SP_INVALID, "Nobody has the e-mail address %s", email);
    *ret_id = user->id;
    return NULL;
}

struct sp_err *account_set_admin(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id, bool is_admin)
{
    const struct q_user_by_id_row *user;
    const struct account_change change = {.is_admin = SP_SET(is_admin)};
    return change_account(op, db, id, &change, &user);
}

struct sp_err *account_reset_password(struct sp_op *op, struct db_conn *db, const struct sp_uuid *id,
                                      const char **ret_password)
{
    const struct q_user_by_id_row *user;
    struct secret_token token;
    int64_t ended;
    SP_TRY(secret_new_token(op, &token));
    const char *password = sp_strndup(op, token.text, NEW_PASSWORD_CHARS);
    SP_OWN(password);
    const struct account_change change = {.password = password, .should_change_password = SP_SET(true)};
    SP_TRY(change_account(op, db, id, &change, &user));
    SP_TRY(q_session_delete_others(op, db, id, NULL, &ended));
    *ret_password = password;
    return NULL;
}
