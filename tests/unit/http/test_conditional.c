/* Dates, entity tags and ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "http/conditional.h"

static void formats_and_parses_dates(void **state)
{
    const struct {
        sp_time_ms time;
        const char *text;
    } rows[] = {{784111777000, "Sun, 06 Nov 1994 08:49:37 GMT"},
                {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
                {-1000, "Wed, 31 Dec 1969 23:59:59 GMT"},
                {1709164800000, "Thu, 29 Feb 2024 00:00:00 GMT"}};
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        char text[HTTP_DATE_BYTES];
        sp_time_ms time;
        http_date_format(rows[i].time + (rows[i].time >= 0 ? 999 : 0), text);
        assert_string_equal(text, rows[i].text);
        assert_true(http_date_parse(text, &time));
        assert_int_equal(time, rows[i].time);
    }
    const char *bad[] = {"",
                         "now",
                         "Sunday, 06-Nov-94 08:49:37 GMT",
                         "Sun Nov  6 08:49:37 1994",
                         "Sun, 06 Nov 1994 08:49:37 CET",
                         "Sun, 06 Now 1994 08:49:37 GMT",
                         "Sun, 06 Nov 1994 24:49:37 GMT",
                         "Sun, 32 Nov 1994 08:49:37 GMT"};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        sp_time_ms time = 42;
        assert_false(http_date_parse(bad[i], &time));
        assert_int_equal(time, 42);
    }
}

static void compares_tags_weakly(void **state)
{
    assert_true(http_etag_listed("\"a\"", "\"a\""));
    assert_true(http_etag_listed("W/\"a\"", "\"a\""));
    assert_true(http_etag_listed("\"b\" ,W/\"a\"", "W/\"a\""));
    assert_true(http_etag_listed("*", "\"a\""));
    assert_false(http_etag_listed("\"ab\"", "\"a\""));
    assert_false(http_etag_listed("\"a", "\"a\""));
    assert_false(http_etag_listed("a", "\"a\""));
    assert_false(http_etag_listed("", "\"a\""));
    assert_true(http_etag_listed("\"x,y\", \"a\"", "\"a\""));
}

static void decides_ranges(void **state)
{
    const struct {
        const char *range;
        int64_t size;
        enum http_range_verdict verdict;
        int64_t first, length;
    } rows[] = {
        {"bytes=0-0", 10, HTTP_PART, 0, 1},
        {"bytes=2-", 10, HTTP_PART, 2, 8},
        {"bytes=-3", 10, HTTP_PART, 7, 3},
        {"bytes=-30", 10, HTTP_PART, 0, 10},
        {"bytes=5-100", 10, HTTP_PART, 5, 5},
        {"Bytes= 1-2 ", 10, HTTP_PART, 1, 2},
        {"bytes=9-9", 10, HTTP_PART, 9, 1},
        {"bytes=10-", 10, HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=-0", 10, HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=0-0", 0, HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=-1", 0, HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=2-1", 10, HTTP_WHOLE, 0, 0},
        {"bytes=", 10, HTTP_WHOLE, 0, 0},
        {"bytes=-", 10, HTTP_WHOLE, 0, 0},
        {"bytes=1", 10, HTTP_WHOLE, 0, 0},
        {"bytes=0-1,3-4", 10, HTTP_WHOLE, 0, 0},
        {"items=0-1", 10, HTTP_WHOLE, 0, 0},
        {"bytes=--1", 10, HTTP_WHOLE, 0, 0},
        {"bytes=0-18446744073709551616", 10, HTTP_PART, 0, 10},
        {"bytes=18446744073709551616-", 10, HTTP_UNSATISFIABLE, 0, 0},
        {"bytes=-18446744073709551616", 10, HTTP_PART, 0, 10},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        int64_t first = 0, length = 0;
        const struct http_conditions conditions = {.range = rows[i].range};
        assert_int_equal(http_condition_decide(&conditions, "\"a\"", 0, rows[i].size, &first, &length),
                         rows[i].verdict);
        assert_int_equal(first, rows[i].first);
        assert_int_equal(length, rows[i].length);
    }
}

static enum http_range_verdict decide(struct http_conditions conditions, const char *etag)
{
    int64_t first, length;
    return http_condition_decide(&conditions, etag, 784111777999, 100, &first, &length);
}

static void weighs_conditions(void **state)
{
    const char *then = "Sun, 06 Nov 1994 08:49:37 GMT", *before = "Sun, 06 Nov 1994 08:49:36 GMT";
    assert_int_equal(decide((struct http_conditions){.if_modified_since = then}, NULL), HTTP_NOT_MODIFIED);
    assert_int_equal(decide((struct http_conditions){.if_modified_since = before}, NULL), HTTP_WHOLE);
    assert_int_equal(decide((struct http_conditions){.if_modified_since = "x"}, NULL), HTTP_WHOLE);
    assert_int_equal(decide((struct http_conditions){.if_none_match = "\"b\"", .if_modified_since = then}, "\"a\""),
                     HTTP_WHOLE);
    assert_int_equal(decide((struct http_conditions){.if_none_match = "\"a\"", .range = "bytes=0-1"}, "\"a\""),
                     HTTP_NOT_MODIFIED);
    assert_int_equal(decide((struct http_conditions){.if_none_match = "*"}, NULL), HTTP_WHOLE);
    assert_int_equal(decide((struct http_conditions){.range = "bytes=0-1", .if_range = "\"a\""}, "\"a\""), HTTP_PART);
    assert_int_equal(decide((struct http_conditions){.range = "bytes=0-1", .if_range = "W/\"a\""}, "W/\"a\""),
                     HTTP_WHOLE);
    assert_int_equal(decide((struct http_conditions){.range = "bytes=0-1", .if_range = then}, NULL), HTTP_PART);
    assert_int_equal(decide((struct http_conditions){.range = "bytes=0-1", .if_range = before}, NULL), HTTP_WHOLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_parses_dates),
        cmocka_unit_test(compares_tags_weakly),
        cmocka_unit_test(decides_ranges),
        cmocka_unit_test(weighs_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
