/* The job metadata: size, date, camera and place of an asset from its original's header; then derivatives. Job threads.
 */
#include "domain/job.h"

#include <stdio.h>
#include <string.h>

#include "base/op.h"
#include "db/db.h"
#include "gen/db/job_asset.h"
#include "gen/job/handlers.h"
#include "media/decoder.h"
#include "os/file.h"
#include "queue/job.h"
#include "store/store.h"

static const char *or_null(const char *text) { return *text ? text : NULL; }

/* "UTC+2", "UTC-03:30": how people read an offset. */
static const char *zone_text(struct sp_op *op, int32_t minutes)
{
    int32_t absolute = minutes < 0 ? -minutes : minutes;
    char sign = minutes < 0 ? '-' : '+';
    if (minutes == 0)
        return sp_strdup(op, "UTC");
    if (absolute % 60 == 0)
        return sp_format(op, "UTC%c%d", sign, absolute / 60);
    return sp_format(op, "UTC%c%d:%02d", sign, absolute / 60, absolute % 60);
}

#define OPTIONAL(has, v) {.set = (has) != 0, .value = (v)}

static struct sp_err *write_exif(struct job_context *ctx, const struct media_reply *reply, const char *zone)
{
    const struct media_metadata *m = &reply->metadata;
    char orientation[4];
    snprintf(orientation, sizeof(orientation), "%d", m->orientation % 10);
    const struct q_job_asset_exif_in in = {
        .asset_id = ctx->subject.value,
        .make = or_null(m->make),
        .model = or_null(m->model),
        .lens_model = or_null(m->lens_model),
        .f_number = OPTIONAL(m->f_number > 0, m->f_number),
        .focal_length = OPTIONAL(m->focal_length > 0, m->focal_length),
        .iso = OPTIONAL(m->iso, m->iso),
        .exposure_time = or_null(m->exposure_time),
        .latitude = OPTIONAL(m->has_gps, m->latitude),
        .longitude = OPTIONAL(m->has_gps, m->longitude),
        .altitude = OPTIONAL(m->has_altitude, m->altitude),
        .description = m->description,
        .rating = OPTIONAL(m->has_rating, m->rating),
        .orientation = m->orientation ? orientation : NULL,
        .has_taken = m->has_taken,
        .offset_minutes = OPTIONAL(m->has_offset, m->offset_minutes),
        .modified_local = OPTIONAL(m->has_modified, m->modified_local_ms),
        .instance_zone = ctx->services->instance_zone,
        .time_zone = zone,
        .image_width = OPTIONAL(reply->width > 0, reply->width),
        .image_height = OPTIONAL(reply->height > 0, reply->height),
        .projection_type = or_null(m->projection_type),
    };
    return q_job_asset_exif(ctx->op, ctx->db, &in);
}

static struct sp_err *write_metadata(struct job_context *ctx, const struct media_reply *reply)
{
    const struct media_metadata *m = &reply->metadata;
    const char *zone = NULL;
    if (m->has_offset) {
        zone = zone_text(ctx->op, m->offset_minutes);
        SP_OWN(zone);
    } else if (m->has_taken) {
        zone = ctx->services->instance_zone;
    }
    const struct q_job_asset_set_metadata_in in = {
        .id = ctx->subject.value,
        .width = OPTIONAL(reply->width > 0, reply->width),
        .height = OPTIONAL(reply->height > 0, reply->height),
        .taken_local = OPTIONAL(m->has_taken, m->taken_local_ms),
        .offset_minutes = OPTIONAL(m->has_offset, m->offset_minutes),
        .instance_zone = ctx->services->instance_zone,
        .time_zone = zone,
    };
    SP_TRY(q_job_asset_set_metadata(ctx->op, ctx->db, &in));
    SP_TRY(write_exif(ctx, reply, zone));
    return job_enqueue(ctx->op, ctx->db, JOB_DERIVATIVES, &ctx->subject.value);
}

static struct sp_err *look(struct job_context *ctx, const char *path, const struct media_reply **ret_reply)
{
    SP_CLEANUP(os_close) int fd = -1;
    SP_TRY(store_open(ctx->op, ctx->services->store, STORE_ORIGINALS, path, &fd));
    const struct media_task task = {.operations = MEDIA_METADATA, .input_fd = fd};
    return media_decode(ctx->op, ctx->services->decoder, &task, ret_reply);
}

struct sp_err *job_metadata(struct job_context *ctx)
{
    struct q_job_asset_get_row *asset;
    if (ctx->gave_up)
        return q_job_asset_fail_metadata(ctx->op, ctx->db, ctx->gave_up->message, &ctx->subject.value);
    SP_TRY(q_job_asset_get(ctx->op, ctx->db, &ctx->subject.value, &asset));
    if (!asset)
        return NULL;
    const struct media_reply *reply;
    struct sp_err *err = look(ctx, asset->original_path, &reply);
    if (err && err->code == SP_MEDIA)
        return q_job_asset_fail_metadata(ctx->op, ctx->db, err->message, &ctx->subject.value);
    if (err)
        return err;
    SP_TRY(db_begin(ctx->op, ctx->db));
    return db_end(ctx->op, ctx->db, write_metadata(ctx, reply));
}
