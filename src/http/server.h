/*
 * The HTTP server: libmicrohttpd's epoll threads move bytes, a bounded pool of workers runs the application's blocking
 * calls (each worker with its own context: a database connection), a bounded I/O pool touches the originals' root.
 *
 *   headers complete -> route -> [worker] authenticate -> body (BUFFERED: collected; STREAMED: begin, then part and
 *   data on I/O threads, end) -> [worker] handle -> reply
 *
 * Pools full: 503 with Retry-After. A failed authenticate or begin is answered without accepting the body: it is read
 * and dropped within bounds of bytes and time, so that clients that write first see the answer.
 */
#ifndef SP_HTTP_SERVER_H
#define SP_HTTP_SERVER_H

#include "base/attr.h"
#include "base/types.h"
#include "http/exchange.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_body_kind { HTTP_BODY_NONE, HTTP_BODY_BUFFERED, HTTP_BODY_STREAMED };

struct http_route {
    const char *method;       /* "GET"; HEAD is answered from GET */
    const char *path;         /* "/api/albums/{id}/assets": a {name} is one segment */
    const char *operation_id; /* "addAssetsToAlbum": access log, metrics */
    enum http_body_kind body;
    int64_t body_max_bytes; /* 413 beyond */
    int64_t deadline_ms;    /* from the headers (STREAMED: from the end of the body) to the reply: op->deadline_ms */
    const void *app_row;    /* the application's own row: permission, parser, handler */
};

/* What a multipart part says of itself; text may be NULL when absent. */
struct http_part {
    const char *name, *file_name, *content_type;
};

/*
 * The application. worker is what worker_start made for the calling worker thread. part, data and sync run on I/O
 * threads in order, one at a time an exchange, and get no worker: what touches a root that can hang belongs there, not
 * into begin and end. After begin succeeded exactly one of end and abort is called, on a worker thread; abort when the
 * client vanished, a limit was passed or part, data or sync failed (not when end itself failed). A begin that sets a
 * reply (http_reply_*) ends the request: the body is dropped, neither end nor abort follow. A body that is no
 * multipart/form-data comes as one part without a name.
 * An error that a call returns becomes the reply; a reply that it has set before is dropped, with its headers.
 */
struct http_app {
    void *context; /* handed to worker_start */
    const struct http_route *routes;
    size_t route_count;
    struct sp_err *(*worker_start)(struct sp_op *op, void *context, void **ret_worker);
    void (*worker_stop)(void *worker);
    struct sp_err *(*authenticate)(void *worker, struct http_exchange *x);
    struct sp_err *(*handle)(void *worker, struct http_exchange *x);
    struct sp_err *(*stream_begin)(void *worker, struct http_exchange *x);
    struct sp_err *(*stream_part)(struct http_exchange *x, const struct http_part *part);
    struct sp_err *(*stream_data)(struct http_exchange *x, const void *data, size_t size);
    /* I/O thread, once all data came and before stream_end: the place for fsync and rename. May be NULL. */
    struct sp_err *(*stream_sync)(struct http_exchange *x);
    struct sp_err *(*stream_end)(void *worker, struct http_exchange *x);
    void (*stream_abort)(void *worker, struct http_exchange *x);
    /* More lines for /metrics (Prometheus text); may be NULL. Worker thread. */
    void (*metrics)(void *worker, struct sp_buf *out);
};

struct http_server_config {
    const char *address; /* "127.0.0.1", "::" */
    uint16_t port;       /* 0: any; see http_server_port */
    int listen_fd;       /* an inherited listening socket, or -1 */
    unsigned event_threads, workers, io_threads;
    unsigned queue_max; /* requests waiting for a worker before 503 */
    unsigned connections_max, connections_per_address_max;
    int64_t header_timeout_ms; /* absolute: first byte to end of headers */
    int64_t body_min_bytes_per_second;
    int64_t idle_timeout_ms;
    int64_t shutdown_grace_ms;
    const char *web_root;        /* folder of the web app's files (with index.html), or NULL */
    const char *trusted_proxies; /* "127.0.0.1,10.0.0.0/8", or NULL */
    const char *metrics_token;   /* NULL: /metrics for loopback peers alone */
};

struct http_server;
SP_MUST_CHECK struct sp_err *http_server_create(struct sp_op *op, const struct http_server_config *config,
                                                const struct http_app *app, struct http_server **ret_server);
uint16_t http_server_port(const struct http_server *server);
/* Stops accepting, lets requests in flight finish within shutdown_grace_ms, ends the rest, joins all threads, frees. */
void http_server_destroy(struct http_server *server);

#endif
