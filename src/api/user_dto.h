/* A user's row as the contract's DTOs; shared by the tags that answer users. Worker threads. */
#ifndef SP_API_USER_DTO_H
#define SP_API_USER_DTO_H

#include "base/attr.h"
#include "gen/api/users_dto.h"

struct q_user_by_id_row;
struct sp_err;
struct sp_op;

SP_MUST_CHECK struct sp_err *user_admin_dto(struct sp_op *op, const struct q_user_by_id_row *user,
                                            struct dto_user_admin_response *ret_dto);

#endif
