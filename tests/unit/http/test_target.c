/* The request target: its forms, decoding, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/op.h"
#include "http/target.h"

static struct sp_op *op;

static struct http_target parse(const char *raw)
{
    struct http_target target;
    assert_null(http_target_parse(op, raw, &target));
    return target;
}

static void takes_a_path_apart(void **state)
{
    struct http_target target = parse("/api/albums/a%20b/%C3%BC%2Fx?x=1");
    assert_string_equal(target.path, "/api/albums/a b/ü/x");
    assert_int_equal(target.segment_count, 4);
    assert_string_equal(target.segments[2], "a b");
    assert_string_equal(target.segments[3], "ü/x");
    target = parse("/");
    assert_int_equal(target.segment_count, 1);
    assert_string_equal(target.segments[0], "");
    assert_int_equal(parse("/a/").segment_count, 2);
    assert_int_equal(parse("//a").segment_count, 2);
    assert_string_equal(parse("/a+b").segments[0], "a+b");
}

static void reads_absolute_forms(void **state)
{
    assert_string_equal(parse("http://host:1/a?b=c").path, "/a");
    assert_string_equal(parse("HTTPS://host").path, "/");
    struct http_target target = parse("http://host?q=1");
    assert_string_equal(target.path, "/");
    assert_string_equal(http_target_query(&target, "q", 0), "1");
}

static void finds_repeated_query_values(void **state)
{
    struct http_target target = parse("/x?a=1&b=&a=2+3&c&&a=%26%3d&=4");
    assert_string_equal(http_target_query(&target, "a", 0), "1");
    assert_string_equal(http_target_query(&target, "a", 1), "2 3");
    assert_string_equal(http_target_query(&target, "a", 2), "&=");
    assert_null(http_target_query(&target, "a", 3));
    assert_string_equal(http_target_query(&target, "b", 0), "");
    assert_string_equal(http_target_query(&target, "c", 0), "");
    assert_string_equal(http_target_query(&target, "", 0), "4");
    assert_null(http_target_query(&target, "d", 0));
    assert_int_equal(parse("/x?").query_count, 0);
    assert_string_equal(parse("/x?a=b?c=d").query[0].value, "b?c=d");
}

static void refuses_what_is_no_target(void **state)
{
    const char *bad[] = {"",          "a",       "*",         "/a b",         "/a\tb",   "/a#b",    "/%00",
                         "/?a=%00",   "/%",      "/%1",       "/%zz",         "/%ff",    "/%c0%af", "/%ed%a0%80",
                         "/\xc3\xbc", "http://", "http:///a", "ftp://host/a", "host:80", "/a\x7f",  "http:/a"};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        struct http_target target = {.segment_count = 77};
        struct sp_err *err = http_target_parse(op, bad[i], &target);
        assert_non_null(err);
        assert_int_equal(err->code, SP_INVALID);
        assert_int_equal(target.segment_count, 77);
    }
}

static void bounds_segments_and_parameters(void **state)
{
    char path[2 * HTTP_SEGMENTS_MAX + 3] = "", query[2 * HTTP_QUERY_PAIRS_MAX + 4] = "/?";
    struct http_target target;
    for (int i = 0; i < HTTP_SEGMENTS_MAX; i++)
        strcat(path, "/a");
    assert_int_equal(parse(path).segment_count, HTTP_SEGMENTS_MAX);
    strcat(path, "/");
    assert_non_null(http_target_parse(op, path, &target));
    for (int i = 0; i < HTTP_QUERY_PAIRS_MAX; i++)
        strcat(query, i ? "&a" : "a");
    assert_int_equal(parse(query).query_count, HTTP_QUERY_PAIRS_MAX);
    strcat(query, "&");
    assert_non_null(http_target_parse(op, query, &target));
}

static int setup(void **state)
{
    op = sp_op_create(1 << 20);
    return op ? 0 : -1;
}

static int teardown(void **state)
{
    sp_op_destroy(op);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_path_apart),
        cmocka_unit_test(reads_absolute_forms),
        cmocka_unit_test(finds_repeated_query_values),
        cmocka_unit_test(refuses_what_is_no_target),
        cmocka_unit_test(bounds_segments_and_parameters),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
