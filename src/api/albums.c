/* The tag Albums, as far as tools need it. Worker threads. */
#include "gen/api/albums.h"

#include <string.h>

#include "api/call.h"
#include "api/user_dto.h"
#include "base/op.h"
#include "domain/album.h"
#include "gen/db/album.h"

static struct sp_err *users_dto(struct sp_op *op, const struct q_album_users_rows *users, const struct sp_uuid *album,
                                struct dto_album_user_response_list *ret_list)
{
    struct dto_album_user_response_list list = {0};
    SP_NEW_ARRAY(op, list.items, users->count);
    for (size_t i = 0; i < users->count; i++) {
        const struct q_album_users_row *row = &users->items[i];
        if (!sp_uuid_equal(&row->album_id, album))
            continue;
        struct dto_album_user_response *member = &list.items[list.count++];
        SP_NEW(op, member->user);
        *member->user = (struct dto_user_response){
            .avatar_color = user_avatar_color(&row->id, row->avatar_color),
            .email = row->email,
            .id = row->id,
            .name = row->name,
            .profile_changed_at = row->profile_changed_at,
            .profile_image_path = row->profile_image_path,
        };
        if (!dto_album_user_role_parse(row->role, &member->role))
            return sp_fail_internal(op, "album role %s", row->role);
    }
    *ret_list = list;
    return NULL;
}

static struct sp_err *album_dto(struct sp_op *op, const struct q_albums_of_user_row *row,
                                const struct q_album_users_rows *users, struct dto_album_response *dto)
{
    enum dto_asset_order order = DTO_ASSET_ORDER_DESC;
    (void)dto_asset_order_parse(row->sort_order, &order); /* the column holds these values alone */
    *dto = (struct dto_album_response){
        .album_name = row->name,
        .album_thumbnail_asset_id = row->thumbnail_asset_id,
        .asset_count = row->asset_count,
        .created_at = row->created_at,
        .description = row->description,
        .end_date = row->end_date,
        .has_shared_link = false,
        .id = row->id,
        .is_activity_enabled = row->is_activity_enabled,
        .last_modified_asset_timestamp = row->modified_at,
        .order = SP_SET(order),
        .shared = row->is_shared,
        .start_date = row->start_date,
        .updated_at = row->updated_at,
    };
    return users_dto(op, users, &row->id, &dto->album_users);
}

static struct sp_err *one_album(struct api_call *call, const struct sp_uuid *id, struct dto_album_response *dto)
{
    struct q_albums_of_user_row *row;
    struct q_album_users_rows users;
    SP_TRY(album_get(call->op, call->db, call->who, id, &row));
    const struct sp_uuid_list ids = {&row->id, 1};
    SP_TRY(album_get_users(call->op, call->db, &ids, &users));
    return album_dto(call->op, row, &users, dto);
}

struct sp_err *api_get_all_albums(struct api_call *call, const struct api_get_all_albums_in *in,
                                  struct api_get_all_albums_out *out)
{
    const struct album_filter filter = {
        .id = in->id,
        .asset_id = in->asset_id,
        .name = in->name,
        .is_owned = in->is_owned,
        .is_shared = in->is_shared,
    };
    struct q_albums_of_user_rows rows;
    struct q_album_users_rows users;
    SP_TRY(album_list(call->op, call->db, call->who, &filter, &rows));
    struct sp_uuid_list ids = {.count = rows.count};
    SP_NEW_ARRAY(call->op, ids.items, ids.count);
    for (size_t i = 0; i < rows.count; i++)
        ids.items[i] = rows.items[i].id;
    SP_TRY(album_get_users(call->op, call->db, &ids, &users));
    SP_NEW_ARRAY(call->op, out->body.items, rows.count);
    out->body.count = rows.count;
    for (size_t i = 0; i < rows.count; i++)
        SP_TRY(album_dto(call->op, &rows.items[i], &users, &out->body.items[i]));
    return NULL;
}

static struct sp_err *members_of(struct sp_op *op, const struct dto_create_album *body, struct album_new *album)
{
    if (!body->album_users)
        return NULL;
    struct album_member *members;
    SP_NEW_ARRAY(op, members, body->album_users->count);
    for (size_t i = 0; i < body->album_users->count; i++) {
        const struct dto_album_user_create *user = &body->album_users->items[i];
        if (user->role == DTO_ALBUM_USER_ROLE_OWNER)
            return sp_fail(op, SP_INVALID, "An album has one owner: the one who makes it");
        members[i] = (struct album_member){user->user_id, dto_album_user_role_text(user->role)};
    }
    album->members = members;
    album->member_count = body->album_users->count;
    return NULL;
}

struct sp_err *api_create_album(struct api_call *call, const struct api_create_album_in *in,
                                struct api_create_album_out *out)
{
    struct album_new album = {.name = in->body->album_name, .description = in->body->description};
    if (in->body->asset_ids)
        album.asset_ids = *in->body->asset_ids;
    struct sp_uuid id;
    SP_TRY(members_of(call->op, in->body, &album));
    SP_TRY(album_create(call->op, call->db, call->who, &album, &id));
    return one_album(call, &id, &out->body);
}

struct sp_err *api_get_album_info(struct api_call *call, const struct api_get_album_info_in *in,
                                  struct api_get_album_info_out *out)
{
    return one_album(call, &in->id, &out->body);
}

struct sp_err *api_add_assets_to_album(struct api_call *call, const struct api_add_assets_to_album_in *in,
                                       struct api_add_assets_to_album_out *out)
{
    static const enum dto_bulk_id_error_reason reasons[] = {
        [ALBUM_ADD_DUPLICATE] = DTO_BULK_ID_ERROR_REASON_DUPLICATE,
        [ALBUM_ADD_NO_PERMISSION] = DTO_BULK_ID_ERROR_REASON_NO_PERMISSION,
    };
    const struct sp_uuid_list *ids = &in->body->ids;
    enum album_add *results;
    SP_TRY(album_add_assets(call->op, call->db, call->who, &in->id, ids, &results));
    SP_NEW_ARRAY(call->op, out->body.items, ids->count);
    out->body.count = ids->count;
    for (size_t i = 0; i < ids->count; i++) {
        struct dto_bulk_id_response *item = &out->body.items[i];
        item->id = ids->items[i];
        item->success = results[i] == ALBUM_ADDED;
        if (!item->success)
            item->error = (struct dto_opt_bulk_id_error_reason)SP_SET(reasons[results[i]]);
    }
    return NULL;
}
