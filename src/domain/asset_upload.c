/* See asset_upload.h. begin, finish and abort on worker threads, file, write and sync on I/O threads. */
#include "domain/asset_upload.h"

#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "domain/media_type.h"
#include "domain/principal.h"
#include "gen/db/asset.h"
#include "gen/db/upload.h"
#include "queue/job.h"
#include "store/store.h"

enum { FILE_NAME_MAX = 255, FORM_MAX_BYTES = 16 * 1024 /* of an announced length, all that is no file's */ };

/* To the letter: phones stop their batch on it. */
static const char quota_exceeded[] = "Quota has been exceeded!";

struct asset_upload {
    struct store *store;
    struct sp_uuid id, owner_id; /* id: of the upload row and of the asset to be */
    const char *stem, *instance_zone;
    int64_t max_bytes;
    struct sp_opt_i64 quota_left_bytes; /* when it began */
    struct store_upload *file[ASSET_UPLOAD_FILE_COUNT];
    int64_t size_bytes[ASSET_UPLOAD_FILE_COUNT];
};

/* What lies in its final place. */
struct placed {
    const char *original, *sidecar;
    struct store_digest digest;
};

struct sp_err *asset_find_by_checksum(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                      const uint8_t sha1[static SP_SHA1_BYTES], struct sp_opt_uuid *ret_id)
{
    struct q_asset_by_owner_checksum_row *row;
    SP_TRY(q_asset_by_owner_checksum(op, db, &who->user_id, (struct sp_bytes){sha1, SP_SHA1_BYTES}, &row));
    *ret_id = (struct sp_opt_uuid){0};
    if (row)
        *ret_id = (struct sp_opt_uuid)SP_SET(row->id);
    return NULL;
}

struct sp_err *asset_upload_begin(struct sp_op *op, struct db_conn *db, const struct asset_upload_config *config,
                                  const struct principal *who, struct asset_upload **ret_upload)
{
    struct asset_upload *upload;
    SP_NEW(op, upload);
    upload->store = config->store;
    upload->max_bytes = config->max_bytes;
    upload->instance_zone = config->instance_zone;
    upload->id = sp_uuid_v4();
    upload->owner_id = who->user_id;
    SP_TRY(store_original_stem(op, &upload->owner_id, &upload->id, &upload->stem));
    const struct q_upload_create_in in = {
        .id = upload->id,
        .owner_id = upload->owner_id,
        .path = upload->stem,
        .reserved_bytes = config->expected_bytes > FORM_MAX_BYTES ? config->expected_bytes - FORM_MAX_BYTES : 0,
    };
    struct q_upload_create_row *created;
    SP_TRY(q_upload_create(op, db, &in, &created));
    if (!created)
        return sp_fail(op, SP_INVALID, quota_exceeded);
    upload->quota_left_bytes = created->quota_left_bytes;
    *ret_upload = upload;
    return NULL;
}

struct sp_err *asset_upload_file(struct sp_op *op, struct asset_upload *upload, enum asset_upload_file which)
{
    static const char *const tags[] = {[ASSET_UPLOAD_DATA] = "", [ASSET_UPLOAD_SIDECAR] = "-sidecar"};
    if (upload->file[which])
        return sp_fail(op, SP_INVALID, "The form has the same file twice");
    return store_upload_begin(op, upload->store, upload->stem, tags[which], &upload->file[which]);
}

struct sp_err *asset_upload_write(struct sp_op *op, struct asset_upload *upload, enum asset_upload_file which,
                                  const void *data, size_t size)
{
    upload->size_bytes[which] += (int64_t)size;
    if (upload->size_bytes[which] > upload->max_bytes)
        return sp_fail(op, SP_TOO_LARGE, "The file is larger than this server takes (%lld bytes)",
                       (long long)upload->max_bytes);
    if (which == ASSET_UPLOAD_DATA && upload->quota_left_bytes.set &&
        upload->size_bytes[which] > upload->quota_left_bytes.value)
        return sp_fail(op, SP_INVALID, quota_exceeded);
    return store_upload_write(op, upload->file[which], data, size);
}

struct sp_err *asset_upload_sync(struct sp_op *op, struct asset_upload *upload)
{
    for (int i = 0; i < ASSET_UPLOAD_FILE_COUNT; i++)
        if (upload->file[i])
            SP_TRY(store_upload_sync(op, upload->file[i]));
    return NULL;
}

static struct sp_err *check_fields(struct sp_op *op, const struct asset_upload *upload,
                                   const struct asset_upload_fields *fields, const struct media_type **ret_type)
{
    if (!upload->file[ASSET_UPLOAD_DATA] || upload->size_bytes[ASSET_UPLOAD_DATA] == 0)
        return sp_fail(op, SP_INVALID, "The file is empty");
    if (!fields->file_name || !*fields->file_name)
        return sp_fail(op, SP_INVALID, "The file has no name");
    const struct media_type *type = media_type_of_name(fields->file_name);
    if (!type || type->class == MEDIA_SIDECAR)
        return sp_fail(op, SP_INVALID, "Unsupported file type %.100s", fields->file_name);
    *ret_type = type;
    return NULL;
}

/* The last FILE_NAME_MAX bytes keep the extension; cut between characters. */
static const char *capped_name(const char *name)
{
    const char *last = strrchr(name, '/');
    name = last ? last + 1 : name;
    size_t length = strlen(name), skip = length > FILE_NAME_MAX ? length - FILE_NAME_MAX : 0;
    while (skip && ((unsigned char)name[skip] & 0xc0) == 0x80)
        skip++;
    return name + skip;
}

static struct sp_err *insert_rows(struct sp_op *op, struct db_conn *db, const struct asset_upload *upload,
                                  const struct asset_upload_fields *fields, const struct media_type *type,
                                  const struct placed *placed)
{
    const char *state = type->has_derivatives ? "waiting" : "unsupported";
    const struct q_asset_create_in in = {
        .id = upload->id,
        .owner_id = upload->owner_id,
        .type = type->class == MEDIA_VIDEO ? "VIDEO" : "IMAGE",
        .visibility = fields->visibility ? fields->visibility : "timeline",
        .original_file_name = capped_name(fields->file_name),
        .original_path = placed->original,
        .original_mime_type = type->mime,
        .sidecar_path = placed->sidecar,
        .checksum = {placed->digest.sha1, sizeof(placed->digest.sha1)},
        .blake2b = {placed->digest.blake2b, sizeof(placed->digest.blake2b)},
        .file_size_bytes = placed->digest.size_bytes,
        .file_created_at = fields->file_created_at,
        .file_modified_at = fields->file_modified_at,
        .instance_zone = upload->instance_zone,
        .duration_ms = fields->duration_ms,
        .is_favorite = fields->is_favorite,
        .live_photo_video_id = fields->live_photo_video_id,
        .metadata_state = state,
        .derivative_state = state,
    };
    SP_TRY(q_asset_create(op, db, &in));
    if (fields->metadata_json)
        SP_TRY(q_asset_metadata_from_upload(op, db, &upload->id, fields->metadata_json));
    int64_t fits;
    SP_TRY(q_user_add_usage(op, db, placed->digest.size_bytes, &upload->owner_id, &fits));
    if (fits != 1)
        return sp_fail(op, SP_INVALID, quota_exceeded);
    return type->has_derivatives ? job_enqueue(op, db, JOB_METADATA, &upload->id) : NULL;
}

static struct sp_err *write_rows(struct sp_op *op, struct db_conn *db, const struct asset_upload *upload,
                                 const struct asset_upload_fields *fields, const struct media_type *type,
                                 const struct placed *placed)
{
    int64_t changed;
    /* the row first: where the collector holds it, this waits, and then finds it gone */
    SP_TRY(q_upload_delete(op, db, &upload->id, &changed));
    if (changed != 1)
        return sp_fail(op, SP_TIMEOUT, "The upload took too long and was given up. Send it again.");
    if (fields->live_photo_video_id.set) {
        SP_TRY(q_asset_hide_live_video(op, db, &fields->live_photo_video_id.value, &upload->owner_id, &changed));
        if (changed != 1)
            return sp_fail(op, SP_INVALID, "livePhotoVideoId is not a video of yours");
    }
    return insert_rows(op, db, upload, fields, type, placed);
}

static struct sp_err *place_files(struct sp_op *op, struct asset_upload *upload, const struct media_type *type,
                                  struct placed *placed)
{
    SP_TRY(store_upload_commit(op, upload->file[ASSET_UPLOAD_DATA], type->extension, &placed->original));
    if (upload->size_bytes[ASSET_UPLOAD_SIDECAR] == 0)
        return NULL;
    return store_upload_commit(op, upload->file[ASSET_UPLOAD_SIDECAR], "-sidecar.xmp", &placed->sidecar);
}

static struct sp_err *find_duplicate(struct sp_op *op, struct db_conn *db, struct asset_upload *upload,
                                     const uint8_t *sha1, struct asset_upload_result *ret_result, bool *ret_found)
{
    const struct principal owner = {.user_id = upload->owner_id};
    struct sp_opt_uuid existing;
    SP_TRY(asset_find_by_checksum(op, db, &owner, sha1, &existing));
    *ret_found = existing.set;
    if (existing.set)
        *ret_result = (struct asset_upload_result){.asset_id = existing.value, .duplicate = true};
    return NULL;
}

/* Where the same file was uploaded twice at once, the unique index lets one win; the other answers duplicate. */
static struct sp_err *commit_rows(struct sp_op *op, struct db_conn *db, struct asset_upload *upload,
                                  const struct asset_upload_fields *fields, const struct media_type *type,
                                  const struct placed *placed, struct asset_upload_result *ret_result)
{
    SP_TRY(db_begin(op, db));
    struct sp_err *err = db_end(op, db, write_rows(op, db, upload, fields, type, placed));
    if (!err) {
        *ret_result = (struct asset_upload_result){.asset_id = upload->id};
        return NULL;
    }
    if (err->code != SP_CONFLICT || strcmp(db_conflict(db), "asset_owner_checksum_key") != 0)
        return err;
    bool found;
    SP_TRY(find_duplicate(op, db, upload, placed->digest.sha1, ret_result, &found));
    return found ? NULL : err;
}

static struct sp_err *finish(struct sp_op *op, struct db_conn *db, struct asset_upload *upload,
                             const struct asset_upload_fields *fields, struct asset_upload_result *ret_result)
{
    const struct media_type *type;
    struct placed placed = {0};
    bool is_duplicate;
    SP_TRY(check_fields(op, upload, fields, &type));
    SP_TRY(store_upload_digest(op, upload->file[ASSET_UPLOAD_DATA], &placed.digest));
    SP_TRY(find_duplicate(op, db, upload, placed.digest.sha1, ret_result, &is_duplicate));
    if (is_duplicate)
        return NULL;
    SP_TRY(place_files(op, upload, type, &placed));
    return commit_rows(op, db, upload, fields, type, &placed, ret_result);
}

struct sp_err *asset_upload_finish(struct sp_op *op, struct db_conn *db, struct asset_upload *upload,
                                   const struct asset_upload_fields *fields, struct asset_upload_result *ret_result)
{
    struct sp_err *err = finish(op, db, upload, fields, ret_result);
    if (err || ret_result->duplicate)
        asset_upload_abort(op, db, upload);
    return err;
}

static struct sp_err *remove_now(struct sp_op *op, struct db_conn *db, struct asset_upload *upload)
{
    int64_t count;
    for (int i = 0; i < ASSET_UPLOAD_FILE_COUNT; i++)
        if (upload->file[i])
            store_upload_discard(upload->file[i]);
    SP_TRY(store_remove_upload(op, upload->store, upload->stem, &count));
    return q_upload_delete(op, db, &upload->id, &count);
}

void asset_upload_abort(struct sp_op *op, struct db_conn *db, struct asset_upload *upload)
{
    /* The line broke at the commit: it may have happened, and then the files are an asset's. The row tells, later. */
    if (db_commit_is_uncertain(db))
        return;
    struct sp_err *err = remove_now(op, db, upload);
    if (err)
        sp_log_err(SP_LOG_WARN, op, err, "an aborted upload is left to the collector");
}
