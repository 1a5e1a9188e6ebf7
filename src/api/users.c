/* The tag Users. Worker threads. */
#include "gen/api/users.h"

#include "api/call.h"
#include "api/user_dto.h"
#include "base/op.h"
#include "domain/account.h"
#include "domain/user.h"
#include "gen/db/user.h"

enum dto_user_avatar_color user_avatar_color(const struct sp_uuid *user, const char *chosen)
{
    enum dto_user_avatar_color color;
    unsigned sum = 0;
    if (chosen && dto_user_avatar_color_parse(chosen, &color))
        return color;
    for (size_t i = 0; i < sizeof(user->bytes); i++)
        sum += user->bytes[i];
    return (enum dto_user_avatar_color)(sum % (DTO_USER_AVATAR_COLOR_AMBER + 1));
}

struct dto_user_admin_response user_admin_dto(const struct q_user_by_id_row *user)
{
    enum dto_user_status status = DTO_USER_STATUS_ACTIVE;
    (void)dto_user_status_parse(user->status, &status); /* the column holds these values alone */
    return (struct dto_user_admin_response){
        .avatar_color = user_avatar_color(&user->id, user->avatar_color),
        .cluster_group_id = user->cluster_group_id,
        .created_at = user->created_at,
        .deleted_at = user->deleted_at,
        .email = user->email,
        .id = user->id,
        .is_admin = user->is_admin,
        .name = user->name,
        .oauth_id = "",
        .profile_changed_at = user->profile_changed_at,
        .profile_image_path = user->profile_image_path,
        .quota_size_in_bytes = user->quota_size_bytes,
        .quota_usage_in_bytes = SP_SET(user->quota_usage_bytes),
        .should_change_password = user->should_change_password,
        .status = status,
        .storage_label = user->storage_label,
        .updated_at = user->updated_at,
    };
}

struct sp_err *api_get_my_user(struct api_call *call, const struct api_get_my_user_in *in,
                               struct api_get_my_user_out *out)
{
    const struct q_user_by_id_row *user;
    SP_TRY(user_get_self(call->op, call->db, call->who, &user));
    out->body = user_admin_dto(user);
    return NULL;
}

static struct dto_user_response user_dto(const struct q_user_list_row *user)
{
    return (struct dto_user_response){
        .avatar_color = user_avatar_color(&user->id, user->avatar_color),
        .email = user->email,
        .id = user->id,
        .name = user->name,
        .profile_changed_at = user->profile_changed_at,
        .profile_image_path = user->profile_image_path,
    };
}

struct sp_err *api_search_users(struct api_call *call, const struct api_search_users_in *in,
                                struct api_search_users_out *out)
{
    struct q_user_list_rows users;
    SP_TRY(account_list(call->op, call->db, NULL, &users));
    SP_NEW_ARRAY(call->op, out->body.items, users.count);
    for (size_t i = 0; i < users.count; i++)
        out->body.items[out->body.count++] = user_dto(&users.items[i]);
    return NULL;
}

struct sp_err *api_get_user(struct api_call *call, const struct api_get_user_in *in, struct api_get_user_out *out)
{
    struct q_user_list_rows users;
    SP_TRY(account_list(call->op, call->db, &in->id, &users));
    out->body = user_dto(&users.items[0]);
    return NULL;
}

struct sp_err *api_update_my_user(struct api_call *call, const struct api_update_my_user_in *in,
                                  struct api_update_my_user_out *out)
{
    const struct dto_user_update_me *body = in->body;
    const struct account_change change = {
        .email = body->email,
        .name = body->name,
        .password = body->password,
        .avatar_color = body->avatar_color.set ? dto_user_avatar_color_text(body->avatar_color.value) : NULL,
        .clear_avatar_color = body->avatar_color_null,
    };
    const struct q_user_by_id_row *user;
    SP_TRY(account_update_self(call->op, call->db, call->who, &change, &user));
    out->body = user_admin_dto(user);
    return NULL;
}
