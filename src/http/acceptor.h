/*
 * The listening socket and the thread that accepts. libmicrohttpd could accept by itself, but cannot stop without
 * losing what waits in the socket (which outlives this process when it was inherited), nor spare proxies the limit per
 * address.
 */
#ifndef SP_HTTP_ACCEPTOR_H
#define SP_HTTP_ACCEPTOR_H

#include "base/attr.h"
#include <stdint.h>

struct sp_op;
struct sp_err;
struct http_acceptor;
struct http_server;

/* Binds, or takes config.listen_fd over. */
SP_MUST_CHECK struct sp_err *http_acceptor_create(struct sp_op *op, struct http_server *server,
                                                  struct http_acceptor **ret_acceptor);
/* Begins to accept: when all else stands. */
SP_MUST_CHECK struct sp_err *http_acceptor_start(struct sp_op *op, struct http_acceptor *acceptor);
/* 0 for a socket that has none (a unix socket). */
uint16_t http_acceptor_port(const struct http_acceptor *acceptor);
/* Ends the thread: connections that were not accepted stay in the socket. */
void http_acceptor_stop(struct http_acceptor *acceptor);
/* A connection was closed: there may be room again. Any thread. */
void http_acceptor_room(struct http_acceptor *acceptor);
/* Stops, closes the socket, frees. NULL is legal. */
void http_acceptor_destroy(struct http_acceptor *acceptor);

#endif
