/* redis_url.h: every form that it takes, and that it takes no other. */
#include "queue/redis_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/op.h"

struct example {
    const char *text;
    struct redis_url url;
};

static const struct example good[] = {
    {"unix:///run/redis.sock", {.socket = "/run/redis.sock"}},
    {"unix:///a%20b.sock?db=3", {.socket = "/a b.sock", .database = 3}},
    {"redis://localhost", {.host = "localhost", .port = 6379}},
    {"redis://10.0.0.1:7000", {.host = "10.0.0.1", .port = 7000}},
    {"redis://cache.example.ch:1/", {.host = "cache.example.ch", .port = 1}},
    {"redis://h:65535/9999", {.host = "h", .port = 65535, .database = 9999}},
    {"redis://h?db=2", {.host = "h", .port = 6379, .database = 2}},
    {"redis://[::1]", {.host = "::1", .port = 6379}},
    {"redis://[fe80::1]:7000/1", {.host = "fe80::1", .port = 7000, .database = 1}},
    {"redis://:secret@h", {.host = "h", .port = 6379, .password = "secret"}},
    {"redis://ann:p%40ss%3Aw@h:7000", {.host = "h", .port = 7000, .user = "ann", .password = "p@ss:w"}},
    {"redis://ann:a@b@h", {.host = "h", .port = 6379, .user = "ann", .password = "a@b"}},
};

static const char *const bad[] = {
    "",
    "localhost",
    "http://h",
    "rediss://h",
    "redis://",
    "redis://:7000",
    "redis://h:",
    "redis://h:0",
    "redis://h:65536",
    "redis://h:99999999999999999999",
    "redis://h:7000x",
    "redis://h:+1",
    "redis://h/x",
    "redis://h/10000",
    "redis://h/-1",
    "redis://h?timeout=3",
    "redis://h?db=",
    "redis://[::1",
    "redis://[::1]7000",
    "redis://[]",
    "redis://::1",
    "redis://user@h",
    "redis://:%zz@h",
    "redis://:a%00b@h",
    "unix://relative",
    "unix://",
    "unix:///s?db=x",
};

static void assert_text(const char *text, const char *wanted)
{
    if (wanted)
        assert_string_equal(text, wanted);
    else
        assert_null(text);
}

static void test_every_form(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    (void)state;
    for (size_t i = 0; i < SP_COUNT(good); i++) {
        struct redis_url url;
        assert_null(redis_url_parse(op, good[i].text, &url));
        assert_text(url.socket, good[i].url.socket);
        assert_text(url.host, good[i].url.host);
        assert_text(url.user, good[i].url.user);
        assert_text(url.password, good[i].url.password);
        assert_int_equal(url.port, good[i].url.port);
        assert_int_equal(url.database, good[i].url.database);
    }
    sp_op_destroy(op);
}

static void test_nothing_else(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    (void)state;
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        struct redis_url url;
        struct sp_err *err = redis_url_parse(op, bad[i], &url);
        if (!err)
            print_error("accepted: %s\n", bad[i]);
        assert_non_null(err);
        assert_int_equal(err->code, SP_INVALID);
        assert_non_null(strstr(err->message, "Redis URL"));
    }
    sp_op_destroy(op);
}

static void test_a_password_is_never_shown(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct redis_url url;
    (void)state;
    static const char *const urls[] = {"redis://:hunter2@h:x", "redis://:hunter2@", "redis://u:hunter2@h/x",
                                       "redis://hunter2%zz:hunter2@h", "foo://:hunter2@h"};
    for (size_t i = 0; i < SP_COUNT(urls); i++) {
        struct sp_err *err = redis_url_parse(op, urls[i], &url);
        assert_non_null(err);
        assert_null(strstr(err->message, "hunter2"));
        assert_null(err->detail);
    }
    sp_op_destroy(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form),
        cmocka_unit_test(test_nothing_else),
        cmocka_unit_test(test_a_password_is_never_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
