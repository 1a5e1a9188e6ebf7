/* See protocol.h. The worker's job threads (replies) and the decoder's zygote (requests). */
#include "media/protocol.h"

#include <math.h>
#include <string.h>

#include "base/encode.h"

/* Ends within its field, is UTF-8, has no control characters but the line's end. */
static bool text_is_sound(const char *text, size_t capacity)
{
    size_t length = strnlen(text, capacity);
    if (length == capacity || !sp_utf8_valid(text, length))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' && text[i] != '\n')
            return false;
    return true;
}

static bool in_range(int64_t value, int64_t low, int64_t high)
{
    return value >= low && value <= high;
}

static bool number_in_range(double value, double low, double high)
{
    return isfinite(value) && value >= low && value <= high;
}

/* Years 0001 to 9999, in milliseconds. */
static bool time_is_sound(int64_t ms)
{
    return in_range(ms, -62135596800000LL, 253402300799999LL);
}

static bool metadata_is_sound(const struct media_metadata *m)
{
    return text_is_sound(m->make, sizeof(m->make)) && text_is_sound(m->model, sizeof(m->model)) &&
           text_is_sound(m->lens_model, sizeof(m->lens_model)) &&
           text_is_sound(m->exposure_time, sizeof(m->exposure_time)) &&
           text_is_sound(m->projection_type, sizeof(m->projection_type)) &&
           text_is_sound(m->description, sizeof(m->description)) && time_is_sound(m->taken_local_ms) &&
           time_is_sound(m->modified_local_ms) && in_range(m->offset_minutes, -24 * 60, 24 * 60) &&
           number_in_range(m->latitude, -90, 90) && number_in_range(m->longitude, -180, 180) &&
           number_in_range(m->altitude, -1e6, 1e6) && number_in_range(m->f_number, 0, 1000) &&
           number_in_range(m->focal_length, 0, 100000) && in_range(m->iso, 0, 100000000) &&
           in_range(m->orientation, 0, 8) && in_range(m->rating, -1, 5);
}

static bool side_is_sound(int32_t side)
{
    return in_range(side, 0, MEDIA_SIDE_MAX);
}

bool media_reply_check(const struct media_reply *reply, size_t size)
{
    return size == sizeof(*reply) && reply->magic == MEDIA_MAGIC && reply->status < MEDIA_STATUS_COUNT &&
           text_is_sound(reply->message, sizeof(reply->message)) &&
           text_is_sound(reply->format, sizeof(reply->format)) && side_is_sound(reply->width) &&
           side_is_sound(reply->height) && side_is_sound(reply->preview_width) &&
           side_is_sound(reply->preview_height) && side_is_sound(reply->thumbnail_width) &&
           side_is_sound(reply->thumbnail_height) && reply->thumbhash_size <= MEDIA_THUMBHASH_BYTES &&
           metadata_is_sound(&reply->metadata);
}

bool media_request_check(const struct media_request *request, size_t size)
{
    return size == sizeof(*request) && request->magic == MEDIA_MAGIC &&
           (request->operations & ~(uint32_t)(MEDIA_METADATA | MEDIA_DERIVATIVES | MEDIA_SELF_TEST)) == 0 &&
           in_range(request->preview_px, 16, 16384) && in_range(request->thumbnail_px, 16, 4096) &&
           in_range(request->preview_quality, 1, 100) && in_range(request->thumbnail_quality, 1, 100) &&
           in_range(request->timeout_ms, 100, 3600000);
}
