/*
 * POST /assets: the multipart stream of an upload, handed to src/domain/asset_upload.c.
 * begin and end run on worker threads, part and data on I/O threads; one at a time for a request.
 */
#include "api/call.h"

#include <string.h>

#include "api/app.h"
#include "api/checksum.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/op.h"
#include "domain/asset_upload.h"
#include "gen/api/assets.h"
#include "http/exchange.h"
#include "http/server.h"

/* Text fields are few and short; `metadata` is the longest. */
enum { TEXT_FIELDS_MAX = 64, TEXT_FIELD_MAX_BYTES = 64 * 1024, NAME_MAX_BYTES = 100, METADATA_MAX_BYTES = 256 * 1024 };

struct text_field {
    const char *name;
    struct sp_buf value;
};

struct upload_stream {
    struct asset_upload *upload;
    const char *file_name; /* of the asset's part */
    struct text_field fields[TEXT_FIELDS_MAX];
    size_t field_count;
    /* where the current part's bytes go: a file, a text field, or (both unset) nowhere */
    enum asset_upload_file file;
    bool to_file;
    struct sp_buf *to_text;
};

static void release_fields(void *pointer)
{
    struct upload_stream *stream = pointer;
    for (size_t i = 0; i < stream->field_count; i++)
        sp_buf_finish(&stream->fields[i].value);
}

static struct sp_err *reply(struct api_call *call, int status, const struct sp_uuid *id, bool duplicate)
{
    struct api_upload_asset_out out = {.status = status};
    out.body.id = *id;
    out.body.status = duplicate ? DTO_ASSET_MEDIA_STATUS_DUPLICATE : DTO_ASSET_MEDIA_STATUS_CREATED;
    return api_reply_upload_asset(call, &out);
}

/* A known checksum answers before the body is read. */
static struct sp_err *reply_if_duplicate(struct api_call *call, bool *ret_replied)
{
    const char *text = http_header(call->x, "x-immich-checksum");
    *ret_replied = false;
    if (!text)
        return NULL;
    uint8_t sha1[SP_SHA1_BYTES];
    if (!assets_parse_checksum(text, sha1))
        return sp_fail(call->op, SP_INVALID, "x-immich-checksum must be a SHA-1 in hex or base64");
    struct sp_opt_uuid existing;
    SP_TRY(asset_find_by_checksum(call->op, call->db, call->who, sha1, &existing));
    if (!existing.set)
        return NULL;
    *ret_replied = true;
    return reply(call, 200, &existing.value, true);
}

static struct sp_err *begin(struct api_call *call)
{
    bool replied;
    SP_TRY(reply_if_duplicate(call, &replied));
    if (replied)
        return NULL;
    struct upload_stream *stream;
    SP_NEW(call->op, stream);
    SP_TRY(sp_defer(call->op, release_fields, stream));
    const struct asset_upload_config config = {
        .store = call->app->store,
        .instance_zone = call->app->instance_zone,
        .max_bytes = call->app->upload_max_bytes,
        .expected_bytes = http_content_length(call->x),
    };
    SP_TRY(asset_upload_begin(call->op, call->db, &config, call->who, &stream->upload));
    call->stream = stream;
    return NULL;
}

static struct sp_err *start_text(struct api_call *call, struct upload_stream *stream, const char *name)
{
    if (stream->field_count == TEXT_FIELDS_MAX)
        return sp_fail(call->op, SP_INVALID, "The form has more than %d text fields", TEXT_FIELDS_MAX);
    struct text_field *field = &stream->fields[stream->field_count];
    field->name = sp_strndup(call->op, name, strnlen(name, NAME_MAX_BYTES));
    SP_OWN(field->name);
    sp_buf_init(&field->value, TEXT_FIELD_MAX_BYTES);
    stream->field_count++;
    stream->to_text = &field->value;
    return NULL;
}

static struct sp_err *part(struct api_call *call, const struct http_part *head)
{
    struct upload_stream *stream = call->stream;
    stream->to_file = false;
    stream->to_text = NULL;
    if (!head->name)
        return NULL;
    bool is_data = strcmp(head->name, "assetData") == 0;
    if (!is_data && strcmp(head->name, "sidecarData") != 0)
        return head->file_name ? NULL : start_text(call, stream, head->name); /* unknown files are read over */
    stream->to_file = true;
    stream->file = is_data ? ASSET_UPLOAD_DATA : ASSET_UPLOAD_SIDECAR;
    if (is_data) {
        stream->file_name = sp_strdup(call->op, head->file_name ? head->file_name : "");
        SP_OWN(stream->file_name);
    }
    return asset_upload_file(call->op, stream->upload, stream->file);
}

static struct sp_err *data(struct api_call *call, const void *bytes, size_t size)
{
    struct upload_stream *stream = call->stream;
    if (stream->to_file)
        return asset_upload_write(call->op, stream->upload, stream->file, bytes, size);
    if (!stream->to_text)
        return NULL;
    sp_buf_append(stream->to_text, bytes, size);
    if (stream->to_text->failed)
        return sp_fail(call->op, SP_INVALID, "A text field of the form is longer than %d bytes", TEXT_FIELD_MAX_BYTES);
    return NULL;
}

static struct sp_err *sync(struct api_call *call)
{
    struct upload_stream *stream = call->stream;
    return asset_upload_sync(call->op, stream->upload);
}

/* The index-th text field of a name: what the generated table reads the form from. */
static const char *form_text(void *context, const struct schema_field *field, size_t index)
{
    const struct upload_stream *stream = context;
    for (size_t i = 0; i < stream->field_count; i++) {
        if (strcmp(stream->fields[i].name, field->name) != 0 || index-- > 0)
            continue;
        return stream->fields[i].value.data ? stream->fields[i].value.data : "";
    }
    return NULL;
}

static struct sp_err *metadata_json(struct sp_op *op, const struct dto_asset_metadata_upsert_item_list *items,
                                    const char **ret_json)
{
    struct sp_buf buf;
    struct sp_json_writer json;
    sp_buf_init(&buf, METADATA_MAX_BYTES);
    sp_json_init(&json, &buf);
    sp_json_begin_array(&json);
    struct sp_err *err = NULL;
    for (size_t i = 0; !err && i < items->count; i++)
        err = schema_write(op, &dto_asset_metadata_upsert_item_schema, &items->items[i], &json);
    sp_json_end_array(&json);
    if (!err)
        err = sp_buf_check(op, &buf);
    *ret_json = err ? NULL : sp_strdup(op, buf.data);
    sp_buf_finish(&buf);
    if (err)
        return err;
    SP_OWN(*ret_json);
    return NULL;
}

static struct sp_err *read_fields(struct api_call *call, struct upload_stream *stream,
                                  struct asset_upload_fields *ret_fields)
{
    struct dto_asset_media_create form = {0};
    const struct schema_texts texts = {form_text, stream};
    SP_TRY(schema_read_texts(call->op, &dto_asset_media_create_schema, &texts, &form));
    *ret_fields = (struct asset_upload_fields){
        .file_name = form.filename ? form.filename : stream->file_name,
        .file_created_at = form.file_created_at,
        .file_modified_at = form.file_modified_at,
        .is_favorite = form.is_favorite.set && form.is_favorite.value,
        .visibility = form.visibility.set ? dto_asset_visibility_text(form.visibility.value) : NULL,
        .live_photo_video_id = form.live_photo_video_id,
        .duration_ms = form.duration.set && form.duration.value > 0 ? form.duration : (struct sp_opt_i64){0},
    };
    return form.metadata ? metadata_json(call->op, form.metadata, &ret_fields->metadata_json) : NULL;
}

static struct sp_err *end(struct api_call *call)
{
    struct upload_stream *stream = call->stream;
    struct asset_upload_fields fields;
    struct asset_upload_result result;
    SP_TRY(read_fields(call, stream, &fields));
    SP_TRY(asset_upload_finish(call->op, call->db, stream->upload, &fields, &result));
    return reply(call, result.duplicate ? 200 : 201, &result.asset_id, result.duplicate);
}

static void give_up(struct api_call *call)
{
    struct upload_stream *stream = call->stream;
    asset_upload_abort(call->op, call->db, stream->upload);
}

const struct api_stream api_upload_asset_stream = {begin, part, data, sync, end, give_up};
