/* The route tree: literals before parameters, methods, and templates that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/op.h"
#include "http/router.h"
#include "http/server.h"
#include "http/target.h"

static const struct http_route routes[] = {
    {.method = "GET", .path = "/api/albums", .operation_id = "list"},
    {.method = "POST", .path = "/api/albums", .operation_id = "create"},
    {.method = "GET", .path = "/api/albums/{id}", .operation_id = "get"},
    {.method = "GET", .path = "/api/albums/statistics", .operation_id = "statistics"},
    {.method = "PUT", .path = "/api/albums/{id}/user/{userId}", .operation_id = "user"},
    {.method = "GET", .path = "/api/albums/statistics/deep", .operation_id = "deep"},
    {.method = "DELETE", .path = "/api/albums/{id}/assets", .operation_id = "remove"},
    {.method = "HEAD", .path = "/api/own-head", .operation_id = "ownHead"},
    {.method = "GET", .path = "/api/own-head", .operation_id = "ownGet"},
    {.method = "GET", .path = "/{any}", .operation_id = "any"},
};

static struct sp_op *op;
static struct http_router *router;

static const char *find(const char *method, const char *path)
{
    struct http_target target;
    const struct http_route *route = NULL;
    const char *allow = NULL;
    assert_null(http_target_parse(op, path, &target));
    switch (http_router_find(router, op, method, &target, &route, &allow)) {
    case HTTP_FOUND:
        return route->operation_id;
    case HTTP_NO_METHOD:
        return allow;
    default:
        return "-";
    }
}

static void finds_routes(void **state)
{
    assert_string_equal(find("GET", "/api/albums"), "list");
    assert_string_equal(find("POST", "/api/albums?x=1"), "create");
    assert_string_equal(find("GET", "/api/albums/17"), "get");
    assert_string_equal(find("GET", "/api/albums/statistics"), "statistics");
    assert_string_equal(find("GET", "/api/albums/statistic"), "get");
    assert_string_equal(find("GET", "/api/albums/statisticss"), "get");
    assert_string_equal(find("PUT", "/api/albums/a/user/b"), "user");
    assert_string_equal(find("GET", "/x"), "any");
}

static void steps_back_from_a_literal(void **state)
{
    assert_string_equal(find("DELETE", "/api/albums/statistics/assets"), "remove");
    assert_string_equal(find("GET", "/api/albums/statistics/deep"), "deep");
}

static void answers_head_from_get(void **state)
{
    assert_string_equal(find("HEAD", "/api/albums"), "list");
    assert_string_equal(find("HEAD", "/api/own-head"), "ownHead");
    assert_string_equal(find("GET", "/api/own-head"), "ownGet");
}

static void misses(void **state)
{
    assert_string_equal(find("GET", "/api/nope"), "-");
    assert_string_equal(find("GET", "/api/albums/"), "-");
    assert_string_equal(find("GET", "/api/albums/a/b"), "-");
    assert_string_equal(find("GET", "/"), "-");
    assert_string_equal(find("GET", "/API/albums"), "-");
    assert_string_equal(find("DELETE", "/api/albums"), "GET, HEAD, POST");
    assert_string_equal(find("get", "/api/albums"), "GET, HEAD, POST");
    assert_string_equal(find("PATCH", "/api/own-head"), "HEAD, GET");
}

static void gives_parameters(void **state)
{
    struct http_target target;
    const struct http_route *route;
    const char *allow;
    assert_null(http_target_parse(op, "/api/albums/a%2Fb/user/c", &target));
    assert_int_equal(http_router_find(router, op, "PUT", &target, &route, &allow), HTTP_FOUND);
    assert_string_equal(http_route_param(route, &target, "id"), "a/b");
    assert_string_equal(http_route_param(route, &target, "userId"), "c");
    assert_null(http_route_param(route, &target, "user"));
    assert_null(http_route_param(route, &target, "albums"));
}

static void refuses_bad_tables(void **state)
{
    const struct http_route bad[][2] = {
        {{.method = "GET", .path = "api"}},
        {{.method = "GET", .path = "/a{b}"}},
        {{.method = "GET", .path = "/{}"}},
        {{.method = "GET", .path = "/{a}b"}},
        {{.method = "GET", .path = "/{a{b}"}},
        {{.method = "GET", .path = "/x/{a}"}, {.method = "GET", .path = "/x/{b}"}},
    };
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        struct http_router *none = NULL;
        assert_non_null(http_router_create(op, bad[i], bad[i][1].path ? 2 : 1, &none));
        assert_null(none);
    }
}

static int setup(void **state)
{
    op = sp_op_create(1 << 20);
    return op && !http_router_create(op, routes, SP_COUNT(routes), &router) ? 0 : -1;
}

static int teardown(void **state)
{
    http_router_destroy(router);
    sp_op_destroy(op);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_routes),          cmocka_unit_test(steps_back_from_a_literal),
        cmocka_unit_test(answers_head_from_get), cmocka_unit_test(misses),
        cmocka_unit_test(gives_parameters),      cmocka_unit_test(refuses_bad_tables),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
