/* The server's parts, as the files of this folder share them. Set up before the first request, read-only afterwards. */
#ifndef SP_HTTP_SERVER_STATE_H
#define SP_HTTP_SERVER_STATE_H

#include "http/server.h"
#include <stdatomic.h>
#include <stdbool.h>

struct MHD_Daemon;
struct http_acceptor;
struct http_guard;
struct http_metrics;
struct http_networks;
struct http_pool;
struct http_router;
struct http_static_files;

/* A body that is not wanted any more: kept reading this long, so that the client gets to see the answer. */
enum { HTTP_LINGER_MS = 60000, HTTP_DISCARD_BYTES = 1 << 20 };
#define HTTP_LINGER_BYTES (INT64_C(256) << 20)

struct http_server {
    struct http_server_config config; /* metrics_token is the server's own; the other texts are gone */
    struct http_app app;
    struct http_router *router;
    struct http_networks *trusted;
    struct http_static_files *files; /* NULL: no web root */
    struct http_metrics *metrics;
    struct http_guard *guard;
    struct http_pool *workers, *io;
    struct http_acceptor *acceptor;
    struct MHD_Daemon **daemons;
    unsigned daemon_count;
    _Atomic bool stopping; /* replies close their connections */
    _Atomic bool ended;    /* requests in flight are given up */
    _Atomic unsigned in_flight;
};

#endif
