/* The job derivatives: preview, thumbnail and thumbhash of an asset; files first, then rows and state. Job threads. */
#include "domain/job.h"

#include <sys/stat.h>

#include "base/op.h"
#include "db/db.h"
#include "gen/db/job_asset.h"
#include "gen/job/handlers.h"
#include "media/decoder.h"
#include "os/file.h"
#include "store/store.h"

struct derivative {
    const char *kind, *extension, *mime, *path;
    int fd;
    int32_t width, height;
};

static struct sp_err *begin(struct job_context *ctx, const struct sp_uuid *owner, struct derivative *derivative)
{
    SP_TRY(store_derivative_path(ctx->op, owner, &ctx->subject.value, derivative->kind, derivative->extension,
                                 &derivative->path));
    return store_derivative_begin(ctx->op, ctx->services->store, derivative->path, &derivative->fd);
}

static struct sp_err *write_row(struct job_context *ctx, const struct derivative *derivative)
{
    struct stat info;
    if (fstat(derivative->fd, &info) != 0)
        return sp_fail_errno(ctx->op, "fstat %s", derivative->path);
    const struct q_job_asset_file_in in = {
        .asset_id = ctx->subject.value,
        .kind = derivative->kind,
        .path = derivative->path,
        .mime_type = derivative->mime,
        .size_bytes = info.st_size,
        .width = derivative->width,
        .height = derivative->height,
    };
    return q_job_asset_file(ctx->op, ctx->db, &in);
}

static struct sp_err *write_rows(struct job_context *ctx, const struct derivative *preview,
                                 const struct derivative *thumbnail, const struct media_reply *reply)
{
    SP_TRY(write_row(ctx, preview));
    SP_TRY(write_row(ctx, thumbnail));
    const struct sp_bytes thumbhash = {reply->thumbhash, reply->thumbhash_size};
    return q_job_asset_set_derivatives(ctx->op, ctx->db, thumbhash, &ctx->subject.value);
}

static struct sp_err *render(struct job_context *ctx, const char *original, struct derivative *preview,
                             struct derivative *thumbnail, const struct media_reply **ret_reply)
{
    SP_CLEANUP(os_close) int fd = -1;
    SP_TRY(store_open(ctx->op, ctx->services->store, STORE_ORIGINALS, original, &fd));
    const struct media_task task = {
        .operations = MEDIA_DERIVATIVES, .input_fd = fd, .preview_fd = preview->fd, .thumbnail_fd = thumbnail->fd};
    SP_TRY(media_decode(ctx->op, ctx->services->decoder, &task, ret_reply));
    preview->width = (*ret_reply)->preview_width;
    preview->height = (*ret_reply)->preview_height;
    thumbnail->width = (*ret_reply)->thumbnail_width;
    thumbnail->height = (*ret_reply)->thumbnail_height;
    return NULL;
}

static struct sp_err *make(struct job_context *ctx, const struct q_job_asset_get_row *asset,
                           struct derivative *preview, struct derivative *thumbnail)
{
    const struct media_reply *reply;
    SP_TRY(begin(ctx, &asset->owner_id, preview));
    SP_TRY(begin(ctx, &asset->owner_id, thumbnail));
    SP_TRY(render(ctx, asset->original_path, preview, thumbnail, &reply));
    SP_TRY(store_derivative_commit(ctx->op, ctx->services->store, preview->path));
    SP_TRY(store_derivative_commit(ctx->op, ctx->services->store, thumbnail->path));
    SP_TRY(db_begin(ctx->op, ctx->db));
    return db_end(ctx->op, ctx->db, write_rows(ctx, preview, thumbnail, reply));
}

struct sp_err *job_derivatives(struct job_context *ctx)
{
    struct q_job_asset_get_row *asset;
    SP_TRY(q_job_asset_get(ctx->op, ctx->db, &ctx->subject.value, &asset));
    if (!asset)
        return NULL;
    struct derivative preview = {.kind = "preview", .extension = ".jpeg", .mime = "image/jpeg", .fd = -1};
    struct derivative thumbnail = {.kind = "thumbnail", .extension = ".webp", .mime = "image/webp", .fd = -1};
    struct sp_err *err = make(ctx, asset, &preview, &thumbnail);
    os_close(&preview.fd);
    os_close(&thumbnail.fd);
    if (err && err->code == SP_MEDIA)
        return q_job_asset_fail_derivatives(ctx->op, ctx->db, err->message, &ctx->subject.value);
    return err;
}
