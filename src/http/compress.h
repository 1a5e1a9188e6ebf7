/*
 * Content codings: which one the client prefers (RFC 9110 section 12.5.3), and making gzip and zstd of a whole reply.
 * Pure functions, any thread; compressing takes some hundred KB of heap for its duration.
 */
#ifndef SP_HTTP_COMPRESS_H
#define SP_HTTP_COMPRESS_H

#include "base/attr.h"
#include <stdbool.h>

struct sp_buf;

enum { HTTP_COMPRESS_FROM_BYTES = 1024 };

/* In the order of the server's liking; the values are bits of a set. */
enum http_coding { HTTP_IDENTITY = 0, HTTP_GZIP = 1, HTTP_BROTLI = 2, HTTP_ZSTD = 4 };
enum { HTTP_CODINGS_MADE = HTTP_GZIP | HTTP_ZSTD };

/* The best of the set `from` by the client's q-values, ties by our liking (zstd, br, gzip). NULL header: identity. */
enum http_coding http_coding_wanted(const char *accept_encoding, unsigned from);
const char *http_coding_name(enum http_coding coding);
/* Text of some kind. Parameters behind the type are ignored. */
bool http_is_compressible(const char *content_type);
/* Replaces the content; false: it did not get smaller, or no memory, and the content is untouched. */
SP_MUST_CHECK bool http_compress(enum http_coding coding, struct sp_buf *buf);

#endif
