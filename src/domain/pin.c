/* See pin.h. Worker threads. */
#include "domain/pin.h"

#include <string.h>

#include "base/op.h"
#include "base/uuid.h"
#include "db/db.h"
#include "domain/attempt.h"
#include "domain/auth.h"
#include "domain/principal.h"
#include "domain/secret.h"
#include "gen/db/session.h"
#include "gen/db/user.h"

enum { UNLOCKED_MINUTES = 15, EXTENDED_MINUTES = 5, DIGITS_MIN = 4, DIGITS_MAX = 6 };

struct sp_err *pin_hash(struct sp_op *op, const char *field, const char *pin, const char **ret_hash)
{
    size_t length = strlen(pin);
    if (length < DIGITS_MIN || length > DIGITS_MAX || strspn(pin, "0123456789") != length)
        return sp_err_issue(op, NULL, field, "invalid_format", "Must be 4 to 6 digits");
    return secret_hash_password(op, pin, ret_hash);
}

static struct sp_err *verify_pin(struct sp_op *op, const struct principal *who, struct attempt_source *source,
                                 const char *hash, const char *pin)
{
    char account[SP_UUID_TEXT_BYTES];
    bool right;
    sp_uuid_format(&who->user_id, account);
    SP_TRY(attempt_verify(op, source, ATTEMPT_PIN, account, hash, pin, &right));
    return right ? NULL : sp_fail(op, SP_INVALID, "Wrong PIN");
}

static struct sp_err *require_proof(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                    struct attempt_source *source, const struct pin_proof *proof)
{
    struct q_user_secrets_row *user;
    SP_TRY(q_user_secrets(op, db, &who->user_id, &user));
    if (!user)
        return sp_fail(op, SP_UNAUTHENTICATED, "Authentication required"); /* deleted since the credential was read */
    if (!user->pin_hash)
        return sp_fail(op, SP_INVALID, "There is no PIN yet. Set one first.");
    if (proof->pin)
        return verify_pin(op, who, source, user->pin_hash, proof->pin);
    if (proof->password)
        return auth_verify_password(op, source, user, proof->password);
    return sp_err_issue(op, NULL, "pinCode", "invalid_type", "The PIN or the password is required");
}

struct sp_err *pin_set_up(struct sp_op *op, struct db_conn *db, const struct principal *who, const char *pin)
{
    const char *hash;
    int64_t changed;
    SP_TRY(pin_hash(op, "pinCode", pin, &hash));
    SP_TRY(q_user_set_first_pin(op, db, hash, &who->user_id, &changed));
    return changed ? NULL : sp_fail(op, SP_INVALID, "There is a PIN already. Change it, or remove it first.");
}

/* hash NULL: removes it. */
static struct sp_err *store(struct sp_op *op, struct db_conn *db, const struct sp_uuid *user, const char *hash)
{
    const struct q_user_update_in in = {.id = *user, .pin_hash = hash, .clear_pin = !hash};
    int64_t changed;
    SP_TRY(q_user_update(op, db, &in, &changed));
    return q_session_lock_all(op, db, user);
}

static struct sp_err *replace(struct sp_op *op, struct db_conn *db, const struct sp_uuid *user, const char *hash)
{
    SP_TRY(db_begin(op, db));
    return db_end(op, db, store(op, db, user, hash));
}

struct sp_err *pin_change(struct sp_op *op, struct db_conn *db, const struct principal *who,
                          struct attempt_source *source, const struct pin_proof *proof, const char *pin)
{
    const char *hash;
    SP_TRY(pin_hash(op, "newPinCode", pin, &hash));
    SP_TRY(require_proof(op, db, who, source, proof));
    return replace(op, db, &who->user_id, hash);
}

struct sp_err *pin_reset(struct sp_op *op, struct db_conn *db, const struct principal *who,
                         struct attempt_source *source, const struct pin_proof *proof)
{
    SP_TRY(require_proof(op, db, who, source, proof));
    return replace(op, db, &who->user_id, NULL);
}

struct sp_err *pin_unlock(struct sp_op *op, struct db_conn *db, const struct principal *who,
                          struct attempt_source *source, const struct pin_proof *proof)
{
    SP_TRY(require_proof(op, db, who, source, proof));
    return q_session_unlock(op, db, UNLOCKED_MINUTES, &who->session_id);
}

struct sp_err *pin_lock(struct sp_op *op, struct db_conn *db, const struct sp_uuid *session)
{
    return q_session_lock(op, db, session);
}

struct sp_err *pin_extend(struct sp_op *op, struct db_conn *db, const struct sp_uuid *session)
{
    return q_session_unlock_longer(op, db, EXTENDED_MINUTES, session);
}
