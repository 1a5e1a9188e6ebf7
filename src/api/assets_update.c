/* The tag Assets: changing what people may change of their assets. Worker threads. */
#include "api/asset_dto.h"
#include "api/call.h"
#include "base/op.h"
#include "domain/asset_update.h"
#include "gen/api/assets.h"
#include "gen/db/asset.h"

static struct sp_opt_i32 narrow(struct sp_opt_i64 wide) { return (struct sp_opt_i32){wide.set, (int32_t)wide.value}; }

static const char *visibility_of(struct dto_opt_asset_visibility visibility)
{
    return visibility.set ? dto_asset_visibility_text(visibility.value) : NULL;
}

/* 0 is how older clients say null. */
static void set_rating(struct asset_changes *changes, struct sp_opt_i64 rating, bool is_null)
{
    changes->has_rating = rating.set || is_null;
    if (rating.set && rating.value != 0)
        changes->rating = narrow(rating);
}

struct sp_err *api_update_assets(struct api_call *call, const struct api_update_assets_in *in,
                                 struct api_update_assets_out *out)
{
    const struct dto_asset_bulk_update *body = in->body;
    struct asset_changes changes = {
        .is_favorite = body->is_favorite,
        .visibility = visibility_of(body->visibility),
        .description = body->description,
        .latitude = body->latitude,
        .longitude = body->longitude,
        .date = body->date_time_original,
        .move_minutes = narrow(body->date_time_relative),
        .time_zone = body->time_zone,
    };
    set_rating(&changes, body->rating, body->rating_null);
    return asset_update(call->op, call->db, call->who, &body->ids, &changes);
}

struct sp_err *api_update_asset(struct api_call *call, const struct api_update_asset_in *in,
                                struct api_update_asset_out *out)
{
    const struct dto_update_asset *body = in->body;
    struct sp_uuid id = in->id;
    struct asset_changes changes = {
        .is_favorite = body->is_favorite,
        .visibility = visibility_of(body->visibility),
        .description = body->description,
        .latitude = body->latitude,
        .longitude = body->longitude,
        .date = body->date_time_original,
        .has_live_video = body->live_photo_video_id.set || body->live_photo_video_id_null,
        .live_video = body->live_photo_video_id,
    };
    set_rating(&changes, body->rating, body->rating_null);
    SP_TRY(asset_update(call->op, call->db, call->who, &(struct sp_uuid_list){&id, 1}, &changes));
    /* not asset_get: what was just locked is still shown to who locked it */
    struct q_asset_get_row *row;
    SP_TRY(q_asset_get(call->op, call->db, &id, &row));
    return row ? asset_dto(call->op, row, &out->body)
               : sp_fail(call->op, SP_INVALID, "Not found or no asset.update access");
}
