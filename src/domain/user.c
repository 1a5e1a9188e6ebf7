/* See user.h. Worker threads. */
#include "domain/user.h"

#include "base/op.h"
#include "domain/principal.h"
#include "gen/db/user.h"

struct sp_err *user_get_self(struct sp_op *op, struct db_conn *db, const struct principal *who,
                             const struct q_user_by_id_row **ret_user)
{
    struct q_user_by_id_row *user;
    SP_TRY(q_user_by_id(op, db, &who->user_id, &user));
    if (!user)
        return sp_fail(op, SP_UNAUTHENTICATED, "Authentication required"); /* deleted since the credential was read */
    *ret_user = user;
    return NULL;
}
