/*
 * The request target (RFC 9112 section 3.2): origin-form or absolute-form, taken apart and decoded once. A target with
 * a control character, a space, a fragment, a bad escape, %00 or bytes that are no UTF-8 is refused. Segments are
 * decoded one by one, so that %2F stays inside its segment. Pure functions of an operation, any thread.
 */
#ifndef SP_HTTP_TARGET_H
#define SP_HTTP_TARGET_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

struct sp_op;
struct sp_err;

enum { HTTP_SEGMENTS_MAX = 32, HTTP_QUERY_PAIRS_MAX = 256 };

struct http_pair {
    const char *name, *value;
};

struct http_target {
    const char *path;      /* decoded, with its leading slash */
    const char **segments; /* "/api/albums/1" -> "api", "albums", "1"; "/" -> "" */
    size_t segment_count;
    struct http_pair *query; /* in the order of the target */
    size_t query_count;
};

/* SP_INVALID with a public message. All text lives in op. */
SP_MUST_CHECK struct sp_err *http_target_parse(struct sp_op *op, const char *raw, struct http_target *ret_target);
/* The index-th value of a query parameter, NULL behind the last. */
const char *http_target_query(const struct http_target *target, const char *name, size_t index);

#endif
