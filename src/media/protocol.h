/*
 * What the worker and swissphoto-decode say to each other: one request and one reply over SOCK_SEQPACKET, descriptors
 * beside the request. One table a message (protocol.c) says for every field its type and bounds; packing, parsing and
 * checking all read it. The process that replies has decoded hostile bytes and may be theirs by then, so its reply is
 * input like any other: lengths, UTF-8, ranges, and nothing left over. Pure functions, any thread.
 */
#ifndef SP_MEDIA_PROTOCOL_H
#define SP_MEDIA_PROTOCOL_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum media_operation {
    MEDIA_METADATA = 1,
    MEDIA_DERIVATIVES = 2,
    MEDIA_SELF_TEST = 4, /* tries to break out of the sandbox and tells whether it could */
};

/* Beside a request, in this order: the reply's socket, the original, then with MEDIA_DERIVATIVES preview, thumbnail. */
enum { MEDIA_FD_REPLY, MEDIA_FD_INPUT, MEDIA_FD_PREVIEW, MEDIA_FD_THUMBNAIL, MEDIA_FD_COUNT };

enum { MEDIA_MESSAGE_MAX_BYTES = 8192 };
enum { MEDIA_TEXT_BYTES = 200, MEDIA_DESCRIPTION_BYTES = 4000, MEDIA_THUMBHASH_BYTES = 32 };
/* What is decoded: more pixels, or a longer side, is refused from the header. */
enum { MEDIA_SIDE_MAX = 65500, MEDIA_PIXELS_MAX = 268 * 1000 * 1000 };

struct media_request {
    uint32_t operations;                         /* enum media_operation, or-ed */
    uint32_t preview_px, thumbnail_px;           /* the preview's longer side, the thumbnail's shorter */
    uint32_t preview_quality, thumbnail_quality; /* 1 to 100 */
    uint32_t timeout_ms;                         /* after it the decoding process is killed */
    uint32_t self_test;                          /* with MEDIA_SELF_TEST: which attempt (escape.c), from 0 */
};

enum media_status {
    MEDIA_OK,
    MEDIA_BROKEN,      /* not decodable: damaged, cut off or not what it says */
    MEDIA_TOO_LARGE,   /* more pixels than are decoded */
    MEDIA_UNSUPPORTED, /* a format without a decoder */
    MEDIA_KILLED,      /* the decoding process was ended: its time or memory ran out, it crashed or broke a rule */
    MEDIA_FAILED,      /* our fault or the disk's: worth another try */
    MEDIA_STATUS_COUNT
};

/* Everything that may be missing has its own "nothing": "" for text, 0 for sizes, has_… for the rest. */
struct media_metadata {
    char make[MEDIA_TEXT_BYTES], model[MEDIA_TEXT_BYTES], lens_model[MEDIA_TEXT_BYTES];
    char exposure_time[MEDIA_TEXT_BYTES]; /* "1/250" */
    char projection_type[MEDIA_TEXT_BYTES];
    char description[MEDIA_DESCRIPTION_BYTES];
    /* wall time as EXIF has it, in milliseconds as if it were UTC */
    int64_t taken_local_ms, modified_local_ms;
    int64_t gps_utc_ms;     /* the satellites' clock: an instant */
    int32_t offset_minutes; /* of the wall time from UTC: EXIF's own, else from the satellites' clock */
    uint8_t has_taken, has_modified, has_gps_time, has_offset, has_gps, has_altitude, has_rating;
    double latitude, longitude, altitude;
    double f_number, focal_length; /* 0: unknown */
    int32_t iso, orientation, rating;
};

struct media_reply {
    uint32_t status;                /* enum media_status */
    char message[MEDIA_TEXT_BYTES]; /* for people, when status is not MEDIA_OK */
    char detail[MEDIA_TEXT_BYTES];  /* for the log: what the codec or the kernel said */
    char format[MEDIA_TEXT_BYTES];  /* "jpeg", from the bytes */
    int32_t width, height;          /* of the picture as people see it: after its orientation */
    int32_t preview_width, preview_height, thumbnail_width, thumbnail_height;
    uint32_t thumbhash_size;
    uint8_t thumbhash[MEDIA_THUMBHASH_BYTES];
    uint32_t escaped; /* MEDIA_SELF_TEST: 1 when the sandbox let the attempt pass */
    struct media_metadata metadata;
};

/* The message's size. What breaks the table's bounds is a bug of the caller and asserted by the other end. */
size_t media_request_pack(const struct media_request *request, uint8_t ret_message[static MEDIA_MESSAGE_MAX_BYTES]);
size_t media_reply_pack(const struct media_reply *reply, uint8_t ret_message[static MEDIA_MESSAGE_MAX_BYTES]);
/* False: not a message that a sound other end sends; the output is then half filled and must not be used. */
SP_MUST_CHECK bool media_request_parse(const void *message, size_t size, struct media_request *ret_request);
SP_MUST_CHECK bool media_reply_parse(const void *message, size_t size, struct media_reply *ret_reply);
/* How many descriptors come with a request. */
size_t media_request_fds(const struct media_request *request);

#endif
