/* The tag API keys. Worker threads. */
#include "api/call.h"

#include "base/op.h"
#include "domain/api_key.h"
#include "domain/principal.h"
#include "gen/api/api_keys.h"
#include "gen/db/api_key.h"

/* Permissions are enum values on the wire and text in the database, which holds only what the parser let pass. */
static struct sp_err *permissions_to_text(struct sp_op *op, const struct dto_permission_list *list,
                                          struct sp_text_list *ret_texts)
{
    struct sp_text_list texts = {.count = list->count};
    SP_NEW_ARRAY(op, texts.items, list->count);
    for (size_t i = 0; i < list->count; i++)
        texts.items[i] = dto_permission_text(list->items[i]);
    *ret_texts = texts;
    return NULL;
}

static struct sp_err *key_dto(struct sp_op *op, const struct q_api_key_get_row *key,
                              struct dto_api_key_response *ret_dto)
{
    struct dto_permission_list list = {0};
    SP_NEW_ARRAY(op, list.items, key->permissions.count);
    for (size_t i = 0; i < key->permissions.count; i++)
        if (dto_permission_parse(key->permissions.items[i], &list.items[list.count]))
            list.count++;
    *ret_dto = (struct dto_api_key_response){
        .id = key->id,
        .name = key->name,
        .permissions = list,
        .created_at = key->created_at,
        .updated_at = key->updated_at,
    };
    return NULL;
}

static struct sp_err *new_key_dto(struct sp_op *op, const struct api_key_new *fresh,
                                  struct dto_api_key_create_response *ret_dto)
{
    struct dto_api_key_response *key;
    SP_NEW(op, key);
    SP_TRY(key_dto(op, fresh->key, key));
    *ret_dto = (struct dto_api_key_create_response){
        .api_key = key,
        .secret = fresh->secret,
        .id = key->id,
        .name = key->name,
        .permissions = key->permissions,
        .created_at = key->created_at,
        .updated_at = key->updated_at,
    };
    return NULL;
}

struct sp_err *api_get_api_keys(struct api_call *call, const struct api_get_api_keys_in *in,
                                struct api_get_api_keys_out *out)
{
    struct q_api_keys_by_user_rows rows;
    SP_TRY(q_api_keys_by_user(call->op, call->db, &call->who->user_id, &rows));
    SP_NEW_ARRAY(call->op, out->body.items, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        struct q_api_key_get_row *key;
        SP_TRY(api_key_get(call->op, call->db, call->who, &rows.items[i].id, &key));
        SP_TRY(key_dto(call->op, key, &out->body.items[out->body.count++]));
    }
    return NULL;
}

struct sp_err *api_create_api_key(struct api_call *call, const struct api_create_api_key_in *in,
                                  struct api_create_api_key_out *out)
{
    struct sp_text_list permissions;
    SP_TRY(permissions_to_text(call->op, &in->body->permissions, &permissions));
    struct api_key_new fresh;
    SP_TRY(api_key_create(call->op, call->db, call->who, in->body->name, &permissions, &fresh));
    return new_key_dto(call->op, &fresh, &out->body);
}

struct sp_err *api_get_my_api_key(struct api_call *call, const struct api_get_my_api_key_in *in,
                                  struct api_get_my_api_key_out *out)
{
    if (call->who->kind != PRINCIPAL_API_KEY)
        return sp_fail(call->op, SP_FORBIDDEN, "Not authenticated with an API key");
    struct q_api_key_get_row *key;
    SP_TRY(api_key_get(call->op, call->db, call->who, &call->who->api_key_id, &key));
    return key_dto(call->op, key, &out->body);
}

struct sp_err *api_get_api_key(struct api_call *call, const struct api_get_api_key_in *in,
                               struct api_get_api_key_out *out)
{
    struct q_api_key_get_row *key;
    SP_TRY(api_key_get(call->op, call->db, call->who, &in->id, &key));
    return key_dto(call->op, key, &out->body);
}

struct sp_err *api_update_api_key(struct api_call *call, const struct api_update_api_key_in *in,
                                  struct api_update_api_key_out *out)
{
    struct sp_text_list permissions;
    if (in->body->permissions)
        SP_TRY(permissions_to_text(call->op, in->body->permissions, &permissions));
    struct q_api_key_get_row *key;
    SP_TRY(api_key_update(call->op, call->db, call->who, &in->id, in->body->name,
                          in->body->permissions ? &permissions : NULL, &key));
    return key_dto(call->op, key, &out->body);
}

struct sp_err *api_delete_api_key(struct api_call *call, const struct api_delete_api_key_in *in,
                                  struct api_delete_api_key_out *out)
{
    return api_key_delete(call->op, call->db, call->who, &in->id);
}

struct sp_err *api_rotate_api_key(struct api_call *call, const struct api_rotate_api_key_in *in,
                                  struct api_rotate_api_key_out *out)
{
    struct api_key_new fresh;
    SP_TRY(api_key_rotate(call->op, call->db, call->who, &in->id, &fresh));
    return new_key_dto(call->op, &fresh, &out->body);
}
