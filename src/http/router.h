/*
 * The route table, compiled once into a tree of path segments. A literal segment wins over a {parameter}, with a step
 * back where the literal leads nowhere. Immutable after create: any thread.
 */
#ifndef SP_HTTP_ROUTER_H
#define SP_HTTP_ROUTER_H

#include "base/attr.h"
#include <stddef.h>

struct sp_op;
struct sp_err;
struct http_route;
struct http_router;
struct http_target;

enum http_found { HTTP_FOUND, HTTP_NO_PATH, HTTP_NO_METHOD };

/* Refuses (SP_INTERNAL) templates that are malformed and two routes of one method and shape. routes is borrowed. */
SP_MUST_CHECK struct sp_err *http_router_create(struct sp_op *op, const struct http_route *routes, size_t count,
                                                struct http_router **ret_router);
void http_router_destroy(struct http_router *router); /* NULL is legal */
/*
 * HEAD finds the GET route where it has none of its own. ret_route is set with HTTP_FOUND; with HTTP_NO_METHOD
 * ret_allow is the Allow header's value ("GET, HEAD, PUT"), allocated in op (NULL: no memory).
 */
enum http_found http_router_find(const struct http_router *router, struct sp_op *op, const char *method,
                                 const struct http_target *target, const struct http_route **ret_route,
                                 const char **ret_allow);
/* The segment that stands for {name} in the route's template; NULL: the route has no such parameter. */
const char *http_route_param(const struct http_route *route, const struct http_target *target, const char *name);

#endif
