/*
 * POST /assets: the multipart stream of an upload, handed to src/domain/asset_upload.c.
 * begin and end run on worker threads, part and data on I/O threads; one at a time for a request.
 */
#include "api/call.h"

#include <string.h>

#include "api/app.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/op.h"
#include "domain/asset_upload.h"
#include "gen/api/assets.h"
#include "http/exchange.h"

/* Text fields are few and short; `metadata` is the longest. */
enum { TEXT_FIELDS_MAX = 64, TEXT_FIELD_MAX_BYTES = 64 * 1024, NAME_MAX_BYTES = 100 };
enum { FIXED_BASE64_SHA1_LENGTH = 28, SHA1_HEX_LENGTH = 40 };

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

/* SHA-1 as 40 hex digits or 28 characters of base64. */
static bool parse_checksum(const char *text, uint8_t ret_sha1[static SP_SHA1_BYTES])
{
    size_t size;
    if (strlen(text) == FIXED_BASE64_SHA1_LENGTH)
        return sp_base64_decode(text, ret_sha1, SP_SHA1_BYTES, &size) && size == SP_SHA1_BYTES;
    return sp_hex_decode(text, ret_sha1, SP_SHA1_BYTES);
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
    if (!parse_checksum(text, sha1))
        return sp_fail(call->op, SP_INVALID, "x-immich-checksum must be a SHA-1 in hex or base64");
    struct sp_opt_uuid existing;
    SP_TRY(asset_find_by_checksum(call->op, call->db, call->who, sha1, &existing));
    if (!existing.set)
        return NULL;
    *ret_replied = true;
    return reply(call, 200, &existing.value, true);
}

static struct sp_err *upload_begin(struct api_call *call)
{
    bool replied;
    SP_TRY(reply_if_duplicate(call, &replied));
    if (replied)
        return NULL;
    struct upload_stream *stream;
    SP_NEW(call->op, stream);
    SP_TRY(sp_defer(call->op, release_fields, stream));
    SP_TRY(asset_upload_begin(call->op, call->db, call->app->store, call->who, call->app->upload_max_bytes,
                              &stream->upload));
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

static struct sp_err *upload_part(struct api_call *call, const struct http_part *part)
{
    struct upload_stream *stream = call->stream;
    stream->to_file = false;
    stream->to_text = NULL;
    if (!part->name)
        return NULL;
    bool data = strcmp(part->name, "assetData") == 0;
    if (!data && strcmp(part->name, "sidecarData") != 0)
        return part->file_name ? NULL : start_text(call, stream, part->name); /* unknown files are read over */
    stream->to_file = true;
    stream->file = data ? ASSET_UPLOAD_DATA : ASSET_UPLOAD_SIDECAR;
    if (data) {
        stream->file_name = sp_strdup(call->op, part->file_name ? part->file_name : "");
        SP_OWN(stream->file_name);
    }
    return asset_upload_file(call->op, stream->upload, stream->file);
}

static struct sp_err *upload_data(struct api_call *call, const void *data, size_t size)
{
    struct upload_stream *stream = call->stream;
    if (stream->to_file)
        return asset_upload_write(call->op, stream->upload, stream->file, data, size);
    if (!stream->to_text)
        return NULL;
    sp_buf_append(stream->to_text, data, size);
    if (stream->to_text->failed)
        return sp_fail(call->op, SP_INVALID, "A text field of the form is longer than %d bytes", TEXT_FIELD_MAX_BYTES);
    return NULL;
}

/* Older clients send a duration as "0" or "00:00:00.000000"; newer ones whole milliseconds. */
static bool parse_duration(const char *text, int64_t *ret_ms)
{
    unsigned hours, minutes, seconds;
    int used = 0;
    if (sscanf(text, "%3u:%2u:%2u%n", &hours, &minutes, &seconds, &used) == 3 && (text[used] == '\0' || text[used] == '.')) {
        unsigned ms = 0;
        if (text[used] == '.')
            (void)sscanf(text + used + 1, "%3u", &ms);
        *ret_ms = ((int64_t)hours * 60 + minutes) * 60000 + (int64_t)seconds * 1000 + ms;
        return true;
    }
    char *end;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < 0 || value > INT32_MAX)
        return false;
    *ret_ms = value;
    return true;
}

static const char *text_of(const struct upload_stream *stream, const char *name)
{
    for (size_t i = 0; i < stream->field_count; i++)
        if (strcmp(stream->fields[i].name, name) == 0)
            return stream->fields[i].value.data ? stream->fields[i].value.data : "";
    return NULL;
}
