/* The tag Sessions. Worker threads. */
#include "gen/api/sessions.h"

#include "api/call.h"
#include "api/session_dto.h"
#include "base/op.h"
#include "domain/principal.h"
#include "domain/session.h"
#include "gen/db/session.h"

static struct dto_session_response session_dto(const struct principal *who, const struct q_session_list_row *row)
{
    return (struct dto_session_response){
        .app_version = row->app_version,
        .created_at = row->created_at,
        .current = who->kind == PRINCIPAL_SESSION && sp_uuid_equal(&who->session_id, &row->id),
        .device_os = row->device_os,
        .device_type = row->device_type,
        .expires_at = row->expires_at,
        .id = row->id,
        .is_pending_sync_reset = row->is_pending_sync_reset,
        .updated_at = row->updated_at,
    };
}

struct sp_err *session_list_dto(struct sp_op *op, const struct principal *who, const struct q_session_list_rows *rows,
                                struct dto_session_response_list *ret_list)
{
    struct dto_session_response_list list = {0};
    SP_NEW_ARRAY(op, list.items, rows->count);
    for (size_t i = 0; i < rows->count; i++)
        list.items[list.count++] = session_dto(who, &rows->items[i]);
    *ret_list = list;
    return NULL;
}

struct sp_err *api_get_sessions(struct api_call *call, const struct api_get_sessions_in *in,
                                struct api_get_sessions_out *out)
{
    struct q_session_list_rows rows;
    SP_TRY(session_list(call->op, call->db, call->who, &rows));
    return session_list_dto(call->op, call->who, &rows, &out->body);
}

struct sp_err *api_create_session(struct api_call *call, const struct api_create_session_in *in,
                                  struct api_create_session_out *out)
{
    const struct session_new wanted = {in->body->device_os, in->body->device_type, in->body->duration};
    const struct q_session_list_row *row;
    const char *token;
    SP_TRY(session_create(call->op, call->db, call->who, &wanted, &token, &row));
    out->body = (struct dto_session_create_response){
        .app_version = row->app_version,
        .created_at = row->created_at,
        .current = false,
        .device_os = row->device_os,
        .device_type = row->device_type,
        .expires_at = row->expires_at,
        .id = row->id,
        .is_pending_sync_reset = row->is_pending_sync_reset,
        .token = token,
        .updated_at = row->updated_at,
    };
    return NULL;
}

struct sp_err *api_update_session(struct api_call *call, const struct api_update_session_in *in,
                                  struct api_update_session_out *out)
{
    const struct q_session_list_row *row;
    SP_TRY(session_update(call->op, call->db, call->who, &in->id, in->body->is_pending_sync_reset, &row));
    out->body = session_dto(call->who, row);
    return NULL;
}

struct sp_err *api_delete_session(struct api_call *call, const struct api_delete_session_in *in,
                                  struct api_delete_session_out *out)
{
    return session_end(call->op, call->db, call->who, &in->id);
}

struct sp_err *api_delete_all_sessions(struct api_call *call, const struct api_delete_all_sessions_in *in,
                                       struct api_delete_all_sessions_out *out)
{
    return session_end_others(call->op, call->db, call->who);
}

struct sp_err *api_lock_session(struct api_call *call, const struct api_lock_session_in *in,
                                struct api_lock_session_out *out)
{
    return session_lock(call->op, call->db, call->who, &in->id);
}
