/* See session.h. Worker threads. */
#include "domain/session.h"

#include "base/op.h"
#include "domain/access.h"
#include "domain/pin.h"
#include "domain/principal.h"
#include "domain/secret.h"
#include "gen/db/session.h"

struct sp_err *session_list(struct sp_op *op, struct db_conn *db, const struct principal *who,
                            struct q_session_list_rows *ret_sessions)
{
    return q_session_list(op, db, &who->user_id, NULL, ret_sessions);
}

static struct sp_err *get(struct sp_op *op, struct db_conn *db, const struct principal *who, const struct sp_uuid *id,
                          const struct q_session_list_row **ret_session)
{
    struct q_session_list_rows rows;
    SP_TRY(q_session_list(op, db, &who->user_id, id, &rows));
    if (rows.count == 0)
        return sp_fail(op, SP_INVALID, "The session has ended");
    *ret_session = rows.items;
    return NULL;
}

struct sp_err *session_create(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct session_new *session, const char **ret_token,
                              const struct q_session_list_row **ret_session)
{
    if (!who->all_permissions)
        return sp_fail(op, SP_INVALID, "Cannot grant permissions you do not have");
    struct secret_token token;
    SP_TRY(secret_new_token(op, &token));
    const struct q_session_create_for_device_in in = {
        .token_hash = {token.hash, sizeof(token.hash)},
        .user_id = who->user_id,
        .device_os = session->device_os ? session->device_os : "",
        .device_type = session->device_type ? session->device_type : "",
        .duration_s = session->duration_s,
        .maker_id = {who->kind == PRINCIPAL_SESSION, who->session_id},
    };
    struct q_session_create_for_device_row *created;
    SP_TRY(q_session_create_for_device(op, db, &in, &created));
    SP_TRY(get(op, db, who, &created->id, ret_session));
    *ret_token = token.text;
    return NULL;
}

struct sp_err *session_end(struct sp_op *op, struct db_conn *db, const struct principal *who, const struct sp_uuid *id)
{
    int64_t ended;
    SP_TRY(access_require_one(op, db, who, "session.delete", id));
    return q_session_delete(op, db, id, &who->user_id, &ended);
}

struct sp_err *session_lock(struct sp_op *op, struct db_conn *db, const struct principal *who, const struct sp_uuid *id)
{
    SP_TRY(access_require_one(op, db, who, "session.lock", id));
    return pin_lock(op, db, id);
}

struct sp_err *session_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct sp_uuid *id, struct sp_opt_bool is_pending_sync_reset,
                              const struct q_session_list_row **ret_session)
{
    SP_TRY(access_require_one(op, db, who, "session.update", id));
    if (is_pending_sync_reset.set)
        SP_TRY(q_session_set_sync_reset(op, db, is_pending_sync_reset.value, id));
    return get(op, db, who, id, ret_session);
}

struct sp_err *session_end_others(struct sp_op *op, struct db_conn *db, const struct principal *who)
{
    int64_t ended;
    return q_session_delete_others(op, db, &who->user_id, who->kind == PRINCIPAL_SESSION ? &who->session_id : NULL,
                                   &ended);
}
