/* A user's row as the contract's DTOs; shared by the tags that answer users. Worker threads. */
#ifndef SP_API_USER_DTO_H
#define SP_API_USER_DTO_H

#include "base/attr.h"
#include "gen/api/users_dto.h"

struct q_user_by_id_row;
struct sp_err;
struct sp_op;

/* The chosen colour; without one (NULL) a colour of the contract's palette that is always the same for a user. */
enum dto_user_avatar_color user_avatar_color(const struct sp_uuid *user, const char *chosen);
struct dto_user_admin_response user_admin_dto(const struct q_user_by_id_row *user);

#endif
