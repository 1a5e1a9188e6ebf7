/* The tag Timeline: months, and the assets of one as parallel arrays. Worker threads. */
#include "gen/api/timeline.h"

#include <string.h>

#include "api/call.h"
#include "base/encode.h"
#include "base/op.h"
#include "domain/timeline.h"
#include "gen/db/timeline.h"

static struct sp_err *refuse(struct sp_op *op, const char *parameter)
{
    return sp_fail(op, SP_UNIMPLEMENTED, "The timeline cannot be filtered by %s yet", parameter);
}

/* What is filtered by features that are not built is refused: an answer without the filter would be a wrong one. */
#define CHECK_UNBUILT(op, in)                                                                                          \
    do {                                                                                                               \
        if ((in)->person_id.set)                                                                                       \
            return refuse((op), "personId");                                                                           \
        if ((in)->tag_id.set)                                                                                          \
            return refuse((op), "tagId");                                                                              \
        if ((in)->bbox)                                                                                                \
            return refuse((op), "bbox");                                                                               \
    } while (0)

#define FILTER_OF(in)                                                                                                  \
    {                                                                                                                  \
        .album_id = (in)->album_id,                                                                                    \
        .user_id = (in)->user_id,                                                                                      \
        .visibility = (in)->visibility.set ? dto_asset_visibility_text((in)->visibility.value) : NULL,                 \
        .is_favorite = (in)->is_favorite,                                                                              \
        .is_trashed = (in)->is_trashed.set && (in)->is_trashed.value,                                                  \
        .ascending = (in)->order.set && (in)->order.value == DTO_ASSET_ORDER_ASC,                                      \
        .by_created_at = (in)->order_by.set && (in)->order_by.value == DTO_ASSET_ORDER_BY_CREATED_AT,                  \
    }

/* Partners belong to the plain timeline alone; as long as nobody has one, there is nothing to add to it. */
static struct sp_err *check_partners(struct sp_op *op, bool with_partners, const struct timeline_filter *filter)
{
    bool plain = filter->visibility && strcmp(filter->visibility, "timeline") == 0 && !filter->is_favorite.set &&
                 !filter->is_trashed;
    if (with_partners && !plain)
        return sp_fail(op, SP_INVALID,
                       "withPartners is only supported for the timeline that is neither archived, "
                       "trashed nor of favorites");
    return NULL;
}

struct sp_err *api_get_time_buckets(struct api_call *call, const struct api_get_time_buckets_in *in,
                                    struct api_get_time_buckets_out *out)
{
    CHECK_UNBUILT(call->op, in);
    const struct timeline_filter filter = FILTER_OF(in);
    SP_TRY(check_partners(call->op, in->with_partners.set && in->with_partners.value, &filter));
    struct q_timeline_buckets_rows rows;
    SP_TRY(timeline_get_buckets(call->op, call->db, call->who, &filter, &rows));
    SP_NEW_ARRAY(call->op, out->body.items, rows.count);
    out->body.count = rows.count;
    for (size_t i = 0; i < rows.count; i++)
        out->body.items[i] = (struct dto_time_buckets_response){rows.items[i].count, rows.items[i].month};
    return NULL;
}

/* Every array as long as the month; nothing is written before all of them are there. */
static struct sp_err *allocate_columns(struct sp_op *op, size_t count, struct dto_time_bucket_asset_response *body)
{
#define COLUMN(list)                                                                                                   \
    do {                                                                                                               \
        SP_NEW_ARRAY(op, (list).items, count);                                                                         \
        (list).count = count;                                                                                          \
    } while (0)
    SP_NEW(op, body->city);
    SP_NEW(op, body->country);
    COLUMN(*body->city);
    COLUMN(*body->country);
    COLUMN(body->created_at);
    COLUMN(body->duration);
    COLUMN(body->file_created_at);
    COLUMN(body->id);
    COLUMN(body->is_favorite);
    COLUMN(body->is_image);
    COLUMN(body->is_trashed);
    COLUMN(body->live_photo_video_id);
    COLUMN(body->local_offset_hours);
    COLUMN(body->owner_id);
    COLUMN(body->projection_type);
    COLUMN(body->ratio);
    COLUMN(body->thumbhash);
    COLUMN(body->visibility);
    return NULL;
}

static struct sp_err *allocate_coordinates(struct sp_op *op, size_t count, struct dto_time_bucket_asset_response *body)
{
    SP_NEW(op, body->latitude);
    SP_NEW(op, body->longitude);
    COLUMN(*body->latitude);
    COLUMN(*body->longitude);
    return NULL;
}

/* Nothing is stacked yet: every asset stands for itself. */
static struct sp_err *allocate_stack(struct sp_op *op, size_t count, struct dto_time_bucket_asset_response *body)
{
    SP_NEW(op, body->stack);
    COLUMN(*body->stack);
#undef COLUMN
    return NULL;
}

static struct sp_err *fill(struct sp_op *op, const struct q_timeline_bucket_row *row, size_t i,
                           struct dto_time_bucket_asset_response *body)
{
    body->city->items[i] = row->city;
    body->country->items[i] = row->country;
    body->created_at.items[i] = row->created_at;
    body->duration.items[i] = row->duration_ms;
    body->file_created_at.items[i] = row->file_created_at;
    body->id.items[i] = row->id;
    body->is_favorite.items[i] = row->is_favorite;
    body->is_image.items[i] = row->is_image;
    body->is_trashed.items[i] = row->is_trashed;
    body->live_photo_video_id.items[i] = row->live_photo_video_id;
    body->local_offset_hours.items[i] = row->local_offset_hours;
    body->owner_id.items[i] = row->owner_id;
    body->projection_type.items[i] = row->projection_type;
    body->ratio.items[i] = row->ratio;
    if (row->thumbhash.data) {
        body->thumbhash.items[i] = sp_base64_encode(op, row->thumbhash.data, row->thumbhash.size);
        SP_OWN(body->thumbhash.items[i]);
    }
    if (!dto_asset_visibility_parse(row->visibility, &body->visibility.items[i]))
        return sp_fail_internal(op, "visibility %s", row->visibility);
    if (body->latitude) {
        body->latitude->items[i] = row->latitude;
        body->longitude->items[i] = row->longitude;
    }
    return NULL;
}

struct sp_err *api_get_time_bucket(struct api_call *call, const struct api_get_time_bucket_in *in,
                                   struct api_get_time_bucket_out *out)
{
    CHECK_UNBUILT(call->op, in);
    const struct timeline_filter filter = FILTER_OF(in);
    SP_TRY(check_partners(call->op, in->with_partners.set && in->with_partners.value, &filter));
    struct q_timeline_bucket_rows rows;
    SP_TRY(timeline_get_bucket(call->op, call->db, call->who, &filter, in->time_bucket, &rows));
    SP_TRY(allocate_columns(call->op, rows.count, &out->body));
    if (in->with_coordinates.set && in->with_coordinates.value)
        SP_TRY(allocate_coordinates(call->op, rows.count, &out->body));
    if (in->with_stacked.set && in->with_stacked.value)
        SP_TRY(allocate_stack(call->op, rows.count, &out->body));
    for (size_t i = 0; i < rows.count; i++)
        SP_TRY(fill(call->op, &rows.items[i], i, &out->body));
    return NULL;
}
