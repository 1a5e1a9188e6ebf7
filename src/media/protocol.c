/* See protocol.h. The worker's job threads (replies) and the decoder's zygote (requests). */
#include "media/protocol.h"

#include <string.h>

#include "base/encode.h"
#include "os/wire.h"

enum kind { KIND_U8, KIND_I32, KIND_U32, KIND_I64, KIND_DOUBLE, KIND_TEXT, KIND_BYTES };

/* low and high: of a number its bounds; of text and bytes high is the field's capacity. */
struct field {
    enum kind kind;
    size_t offset;
    double low, high;
    size_t size_offset; /* KIND_BYTES: of the uint32_t that counts them */
};

#define NUMBER(object, kind, name, low, high) {kind, offsetof(struct object, name), low, high, 0}
#define FLAG(object, name) NUMBER(object, KIND_U8, name, 0, 1)
#define TEXT(object, name) {KIND_TEXT, offsetof(struct object, name), 0, sizeof(((struct object *)0)->name), 0}

/* Years 0001 to 9999 in milliseconds: within 2^53, so a double holds it exactly */
#define TIME_MIN (-62135596800000.0)
#define TIME_MAX 253402300799999.0
enum { MESSAGE_REQUEST = 0x53504d31, MESSAGE_REPLY = 0x53504d32 }; /* the first value of each: which it is */

static const struct field request_fields[] = {
    NUMBER(media_request, KIND_U32, operations, 1, MEDIA_METADATA | MEDIA_DERIVATIVES | MEDIA_SELF_TEST),
    NUMBER(media_request, KIND_U32, preview_px, 16, 16384),
    NUMBER(media_request, KIND_U32, thumbnail_px, 16, 4096),
    NUMBER(media_request, KIND_U32, preview_quality, 1, 100),
    NUMBER(media_request, KIND_U32, thumbnail_quality, 1, 100),
    NUMBER(media_request, KIND_U32, timeout_ms, 1, 3600000),
    NUMBER(media_request, KIND_U32, self_test, 0, 1000),
};

static const struct field reply_fields[] = {
    NUMBER(media_reply, KIND_U32, status, 0, MEDIA_STATUS_COUNT - 1),
    TEXT(media_reply, message),
    TEXT(media_reply, detail),
    TEXT(media_reply, format),
    NUMBER(media_reply, KIND_I32, width, 0, MEDIA_SIDE_MAX),
    NUMBER(media_reply, KIND_I32, height, 0, MEDIA_SIDE_MAX),
    NUMBER(media_reply, KIND_I32, preview_width, 0, MEDIA_SIDE_MAX),
    NUMBER(media_reply, KIND_I32, preview_height, 0, MEDIA_SIDE_MAX),
    NUMBER(media_reply, KIND_I32, thumbnail_width, 0, MEDIA_SIDE_MAX),
    NUMBER(media_reply, KIND_I32, thumbnail_height, 0, MEDIA_SIDE_MAX),
    {KIND_BYTES, offsetof(struct media_reply, thumbhash), 0, MEDIA_THUMBHASH_BYTES,
     offsetof(struct media_reply, thumbhash_size)},
    NUMBER(media_reply, KIND_U32, escaped, 0, 1),
    TEXT(media_reply, metadata.make),
    TEXT(media_reply, metadata.model),
    TEXT(media_reply, metadata.lens_model),
    TEXT(media_reply, metadata.exposure_time),
    TEXT(media_reply, metadata.projection_type),
    TEXT(media_reply, metadata.description),
    NUMBER(media_reply, KIND_I64, metadata.taken_local_ms, TIME_MIN, TIME_MAX),
    NUMBER(media_reply, KIND_I64, metadata.modified_local_ms, TIME_MIN, TIME_MAX),
    NUMBER(media_reply, KIND_I64, metadata.gps_utc_ms, TIME_MIN, TIME_MAX),
    NUMBER(media_reply, KIND_I32, metadata.offset_minutes, -15 * 60, 15 * 60),
    FLAG(media_reply, metadata.has_taken),
    FLAG(media_reply, metadata.has_modified),
    FLAG(media_reply, metadata.has_gps_time),
    FLAG(media_reply, metadata.has_offset),
    FLAG(media_reply, metadata.has_gps),
    FLAG(media_reply, metadata.has_altitude),
    FLAG(media_reply, metadata.has_rating),
    NUMBER(media_reply, KIND_DOUBLE, metadata.latitude, -90, 90),
    NUMBER(media_reply, KIND_DOUBLE, metadata.longitude, -180, 180),
    NUMBER(media_reply, KIND_DOUBLE, metadata.altitude, -100000, 100000),
    NUMBER(media_reply, KIND_DOUBLE, metadata.f_number, 0, 1000),
    NUMBER(media_reply, KIND_DOUBLE, metadata.focal_length, 0, 100000),
    NUMBER(media_reply, KIND_I32, metadata.iso, 0, 100000000),
    NUMBER(media_reply, KIND_I32, metadata.orientation, 0, 8),
    NUMBER(media_reply, KIND_I32, metadata.rating, -1, 5),
};

static int64_t load_integer(const struct field *field, const void *at)
{
    switch (field->kind) {
    case KIND_U8:
        return *(const uint8_t *)at;
    case KIND_I32:
        return *(const int32_t *)at;
    case KIND_U32:
        return *(const uint32_t *)at;
    default:
        return *(const int64_t *)at;
    }
}

static void store_integer(const struct field *field, void *at, int64_t value)
{
    switch (field->kind) {
    case KIND_U8:
        *(uint8_t *)at = (uint8_t)value;
        break;
    case KIND_I32:
        *(int32_t *)at = (int32_t)value;
        break;
    case KIND_U32:
        *(uint32_t *)at = (uint32_t)value;
        break;
    default:
        *(int64_t *)at = value;
        break;
    }
}

static void put_field(struct os_writer *writer, const struct field *field, const uint8_t *object)
{
    const uint8_t *at = object + field->offset;
    if (field->kind == KIND_TEXT)
        os_put_bytes(writer, at, strnlen((const char *)at, (size_t)field->high - 1));
    else if (field->kind == KIND_BYTES)
        os_put_bytes(writer, at, *(const uint32_t *)(const void *)(object + field->size_offset));
    else if (field->kind == KIND_DOUBLE)
        os_put_double(writer, *(const double *)(const void *)at);
    else
        os_put_integer(writer, load_integer(field, at));
}

static size_t pack(int message, const struct field *fields, size_t count, const void *object, uint8_t *ret_message)
{
    struct os_writer writer = {.data = ret_message, .capacity = MEDIA_MESSAGE_MAX_BYTES};
    os_put_integer(&writer, message);
    for (size_t i = 0; i < count; i++)
        put_field(&writer, &fields[i], object);
    sp_assert(!writer.failed); /* the capacities of all fields together are below the maximum */
    return writer.size;
}

/* UTF-8 without control characters but the line's end. */
static bool get_text(struct os_reader *reader, char *target, size_t capacity)
{
    size_t length;
    if (!os_get_bytes(reader, target, capacity - 1, &length))
        return false;
    target[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)target[i] < ' ' && target[i] != '\n') || target[i] == 0x7f)
            return false;
    return sp_utf8_valid(target, length);
}

static bool get_field(struct os_reader *reader, const struct field *field, uint8_t *object)
{
    uint8_t *at = object + field->offset;
    int64_t integer;
    size_t size;
    if (field->kind == KIND_TEXT)
        return get_text(reader, (char *)at, (size_t)field->high);
    if (field->kind == KIND_DOUBLE)
        return os_get_double(reader, field->low, field->high, (double *)(void *)at);
    if (field->kind == KIND_BYTES) {
        if (!os_get_bytes(reader, at, (size_t)field->high, &size))
            return false;
        *(uint32_t *)(void *)(object + field->size_offset) = (uint32_t)size;
        return true;
    }
    if (!os_get_integer(reader, (int64_t)field->low, (int64_t)field->high, &integer))
        return false;
    store_integer(field, at, integer);
    return true;
}

static bool parse(int message, const struct field *fields, size_t count, struct os_reader reader, void *object)
{
    int64_t found;
    if (!os_get_integer(&reader, message, message, &found))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!get_field(&reader, &fields[i], object))
            return false;
    return os_reader_done(&reader);
}

size_t media_request_pack(const struct media_request *request, uint8_t ret_message[static MEDIA_MESSAGE_MAX_BYTES])
{
    return pack(MESSAGE_REQUEST, request_fields, SP_COUNT(request_fields), request, ret_message);
}

size_t media_reply_pack(const struct media_reply *reply, uint8_t ret_message[static MEDIA_MESSAGE_MAX_BYTES])
{
    sp_assert(reply->thumbhash_size <= MEDIA_THUMBHASH_BYTES);
    return pack(MESSAGE_REPLY, reply_fields, SP_COUNT(reply_fields), reply, ret_message);
}

bool media_request_parse(const void *message, size_t size, struct media_request *ret_request)
{
    memset(ret_request, 0, sizeof(*ret_request));
    const struct os_reader reader = {.data = message, .size = size};
    return parse(MESSAGE_REQUEST, request_fields, SP_COUNT(request_fields), reader, ret_request);
}

bool media_reply_parse(const void *message, size_t size, struct media_reply *ret_reply)
{
    memset(ret_reply, 0, sizeof(*ret_reply));
    const struct os_reader reader = {.data = message, .size = size};
    return parse(MESSAGE_REPLY, reply_fields, SP_COUNT(reply_fields), reader, ret_reply);
}

size_t media_request_fds(const struct media_request *request)
{
    return request->operations & MEDIA_DERIVATIVES ? MEDIA_FD_COUNT : MEDIA_FD_INPUT + 1;
}
