/* Errors: what they carry, their table, and what they are when memory is out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/op.h"

static struct sp_op *op;

static int set_up(void **state) { return !(op = sp_op_create(SP_OP_BUDGET_DEFAULT)); }

static int tear_down(void **state)
{
    sp_op_destroy(op);
    return 0;
}

static void every_code_has_its_row(void **state)
{
    for (int code = 0; code < SP_CODE_COUNT; code++) {
        const struct sp_code_info *info = sp_code_info((enum sp_code)code);
        assert_non_null(info->name);
        assert_in_range(info->http_status, 400, 599);
        assert_in_range(info->exit_code, 64, 78); /* sysexits.h */
        for (int other = 0; other < code; other++)
            assert_string_not_equal(info->name, sp_code_info((enum sp_code)other)->name);
    }
    assert_int_equal(sp_code_info(SP_UNAUTHENTICATED)->http_status, 401);
    assert_true(sp_code_info(SP_UNAVAILABLE)->retry);
    assert_false(sp_code_info(SP_INVALID)->retry);
    assert_false(sp_code_info(SP_MEDIA)->retry);
}

static void an_error_says_what_and_where(void **state)
{
    struct sp_err *err = sp_fail(op, SP_NOT_FOUND, "No album %d", 7);
    assert_int_equal(err->code, SP_NOT_FOUND);
    assert_string_equal(err->message, "No album 7");
    assert_non_null(strstr(err->file, "test_err.c"));
    assert_int_equal(err->line, __LINE__ - 4);
    assert_null(err->detail);
    assert_null(err->cause);
    assert_ptr_equal(sp_err_detail(op, err, "in %s", "shelf"), err);
    assert_string_equal(err->detail, "in shelf");
}

static void a_wrapped_error_keeps_its_cause_and_its_issues(void **state)
{
    struct sp_err *issue = sp_err_issue(op, NULL, "a.0", "too_big", "a must be small");
    struct sp_err *outer = sp_wrap(op, issue, "outer"), *other = sp_wrap_as(op, outer, SP_CONFLICT, "other");
    assert_int_equal(outer->code, SP_INVALID);
    assert_ptr_equal(outer->cause, issue);
    assert_ptr_equal(outer->issues, issue->issues);
    assert_int_equal(other->code, SP_CONFLICT);
    assert_ptr_equal(other->cause->cause, issue);
}

static void issues_are_kept_in_order(void **state)
{
    struct sp_err *err = sp_err_issue(op, NULL, "a", "x", "first");
    assert_ptr_equal(sp_err_issue(op, err, "b", "y", "second"), err);
    assert_string_equal(err->message, "Validation failed");
    assert_string_equal(err->issues->message, "first");
    assert_string_equal(err->issues->next->path, "b");
    assert_string_equal(err->issues->next->code, "y");
    assert_null(err->issues->next->next);
}

static void errno_is_kept_from_the_public(void **state)
{
    static const struct {
        int number;
        enum sp_code code;
    } cases[] = {{ENOSPC, SP_NO_SPACE},
                 {EDQUOT, SP_NO_SPACE},
                 {ESTALE, SP_UNAVAILABLE},
                 {EIO, SP_UNAVAILABLE},
                 {EACCES, SP_INTERNAL}};
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        errno = cases[i].number;
        struct sp_err *err = sp_fail_errno(op, "open %s", "/secret/path");
        assert_int_equal(err->code, cases[i].code);
        assert_null(strstr(err->message, "/secret/path"));
        assert_non_null(strstr(err->detail, "open /secret/path: "));
        assert_non_null(strstr(err->detail, strerror(cases[i].number)));
    }
    struct sp_err *internal = sp_fail_internal(op, "row %d", 3);
    assert_int_equal(internal->code, SP_INTERNAL);
    assert_string_equal(internal->message, "Internal server error");
    assert_string_equal(internal->detail, "row 3");
}

static struct sp_err *tries(struct sp_err *err, int *ret_reached)
{
    *ret_reached = 0;
    SP_TRY(err);
    *ret_reached = 1;
    return NULL;
}

static void try_passes_on(void **state)
{
    int reached;
    struct sp_err *err = sp_fail(op, SP_INVALID, "x");
    assert_ptr_equal(tries(err, &reached), err);
    assert_int_equal(reached, 0);
    assert_null(tries(NULL, &reached));
    assert_int_equal(reached, 1);
}

static void without_memory_there_is_still_an_error(void **state)
{
    struct sp_op *small = sp_op_create(32);
    assert_ptr_equal(sp_fail(small, SP_NOT_FOUND, "x"), sp_err_no_memory());
    assert_ptr_equal(sp_fail_internal(small, "x"), sp_err_no_memory());
    assert_ptr_equal(sp_fail_errno(small, "x"), sp_err_no_memory());
    assert_ptr_equal(sp_err_issue(small, NULL, "a", "b", "c"), sp_err_no_memory());
    assert_ptr_equal(sp_err_detail(small, sp_err_no_memory(), "x"), sp_err_no_memory());
    assert_string_not_equal(sp_err_no_memory()->detail, "x"); /* it is everybody's */
    assert_ptr_equal(sp_err_issue(op, sp_err_no_memory(), "a", "b", "c"), sp_err_no_memory());
    assert_null(sp_err_no_memory()->issues);
    sp_op_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_row),
        cmocka_unit_test(an_error_says_what_and_where),
        cmocka_unit_test(a_wrapped_error_keeps_its_cause_and_its_issues),
        cmocka_unit_test(issues_are_kept_in_order),
        cmocka_unit_test(errno_is_kept_from_the_public),
        cmocka_unit_test(try_passes_on),
        cmocka_unit_test(without_memory_there_is_still_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
