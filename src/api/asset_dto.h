/* An asset's row as the contract's DTO; shared by the handlers that answer assets. Worker threads. */
#ifndef SP_API_ASSET_DTO_H
#define SP_API_ASSET_DTO_H

#include "base/attr.h"
#include "gen/api/assets_dto.h"

struct q_asset_get_row;
struct sp_err;
struct sp_op;

SP_MUST_CHECK struct sp_err *asset_dto(struct sp_op *op, const struct q_asset_get_row *row,
                                       struct dto_asset_response *ret_dto);

#endif
