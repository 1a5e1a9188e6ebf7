/* The tag Trash. Worker threads. */
#include "gen/api/trash.h"

#include "api/call.h"
#include "base/op.h"
#include "domain/trash.h"

struct sp_err *api_empty_trash(struct api_call *call, const struct api_empty_trash_in *in,
                               struct api_empty_trash_out *out)
{
    return trash_empty(call->op, call->db, call->who, &out->body.count);
}

struct sp_err *api_restore_trash(struct api_call *call, const struct api_restore_trash_in *in,
                                 struct api_restore_trash_out *out)
{
    return trash_restore_everything(call->op, call->db, call->who, &out->body.count);
}

struct sp_err *api_restore_assets(struct api_call *call, const struct api_restore_assets_in *in,
                                  struct api_restore_assets_out *out)
{
    return trash_restore_assets(call->op, call->db, call->who, &in->body->ids, &out->body.count);
}
