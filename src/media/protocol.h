/*
 * What the worker and swissphoto-decode say to each other: one fixed-size message each way over SOCK_SEQPACKET, file
 * descriptors beside the request. The replying process has decoded hostile bytes and may be theirs, so a reply is
 * believed only after media_reply_check: lengths, terminators, UTF-8, ranges.
 */
#ifndef SP_MEDIA_PROTOCOL_H
#define SP_MEDIA_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_MAGIC 0x53504d31u /* "SPM1" */

enum media_operation {
    MEDIA_METADATA = 1,
    MEDIA_DERIVATIVES = 2,
    MEDIA_SELF_TEST = 4, /* tries to break out of the sandbox and tells what it could do */
};

/* Beside a request, in this order: the reply's socket, the original, then with MEDIA_DERIVATIVES preview and thumbnail. */
enum { MEDIA_FD_REPLY, MEDIA_FD_INPUT, MEDIA_FD_PREVIEW, MEDIA_FD_THUMBNAIL, MEDIA_FD_COUNT };

struct media_request {
    uint32_t magic, operations;
    uint32_t preview_px, thumbnail_px;           /* the longer side */
    uint32_t preview_quality, thumbnail_quality; /* 1 to 100 */
    uint32_t timeout_ms;
    uint32_t reserved;
};

enum media_status {
    MEDIA_OK,
    MEDIA_BROKEN,      /* not decodable: damaged or not what it says */
    MEDIA_TOO_LARGE,   /* more pixels than are decoded */
    MEDIA_UNSUPPORTED, /* a format without a decoder */
    MEDIA_KILLED,      /* the decoding process was ended: its time or memory ran out, or it broke a rule */
    MEDIA_FAILED,      /* our fault or the disk's: worth another try */
    MEDIA_STATUS_COUNT
};

enum { MEDIA_TEXT_BYTES = 200, MEDIA_DESCRIPTION_BYTES = 4000, MEDIA_THUMBHASH_BYTES = 32 };
enum { MEDIA_SIDE_MAX = 65500 };
#define MEDIA_PIXELS_MAX (268LL * 1000 * 1000)

/* Everything that may be missing has its own "nothing": "" for text, 0 for sizes, has_… for the rest. */
struct media_metadata {
    char make[MEDIA_TEXT_BYTES], model[MEDIA_TEXT_BYTES], lens_model[MEDIA_TEXT_BYTES];
    char exposure_time[MEDIA_TEXT_BYTES]; /* "1/250" */
    char projection_type[MEDIA_TEXT_BYTES];
    char description[MEDIA_DESCRIPTION_BYTES];
    /* wall time as EXIF has it, in milliseconds as if it were UTC; the offset only if EXIF has one */
    int64_t taken_local_ms, modified_local_ms;
    int32_t offset_minutes;
    uint8_t has_taken, has_modified, has_offset, has_gps, has_altitude, has_rating;
    uint8_t reserved[2];
    double latitude, longitude, altitude;
    double f_number, focal_length; /* 0: unknown */
    int32_t iso, orientation, rating;
    int32_t reserved2;
};

struct media_reply {
    uint32_t magic, status;
    char message[MEDIA_TEXT_BYTES]; /* for people, when status is not MEDIA_OK */
    char format[MEDIA_TEXT_BYTES];  /* "jpeg", from the bytes */
    int32_t width, height;          /* of the picture as people see it: after its orientation */
    int32_t preview_width, preview_height, thumbnail_width, thumbnail_height;
    uint32_t thumbhash_size;
    uint8_t thumbhash[MEDIA_THUMBHASH_BYTES];
    uint32_t escapes; /* MEDIA_SELF_TEST: bits of what the sandbox let pass; 0 is right */
    struct media_metadata metadata;
};

/* size: of the received message. False: not a reply that a sound decoder sends. */
bool media_reply_check(const struct media_reply *reply, size_t size);
bool media_request_check(const struct media_request *request, size_t size);

#endif
