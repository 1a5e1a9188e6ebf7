/*
 * One HTTP request and its reply, as the application (src/api) sees it. The adapter below (libmicrohttpd) owns the
 * object; the application borrows it inside the calls of struct http_app (server.h), one thread at a time.
 *
 * All text is NUL-terminated, percent-decoded where it comes from the target, valid UTF-8, and lives as long as the
 * operation. What the adapter refuses (bad targets, conflicting lengths, oversized headers) never gets here.
 */
#ifndef SP_HTTP_EXCHANGE_H
#define SP_HTTP_EXCHANGE_H

#include "base/attr.h"
#include "base/buf.h"
#include "base/op.h"
#include "base/types.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_exchange;
struct http_route;

/* ---- the request ---- */
struct sp_op *http_op(struct http_exchange *x);
const struct http_route *http_route_of(const struct http_exchange *x);
const char *http_method(const struct http_exchange *x);
const char *http_target_path(const struct http_exchange *x);
/* NULL when absent; names are compared without case. */
const char *http_header(const struct http_exchange *x, const char *name);
const char *http_cookie(struct http_exchange *x, const char *name);
/* The value of {name} in the route's path; never NULL for a name that the route has. */
const char *http_path_param(const struct http_exchange *x, const char *name);
/* The index-th value of a query parameter ("a=1&a=2"), NULL behind the last. */
const char *http_query(const struct http_exchange *x, const char *name, size_t index);
/* The client's address: the peer's, or X-Forwarded-For's where the peer is a trusted proxy. Never NULL. */
const char *http_client_address(const struct http_exchange *x);
/* Whether the client came by https (X-Forwarded-Proto of a trusted proxy). */
bool http_is_secure(const struct http_exchange *x);
/* The whole body of an HTTP_BODY_BUFFERED route, inside handle; empty otherwise. */
struct sp_bytes http_body(const struct http_exchange *x);
/* Content-Length, or -1 (chunked). */
int64_t http_content_length(const struct http_exchange *x);

/* The application's own object for this request (set in authenticate, read in handle …). */
void http_set_context(struct http_exchange *x, void *context);
void *http_context(const struct http_exchange *x);

/* ---- the reply: set once; a later call replaces an earlier one ---- */
/* A header beside those that the adapter sets itself (security headers, X-Correlation-ID, Content-Length, …). */
SP_MUST_CHECK struct sp_err *http_reply_header(struct http_exchange *x, const char *name, const char *value);
/* Takes over body's memory (body is left empty). Compressed if the client takes it and it is worth it. */
void http_reply_buf(struct http_exchange *x, int status, const char *content_type, struct sp_buf *body);
/* Status alone: 204, 304 … */
void http_reply_empty(struct http_exchange *x, int status);
/* The error as the contract's JSON body, with the status of its code. */
void http_reply_error(struct http_exchange *x, const struct sp_err *err);

/* How a file's bytes may be read: sendfile from a fast disk, or through the I/O pool because the root can hang. */
enum http_file_source { HTTP_FILE_FAST, HTTP_FILE_SLOW };

struct http_file {
    int fd; /* taken over */
    int64_t size_bytes;
    sp_time_ms modified_at;
    const char *etag; /* quoted, or NULL */
    const char *content_type;
    const char *cache_control; /* or NULL */
    const char *file_name;     /* for Content-Disposition, or NULL for none */
    bool attachment;           /* else inline */
    enum http_file_source source;
};
/* Answers Range, If-Range, If-None-Match and If-Modified-Since; 200, 206, 304 or 416. The first range alone is served.
 */
SP_MUST_CHECK struct sp_err *http_reply_file(struct http_exchange *x, const struct http_file *file);

/*
 * For a file on a root that can hang, where opening it may too: open runs on an I/O thread once the handler has
 * returned (and its worker is free), and fills ret_file as for http_reply_file. It may use the operation, but no
 * database. Its error becomes the reply.
 */
typedef struct sp_err *(*http_file_open)(struct sp_op *op, void *context, struct http_file *ret_file);
void http_reply_file_later(struct http_exchange *x, http_file_open open, void *context);

#endif
