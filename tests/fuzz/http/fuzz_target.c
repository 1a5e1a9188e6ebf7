/* Any request target: what is accepted is decoded, valid, and within its bounds. */
#include <string.h>

#include "base/encode.h"
#include "base/err.h"
#include "base/op.h"
#include "http/router.h"
#include "http/server.h"
#include "http/target.h"

static const struct http_route routes[] = {
    {.method = "GET", .path = "/api/albums/{id}"},
    {.method = "GET", .path = "/api/albums/statistics"},
    {.method = "PUT", .path = "/api/{a}/{b}/{c}"},
};

static void check(struct sp_op *op, const struct http_target *target)
{
    static struct http_router *router;
    const struct http_route *route = NULL;
    const char *allow = NULL;
    sp_assert(target->path[0] == '/' && sp_utf8_valid(target->path, strlen(target->path)));
    sp_assert(target->segment_count >= 1 && target->segment_count <= HTTP_SEGMENTS_MAX);
    for (size_t i = 0; i < target->segment_count; i++)
        sp_assert(sp_utf8_valid(target->segments[i], strlen(target->segments[i])));
    for (size_t i = 0; i < target->query_count; i++) {
        sp_assert(sp_utf8_valid(target->query[i].value, strlen(target->query[i].value)));
        sp_assert(http_target_query(target, target->query[i].name, 0) != NULL);
    }
    if (!router)
        sp_assert(!http_router_create(op, routes, SP_COUNT(routes), &router));
    if (http_router_find(router, op, "GET", target, &route, &allow) == HTTP_FOUND)
        sp_assert(route->path[12] == 's' || strcmp(http_route_param(route, target, "id"), target->segments[2]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 20);
    struct http_target target;
    char *raw = sp_strndup(op, (const char *)data, size);
    if (raw && !http_target_parse(op, raw, &target))
        check(op, &target);
    sp_op_destroy(op);
    return 0;
}
