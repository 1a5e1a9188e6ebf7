/*
 * multipart/form-data (RFC 7578), parsed as it comes in pieces of any size. The caller's buffers are not kept; what may
 * be the beginning of a boundary is held back. Names are read as browsers, undici, Dart's http and dio, and curl write
 * them: %22, %0D and %0A for quotes and line breaks, or a backslash before quote and backslash, or filename* (RFC
 * 5987).
 *
 * Limits: HTTP_PARTS_MAX parts, HTTP_PART_HEADER_BYTES_MAX of headers each, HTTP_TEXT_PART_BYTES_MAX for a part that
 * has no file name. Bytes after the closing boundary and before the first one are ignored. Thread: the owner's.
 */
#ifndef SP_HTTP_MULTIPART_H
#define SP_HTTP_MULTIPART_H

#include "base/attr.h"
#include <stddef.h>

struct sp_op;
struct sp_err;
struct http_part;
struct http_multipart;

enum {
    HTTP_PARTS_MAX = 256,
    HTTP_PART_HEADER_BYTES_MAX = 8 << 10,
    HTTP_TEXT_PART_BYTES_MAX = 1 << 20,
    HTTP_BOUNDARY_MAX = 200 /* RFC 2046 says 70 */
};

/* part is called once before the data of each part; its texts live in the operation. */
struct http_multipart_sink {
    void *context;
    struct sp_err *(*part)(void *context, const struct http_part *part);
    struct sp_err *(*data)(void *context, const void *data, size_t size);
};

/* content_type is the request's. SP_UNSUPPORTED: not multipart/form-data; SP_INVALID: no usable boundary. */
SP_MUST_CHECK struct sp_err *http_multipart_create(struct sp_op *op, const char *content_type,
                                                   const struct http_multipart_sink *sink,
                                                   struct http_multipart **ret_multipart);
/* The parser's or the sink's error; after one the parser is spent. */
SP_MUST_CHECK struct sp_err *http_multipart_feed(struct http_multipart *multipart, const void *data, size_t size);
/* SP_INVALID when the closing boundary has not come. */
SP_MUST_CHECK struct sp_err *http_multipart_finish(struct http_multipart *multipart);

#endif
