/* The life of an operation: its id, its deadline, and what is released at its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/heap.h"
#include "base/op.h"

static char released[8];

static void release(void *name)
{
    size_t length = strlen(released);
    released[length] = *(const char *)name;
    released[length + 1] = '\0';
}

static void deferred_calls_run_newest_first(void **state)
{
    char a = 'a', b = 'b', c = 'c';
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    released[0] = '\0';
    assert_null(sp_defer(op, release, &a));
    assert_null(sp_defer(op, release, &b));
    sp_op_reset(op);
    assert_string_equal(released, "ba");
    assert_null(sp_defer(op, release, &c));
    sp_op_destroy(op);
    assert_string_equal(released, "bac");
}

static void what_cannot_be_deferred_is_released_at_once(void **state)
{
    char a = 'a';
    struct sp_op *op = sp_op_create(8);
    released[0] = '\0';
    assert_non_null(sp_defer(op, release, &a));
    assert_string_equal(released, "a");
    sp_op_destroy(op);
    assert_string_equal(released, "a");
}

static bool is_id(const char *id) { return strlen(id) == 32 && strspn(id, "0123456789abcdef") == 32; }

static void every_operation_has_its_own_id(void **state)
{
    struct sp_op *one = sp_op_create(1 << 10), *two = sp_op_create(1 << 10);
    char first[SP_OP_ID_BYTES];
    memcpy(first, one->id, sizeof(first));
    assert_true(is_id(one->id) && is_id(two->id));
    assert_string_not_equal(one->id, two->id);
    sp_op_reset(one);
    assert_true(is_id(one->id));
    assert_string_not_equal(one->id, first);
    sp_op_destroy(one);
    sp_op_destroy(two);
    sp_op_destroy(NULL);
}

static void the_deadline_runs_out(void **state)
{
    struct sp_op *op = sp_op_create(1 << 10);
    assert_true(sp_op_remaining_ms(op) == INT64_MAX);
    op->deadline_ms = sp_clock_mono_ms() + 60000;
    assert_in_range(sp_op_remaining_ms(op), 50000, 60000);
    op->deadline_ms = sp_clock_mono_ms();
    assert_int_equal(sp_op_remaining_ms(op), 0);
    sp_op_reset(op);
    assert_true(sp_op_remaining_ms(op) == INT64_MAX);
    sp_op_destroy(op);
}

static void texts_are_copied(void **state)
{
    struct sp_op *op = sp_op_create(1 << 20);
    char source[] = "source";
    char *copy = sp_strdup(op, source), *part = sp_strndup(op, source, 3);
    source[0] = 'x';
    assert_string_equal(copy, "source");
    assert_string_equal(part, "sou");
    assert_null(sp_strdup(op, NULL));
    assert_string_equal(sp_strndup(op, NULL, 0), "");
    assert_string_equal(sp_format(op, "%s-%03d", "a", 7), "a-007");
    sp_op_destroy(op);
}

static struct sp_err *wants_much(struct sp_op *op)
{
    char *many;
    SP_NEW_ARRAY(op, many, SIZE_MAX);
    return NULL;
}

static struct sp_err *wants_text(struct sp_op *op)
{
    const char *text = sp_format(op, "%2000d", 1);
    SP_OWN(text);
    return NULL;
}

static void over_the_budget_the_caller_gets_an_error(void **state)
{
    struct sp_op *op = sp_op_create(1000);
    assert_ptr_equal(wants_much(op), sp_err_no_memory());
    assert_ptr_equal(wants_text(op), sp_err_no_memory());
    assert_null(sp_strndup(op, "", 0) ? NULL : op); /* what is small still fits */
    sp_op_destroy(op);
}

static void every_failing_allocation_gives_none(void **state)
{
    for (long nth = 1; nth <= 2; nth++) {
        sp_heap_fail_nth(nth);
        assert_null(sp_op_create(1 << 10));
        sp_heap_fail_nth(0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_calls_run_newest_first),
        cmocka_unit_test(what_cannot_be_deferred_is_released_at_once),
        cmocka_unit_test(every_operation_has_its_own_id),
        cmocka_unit_test(the_deadline_runs_out),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(over_the_budget_the_caller_gets_an_error),
        cmocka_unit_test(every_failing_allocation_gives_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
