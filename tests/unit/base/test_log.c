/* The log's lines: one write each, quoted where needed, and nothing in a value that forges another line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/op.h"

static char text[3 * 4096];

/* Runs what is written between begin_capture and end_capture into text. */
static int saved_stderr = -1, ends[2];

static void begin_capture(void)
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    saved_stderr = dup(STDERR_FILENO);
    assert_return_code(dup2(ends[1], STDERR_FILENO), 0);
}

static void end_capture(void)
{
    assert_return_code(dup2(saved_stderr, STDERR_FILENO), 0);
    close(saved_stderr);
    close(ends[1]);
    ssize_t size = read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    assert_true(size >= 0);
    text[size] = '\0';
}

static void a_line_has_its_fields(void **state)
{
    struct sp_op *op = sp_op_create(1 << 16);
    char expected[200];
    begin_capture();
    sp_log(SP_LOG_INFO, op, "upload stored", "asset", "a-1", "gone", NULL, "name", "b c", "empty", "", NULL);
    end_capture();
    assert_memory_equal(text, "ts=2", 4);
    snprintf(expected, sizeof(expected),
             "Z level=info app=test op=%s msg=\"upload stored\" asset=a-1 name=\"b c\" empty=\"\"\n", op->id);
    assert_string_equal(strstr(text, "Z level"), expected);
    sp_op_destroy(op);
}

static void no_value_forges_a_line(void **state)
{
    begin_capture();
    sp_log(SP_LOG_WARN, NULL, "x", "path", "a\nts=1 level=error msg=\"forged\"\r\x1b[31m\x7f\\", NULL);
    end_capture();
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "path=\"a\\x0ats=1 level=error msg=\\\"forged\\\"\\x0d\\x1b[31m\\x7f\\\\\"\n"));
}

static void a_long_line_is_cut_and_ends(void **state)
{
    char large[10000];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    begin_capture();
    sp_log(SP_LOG_INFO, NULL, "x", "large", large, "more", "y", NULL);
    end_capture();
    assert_int_equal(strlen(text), 4096);
    assert_int_equal(text[4095], '\n');
}

static void what_is_below_the_level_is_dropped(void **state)
{
    struct sp_op *op = sp_op_create(1 << 16);
    begin_capture();
    sp_log(SP_LOG_DEBUG, NULL, "quiet", NULL);
    sp_log_err(SP_LOG_DEBUG, NULL, sp_fail(op, SP_INVALID, "x"), "quiet");
    end_capture();
    assert_string_equal(text, "");
    sp_op_destroy(op);
}

static void an_error_is_logged_with_its_causes(void **state)
{
    struct sp_op *op = sp_op_create(1 << 16);
    struct sp_err *inner = sp_err_detail(op, sp_fail(op, SP_UNAVAILABLE, "inner"), "refused");
    begin_capture();
    sp_log_err(SP_LOG_ERROR, op, sp_wrap_as(op, inner, SP_INTERNAL, "outer"), "job failed");
    end_capture();
    const char *outer_at = strstr(text, "code=internal error=outer at="),
               *cause = strstr(text, "cause=unavailable error=inner detail=refused at=");
    assert_non_null(outer_at);
    assert_non_null(cause);
    assert_true(outer_at < cause);
    assert_non_null(strstr(text, "test_log.c:"));
    sp_op_destroy(op);
}

static void levels_have_names(void **state)
{
    enum sp_log_level level = SP_LOG_INFO;
    assert_true(sp_log_level_parse("debug", &level) && level == SP_LOG_DEBUG);
    assert_true(sp_log_level_parse("error", &level) && level == SP_LOG_ERROR);
    assert_false(sp_log_level_parse("loud", &level));
    assert_false(sp_log_level_parse("", &level));
    assert_int_equal(level, SP_LOG_ERROR);
}

int main(void)
{
    sp_log_init("test", SP_LOG_INFO);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_fields),
        cmocka_unit_test(no_value_forges_a_line),
        cmocka_unit_test(a_long_line_is_cut_and_ends),
        cmocka_unit_test(what_is_below_the_level_is_dropped),
        cmocka_unit_test(an_error_is_logged_with_its_causes),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
