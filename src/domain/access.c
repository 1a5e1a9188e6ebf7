/* See access.h: the query decides, this file words the answer. Worker threads. */
#include "domain/access.h"

#include <string.h>

#include "base/op.h"
#include "domain/principal.h"
#include "gen/db/access.h"

struct sp_err *access_filter(struct sp_op *op, struct db_conn *db, const struct principal *who, const char *permission,
                             const struct sp_uuid_list *ids, struct sp_bool_list *ret_allowed)
{
    struct sp_bool_list allowed = {.count = ids->count};
    SP_NEW_ARRAY(op, allowed.items, ids->count);
    const struct q_access_check_in in = {
        .permission = permission,
        .user_id = who->user_id,
        .elevated = who->elevated,
        .ids = *ids,
    };
    struct q_access_check_rows rows;
    SP_TRY(q_access_check(op, db, &in, &rows));
    /* positions are 1-based: "with ordinality" */
    for (size_t i = 0; i < rows.count; i++)
        if (rows.items[i].position >= 1 && (size_t)rows.items[i].position <= ids->count)
            allowed.items[rows.items[i].position - 1] = true;
    *ret_allowed = allowed;
    return NULL;
}

struct sp_err *access_require(struct sp_op *op, struct db_conn *db, const struct principal *who, const char *permission,
                              const struct sp_uuid_list *ids)
{
    struct sp_bool_list allowed;
    SP_TRY(access_filter(op, db, who, permission, ids, &allowed));
    for (size_t i = 0; i < allowed.count; i++)
        if (!allowed.items[i])
            return sp_fail(op, SP_INVALID, "Not found or no %s access", permission);
    return NULL;
}

struct sp_err *access_require_one(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                  const char *permission, const struct sp_uuid *id)
{
    struct sp_uuid copy = *id;
    const struct sp_uuid_list one = {&copy, 1};
    return access_require(op, db, who, permission, &one);
}
