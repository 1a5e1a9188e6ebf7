/* Sessions as the contract's DTOs; shared by the tags that answer them. Worker threads. */
#ifndef SP_API_SESSION_DTO_H
#define SP_API_SESSION_DTO_H

#include "base/attr.h"
#include "gen/api/sessions_dto.h"

struct principal;
struct q_session_list_rows;
struct sp_err;
struct sp_op;

/* who: whose session is the current one. */
SP_MUST_CHECK struct sp_err *session_list_dto(struct sp_op *op, const struct principal *who,
                                              const struct q_session_list_rows *rows,
                                              struct dto_session_response_list *ret_list);

#endif
