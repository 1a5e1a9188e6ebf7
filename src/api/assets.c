/* The tag Assets, but for the upload (assets_upload.c). Worker threads. */
#include "gen/api/assets.h"

#include <stdlib.h>
#include <string.h>

#include "api/app.h"
#include "api/asset_dto.h"
#include "api/call.h"
#include "api/checksum.h"
#include "api/gate.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/op.h"
#include "domain/asset.h"
#include "domain/trash.h"
#include "gen/db/asset.h"
#include "http/exchange.h"

#define MEDIA_CACHE_CONTROL "private, max-age=86400, no-transform"
enum { BASE64_SHA1_LENGTH = 28 };

static struct sp_opt_i64 widen(struct sp_opt_i32 narrow) { return (struct sp_opt_i64){narrow.set, narrow.value}; }

/* Before the metadata job there is nothing to tell but the size. */
static struct sp_err *exif_dto(struct sp_op *op, const struct q_asset_get_row *row, struct dto_exif_response **ret_dto)
{
    struct dto_exif_response *dto;
    SP_NEW(op, dto);
    *dto = (struct dto_exif_response){
        .city = row->city,
        .country = row->country,
        .date_time_original = row->date_time_original,
        .description = row->has_exif ? row->description : NULL,
        .exif_image_height = widen(row->image_height),
        .exif_image_width = widen(row->image_width),
        .exposure_time = row->exposure_time,
        .f_number = row->f_number,
        .file_size_in_byte = SP_SET(row->file_size_bytes),
        .focal_length = row->focal_length,
        .iso = widen(row->iso),
        .latitude = row->latitude,
        .lens_model = row->lens_model,
        .longitude = row->longitude,
        .make = row->make,
        .model = row->model,
        .modify_date = row->modify_date,
        .orientation = row->orientation,
        .projection_type = row->projection_type,
        .rating = widen(row->rating),
        .state = row->state,
        .time_zone = row->exif_time_zone,
    };
    *ret_dto = dto;
    return NULL;
}

struct sp_err *asset_dto(struct sp_op *op, const struct q_asset_get_row *row, struct dto_asset_response *dto)
{
    *dto = (struct dto_asset_response){
        .created_at = row->created_at,
        .duration = row->duration_ms,
        .file_created_at = row->file_created_at,
        .file_modified_at = row->file_modified_at,
        .has_metadata = true,
        .height = widen(row->height),
        .id = row->id,
        .is_archived = strcmp(row->visibility, "archive") == 0,
        .is_favorite = row->is_favorite,
        .is_offline = row->is_offline,
        .is_trashed = row->deleted_at.set,
        .library_id = row->library_id,
        .live_photo_video_id = row->live_photo_video_id,
        .local_date_time = row->local_date_time,
        .original_file_name = row->original_file_name,
        .original_mime_type = row->original_mime_type,
        .original_path = row->original_path,
        .owner_id = row->owner_id,
        .updated_at = row->updated_at,
        .width = widen(row->width),
    };
    if (!dto_asset_visibility_parse(row->visibility, &dto->visibility) ||
        !dto_asset_type_enum_parse(row->type, &dto->type))
        return sp_fail_internal(op, "asset of type %s, visibility %s", row->type, row->visibility);
    dto->checksum = sp_base64_encode(op, row->checksum.data, row->checksum.size);
    SP_OWN(dto->checksum);
    if (row->thumbhash.data) {
        dto->thumbhash = sp_base64_encode(op, row->thumbhash.data, row->thumbhash.size);
        SP_OWN(dto->thumbhash);
    }
    return exif_dto(op, row, &dto->exif_info);
}

struct sp_err *api_get_asset_info(struct api_call *call, const struct api_get_asset_info_in *in,
                                  struct api_get_asset_info_out *out)
{
    struct q_asset_get_row *row;
    SP_TRY(asset_get(call->op, call->db, call->who, &in->id, &row));
    return asset_dto(call->op, row, &out->body);
}

static struct sp_err *reply_media(struct api_call *call, const struct asset_media *media, enum http_file_source source)
{
    const struct http_file file = {
        .fd = media->fd,
        .size_bytes = media->size_bytes,
        .modified_at = media->modified_at,
        .etag = media->etag,
        .content_type = media->mime,
        .cache_control = MEDIA_CACHE_CONTROL,
        .file_name = media->file_name,
        .source = source,
    };
    return http_reply_file(call->x, &file);
}

static struct sp_err *redirect_to_original(struct api_call *call, const struct sp_uuid *id)
{
    char text[SP_UUID_TEXT_BYTES];
    sp_uuid_format(id, text);
    const char *credentials;
    SP_TRY(api_gate_query(call->op, call->x, &credentials));
    const char *location = sp_format(call->op, "/api/assets/%s/original%s", text, credentials);
    SP_OWN(location);
    http_reply_empty(call->x, 302);
    return http_reply_header(call->x, "Location", location);
}

struct sp_err *api_view_asset(struct api_call *call, const struct api_view_asset_in *in, struct api_view_asset_out *out)
{
    enum dto_asset_media_size size = in->size.set ? in->size.value : DTO_ASSET_MEDIA_SIZE_THUMBNAIL;
    if (size == DTO_ASSET_MEDIA_SIZE_ORIGINAL)
        return redirect_to_original(call, &in->id);
    struct asset_media media;
    /* no full size is made: the preview stands in for it */
    enum asset_size wanted = size == DTO_ASSET_MEDIA_SIZE_THUMBNAIL ? ASSET_THUMBNAIL : ASSET_PREVIEW;
    SP_TRY(asset_open_derivative(call->op, call->db, call->app->store, call->who, &in->id, wanted, &media));
    return reply_media(call, &media, HTTP_FILE_FAST);
}

struct sp_err *api_download_asset(struct api_call *call, const struct api_download_asset_in *in,
                                  struct api_download_asset_out *out)
{
    struct asset_media media;
    SP_TRY(asset_open_original(call->op, call->db, call->app->store, call->who, &in->id, &media));
    return reply_media(call, &media, HTTP_FILE_SLOW);
}

struct sp_err *api_get_asset_statistics(struct api_call *call, const struct api_get_asset_statistics_in *in,
                                        struct api_get_asset_statistics_out *out)
{
    const char *visibility = in->visibility.set ? dto_asset_visibility_text(in->visibility.value) : NULL;
    struct q_asset_statistics_row *counts;
    SP_TRY(asset_statistics(call->op, call->db, call->who, visibility, in->is_favorite,
                            in->is_trashed.set && in->is_trashed.value, &counts));
    out->body = (struct dto_asset_stats_response){
        .images = counts->images,
        .videos = counts->videos,
        .total = counts->total,
    };
    return NULL;
}

struct sp_err *api_delete_assets(struct api_call *call, const struct api_delete_assets_in *in,
                                 struct api_delete_assets_out *out)
{
    const bool force = in->body->force.set && in->body->force.value;
    return trash_delete_assets(call->op, call->db, call->who, &in->body->ids, force);
}

/* ---- the bulk upload check ---- */

bool assets_parse_checksum(const char *text, uint8_t ret_sha1[static SP_SHA1_BYTES])
{
    size_t size;
    if (strlen(text) == BASE64_SHA1_LENGTH)
        return sp_base64_decode(text, ret_sha1, SP_SHA1_BYTES, &size) && size == SP_SHA1_BYTES;
    return sp_hex_decode(text, ret_sha1, SP_SHA1_BYTES);
}

static struct sp_err *parse_checksums(struct sp_op *op, const struct dto_asset_bulk_upload_check_item_list *items,
                                      struct sp_bytes_list *ret_checksums)
{
    struct sp_bytes_list list = {.count = items->count};
    uint8_t *sha1;
    SP_NEW_ARRAY(op, list.items, items->count);
    SP_NEW_ARRAY(op, sha1, items->count * SP_SHA1_BYTES);
    for (size_t i = 0; i < items->count; i++, sha1 += SP_SHA1_BYTES) {
        if (!assets_parse_checksum(items->items[i].checksum, sha1)) {
            const char *path = sp_format(op, "assets.%zu.checksum", i);
            SP_OWN(path);
            return sp_err_issue(op, NULL, path, "invalid_format", "checksum must be a SHA-1 in hex or base64");
        }
        list.items[i] = (struct sp_bytes){sha1, SP_SHA1_BYTES};
    }
    *ret_checksums = list;
    return NULL;
}

static int compare_checksums(const void *a, const void *b)
{
    const struct q_assets_by_checksums_row *x = a, *y = b;
    return memcmp(x->checksum.data, y->checksum.data, SP_SHA1_BYTES);
}

/* Never reject what is not held: clients take every reject for a file that is safe to delete. */
struct sp_err *api_check_bulk_upload(struct api_call *call, const struct api_check_bulk_upload_in *in,
                                     struct api_check_bulk_upload_out *out)
{
    const struct dto_asset_bulk_upload_check_item_list *items = &in->body->assets;
    struct sp_bytes_list checksums;
    struct q_assets_by_checksums_rows found;
    SP_TRY(parse_checksums(call->op, items, &checksums));
    SP_TRY(asset_find_checksums(call->op, call->db, call->who, checksums, &found));
    qsort(found.items, found.count, sizeof(*found.items), compare_checksums);
    SP_NEW_ARRAY(call->op, out->body.results.items, items->count);
    out->body.results.count = items->count;
    for (size_t i = 0; i < items->count; i++) {
        struct dto_asset_bulk_upload_check_result *result = &out->body.results.items[i];
        const struct q_assets_by_checksums_row key = {.checksum = checksums.items[i]};
        const struct q_assets_by_checksums_row *held =
            bsearch(&key, found.items, found.count, sizeof(*found.items), compare_checksums);
        result->id = items->items[i].id;
        result->action = held ? DTO_ASSET_UPLOAD_ACTION_REJECT : DTO_ASSET_UPLOAD_ACTION_ACCEPT;
        if (!held)
            continue;
        result->reason = (struct dto_opt_asset_reject_reason)SP_SET(DTO_ASSET_REJECT_REASON_DUPLICATE);
        result->asset_id = (struct sp_opt_uuid)SP_SET(held->id);
        result->is_trashed = (struct sp_opt_bool)SP_SET(held->is_trashed);
    }
    return NULL;
}
