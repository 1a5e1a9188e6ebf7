/*
 * The PIN before locked assets: a second secret of 4 to 6 digits, stored as Argon2id, that unlocks one session for a
 * quarter of an hour. Called on worker threads.
 */
#ifndef SP_DOMAIN_PIN_H
#define SP_DOMAIN_PIN_H

#include "base/attr.h"

struct attempt_source;
struct db_conn;
struct principal;
struct sp_err;
struct sp_op;
struct sp_uuid;

/* What shows that it is them: the PIN, else the password; NULL where not given. */
struct pin_proof {
    const char *pin, *password;
};

/* field: what a wrong PIN is called in the error ("pinCode"). */
SP_MUST_CHECK struct sp_err *pin_hash(struct sp_op *op, const char *field, const char *pin, const char **ret_hash);
/* SP_INVALID when there is one already. */
SP_MUST_CHECK struct sp_err *pin_set_up(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                        const char *pin);
/* These three: SP_INVALID for a wrong proof, SP_THROTTLED after too many. Change and reset lock every session. */
SP_MUST_CHECK struct sp_err *pin_change(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                        struct attempt_source *source, const struct pin_proof *proof, const char *pin);
SP_MUST_CHECK struct sp_err *pin_reset(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                       struct attempt_source *source, const struct pin_proof *proof);
SP_MUST_CHECK struct sp_err *pin_unlock(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                        struct attempt_source *source, const struct pin_proof *proof);
SP_MUST_CHECK struct sp_err *pin_lock(struct sp_op *op, struct db_conn *db, const struct sp_uuid *session);
/* A request of an unlocked session whose time is nearly over: a little longer. */
SP_MUST_CHECK struct sp_err *pin_extend(struct sp_op *op, struct db_conn *db, const struct sp_uuid *session);

/* Less than what is given then, so that not every request writes. */
enum { PIN_NEAR_END_MS = 4 * 60 * 1000 };

#endif
