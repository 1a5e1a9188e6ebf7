/*
 * The register of connections, and the thread that cuts slow clients: libmicrohttpd restarts its timer with every
 * byte, so a client that trickles would hold a connection for ever.
 *
 *   HEAD     absolute: header_timeout_ms from the first byte (a new connection: from accept) to the end of the headers
 *   IDLE     kept alive between requests: idle_timeout_ms, and header_timeout_ms on top for the next request line
 *   BODY     body_min_bytes_per_second, averaged over header_timeout_ms in which we waited for the client
 *   SENDING  the same minimum for what the peer acknowledges (TCP_INFO); no progress at all is libmicrohttpd's timeout
 *   BUSY     our turn: never cut
 *   LINGER   the reply is out, the rest of the body is dropped until cut_at_ms
 *
 * Cutting is shutdown(2): libmicrohttpd sees the end and cleans up on its own thread. Any thread; the register's lock
 * is held only inside, and while http_guard_each visits.
 */
#ifndef SP_HTTP_GUARD_H
#define SP_HTTP_GUARD_H

#include "base/attr.h"
#include "http/address.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct sp_op;
struct sp_err;
struct http_guard;
struct http_exchange;

enum http_phase {
    HTTP_PHASE_HEAD,
    HTTP_PHASE_IDLE,
    HTTP_PHASE_BODY,
    HTTP_PHASE_SENDING,
    HTTP_PHASE_BUSY,
    HTTP_PHASE_LINGER
};

struct http_connection {
    int fd;
    unsigned daemon; /* index of the event thread */
    struct http_address peer;
    bool counted; /* towards the limit per address: not a trusted proxy */
    bool trusted;
    /* written by the event thread, read by the guard */
    _Atomic int phase;
    _Atomic int64_t since_ms, cut_at_ms;
    _Atomic uint64_t body_bytes;
    struct http_exchange *exchange; /* the request that is being served; behind the register's lock */
    /* the guard's own */
    bool attached; /* libmicrohttpd has it: the descriptor is surely ours */
    int64_t window_ms;
    uint64_t window_start_bytes;
    int seen_phase;
    struct http_connection *next, *previous;
};

struct http_guard_config {
    int64_t header_timeout_ms, idle_timeout_ms, body_min_bytes_per_second;
    unsigned per_address_max; /* 0: no limit */
};

SP_MUST_CHECK struct sp_err *http_guard_create(struct sp_op *op, const struct http_guard_config *config,
                                               struct http_guard **ret_guard);
/* After the last connection is closed. NULL is legal. */
void http_guard_destroy(struct http_guard *guard);
/* Registers an accepted socket; NULL: the address has its share of connections already, or no memory. */
SP_MUST_CHECK struct http_connection *http_guard_add(struct http_guard *guard, int fd, unsigned daemon,
                                                     const struct http_address *peer, bool trusted);
/* libmicrohttpd took the socket fd over; NULL: unknown. */
struct http_connection *http_guard_attach(struct http_guard *guard, int fd);
/* Before the socket is closed. */
void http_guard_remove(struct http_guard *guard, struct http_connection *connection);
/* A new phase begins now. Event threads. */
void http_guard_phase(struct http_connection *connection, enum http_phase phase);
/* The request that the connection serves now, or NULL. Event threads. */
void http_guard_serve(struct http_guard *guard, struct http_connection *connection, struct http_exchange *exchange);
/* Calls visit for each connection, with the register locked. */
void http_guard_each(struct http_guard *guard, void (*visit)(struct http_connection *connection, void *context),
                     void *context);
unsigned http_guard_connections(struct http_guard *guard);
uint64_t http_guard_cuts(struct http_guard *guard);

#endif
