/*
 * IP addresses of peers and of those behind trusted proxies (X-Forwarded-For). All are kept as IPv6, IPv4 as mapped
 * (::ffff:a.b.c.d), so that one comparison serves both. Any thread.
 */
#ifndef SP_HTTP_ADDRESS_H
#define SP_HTTP_ADDRESS_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;
struct sp_op;
struct sp_err;
struct http_networks;

enum { HTTP_ADDRESS_TEXT_BYTES = 46 };

struct http_address {
    uint8_t bytes[16];
};

/* False: neither IPv4 nor IPv6 (a unix socket); ret_address is then loopback: only this host can connect there. */
bool http_address_of_peer(const struct sockaddr *peer, struct http_address *ret_address);
/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". */
bool http_address_parse(const char *text, size_t length, struct http_address *ret_address);
void http_address_format(const struct http_address *address, char ret_text[static HTTP_ADDRESS_TEXT_BYTES]);
bool http_address_is_loopback(const struct http_address *address);
/* Whether both belong to one client: the same IPv4 address or the same IPv6 /64. */
bool http_address_same_client(const struct http_address *a, const struct http_address *b);

/* "127.0.0.1,10.0.0.0/8,::1"; NULL or "" is no network. SP_INVALID names the bad one. */
SP_MUST_CHECK struct sp_err *http_networks_create(struct sp_op *op, const char *list,
                                                  struct http_networks **ret_networks);
void http_networks_destroy(struct http_networks *networks); /* NULL is legal */
bool http_networks_have(const struct http_networks *networks, const struct http_address *address);

/*
 * The client's address: from the right end of X-Forwarded-For (NULL: none) the first one that is no trusted proxy; the
 * peer's where that is not trusted itself or the header is malformed at that point.
 */
struct http_address http_forwarded_client(const struct http_networks *trusted, const struct http_address *peer,
                                          const char *forwarded_for);

#endif
