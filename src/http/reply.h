/*
 * A reply while it is put together: set by the application or the adapter, then turned into a libmicrohttpd response,
 * or into bytes where the answer must leave before the request's body has been read.
 */
#ifndef SP_HTTP_REPLY_H
#define SP_HTTP_REPLY_H

#include "base/attr.h"
#include "base/buf.h"
#include "http/exchange.h"
#include <stdbool.h>
#include <stdint.h>

struct MHD_Response;

enum { HTTP_REPLY_HEADERS_MAX = 32 };

enum http_reply_kind {
    HTTP_REPLY_NONE,
    HTTP_REPLY_EMPTY,
    HTTP_REPLY_BUF,
    HTTP_REPLY_FILE, /* length bytes of fd from offset */
    HTTP_REPLY_LATER /* open is still to be called, on an I/O thread */
};

struct http_reply_header {
    const char *name, *value;
};

struct http_reply {
    enum http_reply_kind kind;
    int status;
    const char *content_type;
    struct sp_buf body;
    int fd;
    int64_t offset, length;
    enum http_file_source source;
    http_file_open open;
    void *open_context;
    struct http_reply_header headers[HTTP_REPLY_HEADERS_MAX];
    unsigned header_count;
    bool web;   /* a file of the web app: its own Content-Security-Policy */
    bool close; /* the connection ends behind it */
};

void http_reply_init(struct http_reply *reply);
/* Gives body and descriptor back; the headers stay. */
void http_reply_reset(struct http_reply *reply);
void http_reply_finish(struct http_reply *reply);
/* An error of the adapter's own, with any status. */
void http_reply_problem(struct http_exchange *x, int status, const char *message);
/* Compresses the body if the client takes it and it is worth it. Worker thread. */
void http_reply_compress(struct http_exchange *x);
/* The bytes that will follow the head (for HEAD: that would). */
int64_t http_reply_bytes(const struct http_reply *reply);
/* The response, which takes over body or descriptor; NULL: no memory. Not for HTTP_REPLY_LATER. */
SP_MUST_CHECK struct MHD_Response *http_reply_response(struct http_exchange *x);
/* The whole answer as bytes, with "Connection: close". For EMPTY and BUF alone. False: no memory. */
SP_MUST_CHECK bool http_reply_bytes_of(struct http_exchange *x, struct sp_buf *ret_bytes);

#endif
