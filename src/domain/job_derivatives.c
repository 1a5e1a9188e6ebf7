/*
 * The job derivatives: preview, thumbnail and thumbhash of an asset. Files first, each put in place whole; then rows
 * and state in one transaction, so a row never names a file that is not there. Run again, it replaces both. Job
 * threads.
 */
#include "domain/job.h"

#include "base/op.h"
#include "db/db.h"
#include "gen/db/job_asset.h"
#include "gen/job/handlers.h"
#include "media/decoder.h"
#include "os/file.h"
#include "store/store.h"

struct picture {
    const char *kind, *extension, *mime, *path;
    struct store_derivative *file;
    int64_t size_bytes;
    int32_t width, height;
};

static struct sp_err *begin(struct job_context *ctx, const struct sp_uuid *owner, struct picture *picture)
{
    SP_TRY(
        store_derivative_path(ctx->op, owner, &ctx->subject.value, picture->kind, picture->extension, &picture->path));
    return store_derivative_begin(ctx->op, ctx->services->store, picture->path, &picture->file);
}

static struct sp_err *render(struct job_context *ctx, const char *original, struct picture *preview,
                             struct picture *thumbnail, const struct media_reply **ret_reply)
{
    SP_CLEANUP(os_close) int fd = -1;
    SP_TRY(store_open(ctx->op, ctx->services->store, STORE_ORIGINALS, original, &fd));
    const struct media_task task = {.operations = MEDIA_DERIVATIVES,
                                    .input_fd = fd,
                                    .preview_fd = store_derivative_fd(preview->file),
                                    .thumbnail_fd = store_derivative_fd(thumbnail->file)};
    const struct media_reply *reply;
    SP_TRY(media_decode(ctx->op, ctx->services->decoder, &task, &reply));
    preview->width = reply->preview_width;
    preview->height = reply->preview_height;
    thumbnail->width = reply->thumbnail_width;
    thumbnail->height = reply->thumbnail_height;
    *ret_reply = reply;
    return NULL;
}

static struct sp_err *write_row(struct job_context *ctx, const struct picture *picture)
{
    const struct q_job_asset_file_in in = {
        .asset_id = ctx->subject.value,
        .kind = picture->kind,
        .path = picture->path,
        .mime_type = picture->mime,
        .size_bytes = picture->size_bytes,
        .width = picture->width,
        .height = picture->height,
    };
    return q_job_asset_file(ctx->op, ctx->db, &in);
}

/* The asset was deleted while this ran: nobody will ever ask for these files. */
static struct sp_err *remove_files(struct job_context *ctx, const struct picture *preview,
                                   const struct picture *thumbnail)
{
    SP_TRY(store_derivative_remove(ctx->op, ctx->services->store, preview->path));
    return store_derivative_remove(ctx->op, ctx->services->store, thumbnail->path);
}

static struct sp_err *write_rows(struct job_context *ctx, const struct picture *preview,
                                 const struct picture *thumbnail, const struct media_reply *reply)
{
    struct q_job_asset_hold_row *asset;
    SP_TRY(q_job_asset_hold(ctx->op, ctx->db, &ctx->subject.value, &asset));
    if (!asset)
        return remove_files(ctx, preview, thumbnail);
    SP_TRY(write_row(ctx, preview));
    SP_TRY(write_row(ctx, thumbnail));
    const struct sp_bytes thumbhash = {reply->thumbhash, reply->thumbhash_size};
    return q_job_asset_set_derivatives(ctx->op, ctx->db, thumbhash, &ctx->subject.value);
}

static struct sp_err *make(struct job_context *ctx, const struct q_job_asset_get_row *asset)
{
    struct picture preview = {.kind = "preview", .extension = ".jpeg", .mime = "image/jpeg"};
    struct picture thumbnail = {.kind = "thumbnail", .extension = ".webp", .mime = "image/webp"};
    const struct media_reply *reply;
    SP_TRY(begin(ctx, &asset->owner_id, &preview));
    SP_TRY(begin(ctx, &asset->owner_id, &thumbnail));
    SP_TRY(render(ctx, asset->original_path, &preview, &thumbnail, &reply));
    SP_TRY(store_derivative_commit(ctx->op, preview.file, &preview.size_bytes));
    SP_TRY(store_derivative_commit(ctx->op, thumbnail.file, &thumbnail.size_bytes));
    SP_TRY(db_begin(ctx->op, ctx->db));
    return db_end(ctx->op, ctx->db, write_rows(ctx, &preview, &thumbnail, reply));
}

struct sp_err *job_derivatives(struct job_context *ctx)
{
    struct q_job_asset_get_row *asset;
    if (ctx->gave_up)
        return q_job_asset_fail_derivatives(ctx->op, ctx->db, ctx->gave_up->message, &ctx->subject.value);
    SP_TRY(q_job_asset_get(ctx->op, ctx->db, &ctx->subject.value, &asset));
    if (!asset)
        return NULL;
    struct sp_err *err = make(ctx, asset);
    if (err && err->code == SP_MEDIA)
        return q_job_asset_fail_derivatives(ctx->op, ctx->db, err->message, &ctx->subject.value);
    return err;
}
