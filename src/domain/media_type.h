/*
 * The media types that are accepted: by extension, because clients send application/octet-stream. One table for the
 * upload check, /server/media-types and the jobs. Pure functions, any thread.
 */
#ifndef SP_DOMAIN_MEDIA_TYPE_H
#define SP_DOMAIN_MEDIA_TYPE_H

#include <stdbool.h>
#include <stddef.h>

enum media_class {
    MEDIA_IMAGE, /* a still that browsers show or that gets derivatives */
    MEDIA_RAW,   /* a camera's raw still */
    MEDIA_VIDEO,
    MEDIA_SIDECAR, /* metadata beside an asset: no asset of its own */
};

struct media_type {
    const char *extension; /* lower case, with the dot */
    const char *mime;
    enum media_class class;
    bool has_derivatives; /* the derivatives job can render it */
};

/* The row for a file name's extension (either case), or NULL: not supported. */
const struct media_type *media_type_of_name(const char *file_name);
/* All rows, count in ret_count. */
const struct media_type *media_types(size_t *ret_count);

#endif
