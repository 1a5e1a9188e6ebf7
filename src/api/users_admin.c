/* The tag Users (admin): the gate lets administrators alone pass. Worker threads. */
#include "gen/api/users_admin.h"

#include <string.h>

#include "api/call.h"
#include "api/session_dto.h"
#include "api/user_dto.h"
#include "base/op.h"
#include "domain/account.h"
#include "gen/api/assets_dto.h"
#include "gen/api/users_admin_dto.h"
#include "gen/db/asset.h"
#include "gen/db/session.h"
#include "gen/db/user.h"

static const char *color_text(struct dto_opt_user_avatar_color color)
{
    return color.set ? dto_user_avatar_color_text(color.value) : NULL;
}

/* Forms send "" where there is none. */
static const char *non_empty(const char *text) { return text && *text ? text : NULL; }

/* The same columns, in the order of one query and of the other. */
static struct q_user_by_id_row by_id_row(const struct q_user_search_row *user)
{
    return (struct q_user_by_id_row){
        .id = user->id,
        .email = user->email,
        .name = user->name,
        .is_admin = user->is_admin,
        .should_change_password = user->should_change_password,
        .status = user->status,
        .storage_label = user->storage_label,
        .profile_image_path = user->profile_image_path,
        .profile_changed_at = user->profile_changed_at,
        .cluster_group_id = user->cluster_group_id,
        .quota_size_bytes = user->quota_size_bytes,
        .quota_usage_bytes = user->quota_usage_bytes,
        .has_password = user->has_password,
        .has_pin = user->has_pin,
        .avatar_color = user->avatar_color,
        .created_at = user->created_at,
        .updated_at = user->updated_at,
        .deleted_at = user->deleted_at,
    };
}

struct sp_err *api_search_users_admin(struct api_call *call, const struct api_search_users_admin_in *in,
                                      struct api_search_users_admin_out *out)
{
    struct q_user_search_rows users;
    const bool with_deleted = in->with_deleted.set && in->with_deleted.value;
    SP_TRY(account_search(call->op, call->db, in->id.set ? &in->id.value : NULL, with_deleted, &users));
    SP_NEW_ARRAY(call->op, out->body.items, users.count);
    for (size_t i = 0; i < users.count; i++) {
        const struct q_user_by_id_row user = by_id_row(&users.items[i]);
        out->body.items[out->body.count++] = user_admin_dto(&user);
    }
    return NULL;
}

struct sp_err *api_create_user_admin(struct api_call *call, const struct api_create_user_admin_in *in,
                                     struct api_create_user_admin_out *out)
{
    const struct dto_user_admin_create *body = in->body;
    const struct account_change account = {
        .email = body->email,
        .name = body->name,
        .password = body->password,
        .pin = body->pin_code,
        .avatar_color = color_text(body->avatar_color),
        .storage_label = non_empty(body->storage_label),
        .quota_size_bytes = body->quota_size_in_bytes,
        .is_admin = body->is_admin,
        .should_change_password = body->should_change_password,
    };
    const struct q_user_by_id_row *user;
    SP_TRY(account_create(call->op, call->db, call->who, &account, &user));
    out->body = user_admin_dto(user);
    return NULL;
}

struct sp_err *api_get_user_admin(struct api_call *call, const struct api_get_user_admin_in *in,
                                  struct api_get_user_admin_out *out)
{
    const struct q_user_by_id_row *user;
    SP_TRY(account_get(call->op, call->db, "adminUser.read", &in->id, &user));
    out->body = user_admin_dto(user);
    return NULL;
}

struct sp_err *api_update_user_admin(struct api_call *call, const struct api_update_user_admin_in *in,
                                     struct api_update_user_admin_out *out)
{
    const struct dto_user_admin_update *body = in->body;
    const struct account_change change = {
        .email = body->email,
        .name = body->name,
        .password = body->password,
        .pin = body->pin_code,
        .clear_pin = body->pin_code_null,
        .avatar_color = color_text(body->avatar_color),
        .clear_avatar_color = body->avatar_color_null,
        .storage_label = non_empty(body->storage_label),
        .clear_storage_label = body->storage_label_null || (body->storage_label && !*body->storage_label),
        .quota_size_bytes = body->quota_size_in_bytes,
        .clear_quota = body->quota_size_in_bytes_null,
        .is_admin = body->is_admin,
        .should_change_password = body->should_change_password,
    };
    const struct q_user_by_id_row *user;
    SP_TRY(account_update(call->op, call->db, call->who, &in->id, &change, &user));
    out->body = user_admin_dto(user);
    return NULL;
}

struct sp_err *api_delete_user_admin(struct api_call *call, const struct api_delete_user_admin_in *in,
                                     struct api_delete_user_admin_out *out)
{
    if (in->body && in->body->force.set && in->body->force.value)
        return sp_fail(
            call->op, SP_UNIMPLEMENTED,
            "Deleting an account at once and for good is not built yet. Leave out force to delete it so that "
            "it can be restored.");
    const struct q_user_by_id_row *user;
    SP_TRY(account_delete(call->op, call->db, call->who, &in->id, &user));
    out->body = user_admin_dto(user);
    return NULL;
}

struct sp_err *api_restore_user_admin(struct api_call *call, const struct api_restore_user_admin_in *in,
                                      struct api_restore_user_admin_out *out)
{
    const struct q_user_by_id_row *user;
    SP_TRY(account_restore(call->op, call->db, &in->id, &user));
    out->body = user_admin_dto(user);
    return NULL;
}

struct sp_err *api_get_user_sessions_admin(struct api_call *call, const struct api_get_user_sessions_admin_in *in,
                                           struct api_get_user_sessions_admin_out *out)
{
    struct q_session_list_rows rows;
    SP_TRY(account_sessions(call->op, call->db, &in->id, &rows));
    return session_list_dto(call->op, call->who, &rows, &out->body);
}

struct sp_err *api_get_user_statistics_admin(struct api_call *call, const struct api_get_user_statistics_admin_in *in,
                                             struct api_get_user_statistics_admin_out *out)
{
    const struct account_counted counted = {
        .visibility = in->visibility.set ? dto_asset_visibility_text(in->visibility.value) : NULL,
        .is_favorite = in->is_favorite,
        .is_trashed = in->is_trashed.set && in->is_trashed.value,
    };
    struct q_asset_statistics_row *counts;
    SP_TRY(account_statistics(call->op, call->db, &in->id, &counted, &counts));
    out->body = (struct dto_asset_stats_response){
        .images = counts->images,
        .videos = counts->videos,
        .total = counts->total,
    };
    return NULL;
}
