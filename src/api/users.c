/* The tag Users. Worker threads. */
#include "gen/api/users.h"

#include "api/call.h"
#include "api/user_dto.h"
#include "base/op.h"
#include "domain/user.h"
#include "gen/db/user.h"

enum dto_user_avatar_color user_avatar_color(const struct sp_uuid *user)
{
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(user->bytes); i++)
        sum += user->bytes[i];
    return (enum dto_user_avatar_color)(sum % (DTO_USER_AVATAR_COLOR_AMBER + 1));
}

struct dto_user_admin_response user_admin_dto(const struct q_user_by_id_row *user)
{
    enum dto_user_status status = DTO_USER_STATUS_ACTIVE;
    (void)dto_user_status_parse(user->status, &status); /* the column holds these values alone */
    return (struct dto_user_admin_response){
        .avatar_color = user_avatar_color(&user->id),
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
