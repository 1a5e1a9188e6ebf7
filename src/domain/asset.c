/* See asset.h. Worker threads. */
#include "domain/asset.h"

#include <string.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/op.h"
#include "domain/access.h"
#include "domain/principal.h"
#include "gen/db/asset.h"
#include "os/file.h"
#include "store/store.h"

struct sp_err *asset_get(struct sp_op *op, struct db_conn *db, const struct principal *who, const struct sp_uuid *id,
                         struct q_asset_get_row **ret_asset)
{
    SP_TRY(access_require_one(op, db, who, "asset.read", id));
    SP_TRY(q_asset_get(op, db, id, ret_asset));
    return *ret_asset ? NULL : sp_fail(op, SP_INVALID, "Not found or no asset.read access");
}

/* Size and time of what is really there: a reply must not promise other bytes than it sends. */
static struct sp_err *stat_media(struct sp_op *op, struct asset_media *media)
{
    struct stat info;
    if (fstat(media->fd, &info) != 0)
        return sp_fail_errno(op, "fstat");
    media->size_bytes = info.st_size;
    media->modified_at = (sp_time_ms)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
    return NULL;
}

struct sp_err *asset_open_derivative(struct sp_op *op, struct db_conn *db, struct store *store,
                                     const struct principal *who, const struct sp_uuid *id, enum asset_size size,
                                     struct asset_media *ret_media)
{
    SP_TRY(access_require_one(op, db, who, "asset.view", id));
    struct q_asset_file_get_row *file;
    SP_TRY(q_asset_file_get(op, db, id, size == ASSET_PREVIEW ? "preview" : "thumbnail", &file));
    if (!file)
        return sp_fail(op, SP_NOT_FOUND, "There is no picture of this asset yet");
    struct asset_media media = {.mime = file->mime_type, .file_name = file->original_file_name};
    SP_CLEANUP(os_close) int fd = -1;
    SP_TRY(store_open(op, store, STORE_DERIVATIVES, file->path, &fd));
    media.fd = fd;
    SP_TRY(stat_media(op, &media));
    media.etag = sp_format(op, "\"%llx-%llx\"", (long long)media.modified_at, (long long)media.size_bytes);
    SP_OWN(media.etag);
    fd = -1;
    *ret_media = media;
    return NULL;
}

struct sp_err *asset_open_original(struct sp_op *op, struct db_conn *db, struct store *store,
                                   const struct principal *who, const struct sp_uuid *id, struct asset_media *ret_media)
{
    SP_TRY(access_require_one(op, db, who, "asset.download", id));
    struct q_asset_original_row *original;
    SP_TRY(q_asset_original(op, db, id, &original));
    if (!original)
        return sp_fail(op, SP_INVALID, "Not found or no asset.download access");
    struct asset_media media = {.mime = original->original_mime_type, .file_name = original->original_file_name};
    const char *hex = sp_hex_encode(op, original->checksum.data, original->checksum.size);
    SP_OWN(hex);
    media.etag = sp_format(op, "\"%s\"", hex);
    SP_OWN(media.etag);
    SP_CLEANUP(os_close) int fd = -1;
    SP_TRY(store_open(op, store, STORE_ORIGINALS, original->original_path, &fd));
    media.fd = fd;
    SP_TRY(stat_media(op, &media));
    fd = -1;
    *ret_media = media;
    return NULL;
}

struct sp_err *asset_statistics(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                const char *visibility, struct sp_opt_bool is_favorite, bool is_trashed,
                                struct q_asset_statistics_row **ret_counts)
{
    if (visibility && strcmp(visibility, "locked") == 0 && !who->elevated)
        return sp_fail(op, SP_UNAUTHENTICATED, "Elevated permission is required");
    const struct q_asset_statistics_in in = {
        .owner_id = who->user_id,
        .is_trashed = is_trashed,
        .is_favorite = is_favorite,
        .visibility = visibility,
    };
    return q_asset_statistics(op, db, &in, ret_counts);
}

struct sp_err *asset_find_checksums(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                    struct sp_bytes_list checksums, struct q_assets_by_checksums_rows *ret_found)
{
    return q_assets_by_checksums(op, db, &who->user_id, checksums, ret_found);
}
