/* The tree of routes; see router.h. */
#include "http/router.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/op.h"
#include "http/server.h"
#include "http/target.h"

struct node {
    char *literal;          /* NULL: a parameter, or the root */
    struct node **literals; /* children, sorted by literal */
    size_t literal_count;
    struct node *parameter;           /* child that takes any segment */
    const struct http_route **routes; /* that end here, one a method */
    size_t route_count;
};

struct http_router {
    struct node root;
};

static void finish_node(struct node *node)
{
    for (size_t i = 0; i < node->literal_count; i++) {
        finish_node(node->literals[i]);
        sp_heap_free(node->literals[i]);
    }
    if (node->parameter) {
        finish_node(node->parameter);
        sp_heap_free(node->parameter);
    }
    sp_heap_free(node->literals);
    sp_heap_free(node->routes);
    sp_heap_free(node->literal);
}

void http_router_destroy(struct http_router *router)
{
    if (!router)
        return;
    finish_node(&router->root);
    sp_heap_free(router);
}

/* The index of the literal child, or where it belongs. */
static size_t position(const struct node *node, const char *text, size_t length, bool *ret_found)
{
    size_t low = 0, high = node->literal_count;
    *ret_found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *literal = node->literals[middle]->literal;
        int order = strncmp(text, literal, length);
        if (order == 0 && literal[length])
            order = -1;
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static struct node *add_literal(struct node *node, const char *text, size_t length)
{
    bool found;
    size_t at = position(node, text, length, &found);
    if (found)
        return node->literals[at];
    struct node *child = sp_heap_new(1, sizeof(*child));
    struct node **grown = sp_heap_resize(node->literals, node->literal_count + 1, sizeof(*grown));
    if (grown)
        node->literals = grown;
    if (child)
        child->literal = sp_heap_new(length + 1, 1);
    if (!child || !grown || !child->literal) {
        sp_heap_free(child);
        return NULL;
    }
    memcpy(child->literal, text, length);
    memmove(&grown[at + 1], &grown[at], (node->literal_count - at) * sizeof(*grown));
    grown[at] = child;
    node->literal_count++;
    return child;
}

static struct node *add_child(struct node *node, const char *text, size_t length)
{
    if (text[0] != '{')
        return add_literal(node, text, length);
    if (!node->parameter)
        node->parameter = sp_heap_new(1, sizeof(*node->parameter));
    return node->parameter;
}

static bool well_formed(const char *segment, size_t length)
{
    if (memchr(segment, '{', length) == NULL && memchr(segment, '}', length) == NULL)
        return true;
    return length > 2 && segment[0] == '{' && strcspn(segment + 1, "{}") == length - 2 && segment[length - 1] == '}';
}

static struct sp_err *add_route(struct sp_op *op, struct http_router *router, const struct http_route *route)
{
    struct node *node = &router->root;
    const char *path = route->path;
    if (path[0] != '/')
        return sp_fail_internal(op, "route %s: no leading slash", path);
    while (*path) {
        size_t length = strcspn(path + 1, "/");
        if (!well_formed(path + 1, length))
            return sp_fail_internal(op, "route %s: malformed parameter", route->path);
        node = add_child(node, path + 1, length);
        if (!node)
            return sp_err_no_memory();
        path += 1 + length;
    }
    for (size_t i = 0; i < node->route_count; i++)
        if (strcmp(node->routes[i]->method, route->method) == 0)
            return sp_fail_internal(op, "route %s %s: twice", route->method, route->path);
    const struct http_route **grown = sp_heap_resize(node->routes, node->route_count + 1, sizeof(*grown));
    if (!grown)
        return sp_err_no_memory();
    node->routes = grown;
    grown[node->route_count++] = route;
    return NULL;
}

struct sp_err *http_router_create(struct sp_op *op, const struct http_route *routes, size_t count,
                                  struct http_router **ret_router)
{
    struct http_router *router = sp_heap_new(1, sizeof(*router));
    if (!router)
        return sp_err_no_memory();
    for (size_t i = 0; i < count; i++) {
        struct sp_err *err = add_route(op, router, &routes[i]);
        if (err) {
            http_router_destroy(router);
            return err;
        }
    }
    *ret_router = router;
    return NULL;
}

/* Depth is bounded by the longest template; at most two ways a level. */
static const struct node *descend(const struct node *node, const struct http_target *target, size_t depth)
{
    if (depth == target->segment_count)
        return node->route_count ? node : NULL;
    const char *segment = target->segments[depth];
    bool found;
    size_t at = position(node, segment, strlen(segment), &found);
    const struct node *end = found ? descend(node->literals[at], target, depth + 1) : NULL;
    if (!end && node->parameter && *segment)
        end = descend(node->parameter, target, depth + 1);
    return end;
}

static const struct http_route *by_method(const struct node *node, const char *method)
{
    for (size_t i = 0; i < node->route_count; i++)
        if (strcmp(node->routes[i]->method, method) == 0)
            return node->routes[i];
    return NULL;
}

static const char *allowed(struct sp_op *op, const struct node *node)
{
    const char *list = "";
    for (size_t i = 0; list && i < node->route_count; i++) {
        const char *method = node->routes[i]->method;
        const char *head = strcmp(method, "GET") == 0 && !by_method(node, "HEAD") ? ", HEAD" : "";
        list = sp_format(op, "%s%s%s%s", list, *list ? ", " : "", method, head);
    }
    return list;
}

enum http_found http_router_find(const struct http_router *router, struct sp_op *op, const char *method,
                                 const struct http_target *target, const struct http_route **ret_route,
                                 const char **ret_allow)
{
    const struct node *node = descend(&router->root, target, 0);
    if (!node)
        return HTTP_NO_PATH;
    const struct http_route *route = by_method(node, method);
    if (!route && strcmp(method, "HEAD") == 0)
        route = by_method(node, "GET");
    if (!route) {
        *ret_allow = allowed(op, node);
        return HTTP_NO_METHOD;
    }
    *ret_route = route;
    return HTTP_FOUND;
}

const char *http_route_param(const struct http_route *route, const struct http_target *target, const char *name)
{
    size_t wanted = strlen(name);
    const char *path = route->path;
    for (size_t i = 0; *path && i < target->segment_count; i++) {
        size_t length = strcspn(path + 1, "/");
        if (length == wanted + 2 && path[1] == '{' && strncmp(path + 2, name, wanted) == 0)
            return target->segments[i];
        path += 1 + length;
    }
    return NULL;
}
