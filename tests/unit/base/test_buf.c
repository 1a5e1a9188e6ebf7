/* The capped buffer: growth, the cap, and a failure that is asked for once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/op.h"

static void appends_in_every_way(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct sp_buf buf;
    sp_buf_init(&buf, 1000);
    sp_buf_append(&buf, "", 0);
    assert_null(buf.data);
    sp_buf_puts(&buf, "one");
    sp_buf_putc(&buf, ' ');
    sp_buf_printf(&buf, "%s %d", "two", 3);
    sp_buf_append(&buf, "\0x", 2);
    assert_int_equal(buf.size, 11);
    assert_memory_equal(buf.data, "one two 3\0x", 12); /* and a NUL behind it */
    assert_null(sp_buf_check(op, &buf));
    sp_buf_finish(&buf);
    sp_op_destroy(op);
}

static void grows_to_its_maximum_and_no_further(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct sp_buf buf;
    sp_buf_init(&buf, 100000);
    for (size_t i = 0; i < 100000; i++)
        sp_buf_putc(&buf, (char)('a' + i % 26));
    assert_null(sp_buf_check(op, &buf));
    sp_buf_putc(&buf, 'x');
    struct sp_err *err = sp_buf_check(op, &buf);
    assert_non_null(err);
    assert_int_equal(err->code, SP_TOO_LARGE);
    assert_int_equal(buf.size, 100000);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    sp_buf_finish(&buf);
    sp_op_destroy(op);
}

static void what_follows_a_failure_is_dropped_until_it_is_cleared(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct sp_buf buf;
    sp_buf_init(&buf, 4);
    sp_buf_puts(&buf, "12345");
    sp_buf_puts(&buf, "1");
    sp_buf_printf(&buf, "%d", 2);
    assert_int_equal(buf.size, 0);
    assert_non_null(sp_buf_check(op, &buf));
    sp_buf_clear(&buf);
    sp_buf_puts(&buf, "1234");
    assert_null(sp_buf_check(op, &buf));
    assert_string_equal(buf.data, "1234");
    sp_buf_finish(&buf);
    assert_null(buf.data);
    sp_op_destroy(op);
}

static void no_memory_is_a_failure_too(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct sp_buf buf;
    sp_buf_init(&buf, 1 << 20);
    sp_buf_puts(&buf, "kept");
    sp_heap_fail_nth(1);
    char large[1000];
    memset(large, 'x', sizeof(large));
    sp_buf_append(&buf, large, sizeof(large));
    sp_heap_fail_nth(0);
    assert_true(buf.failed);
    assert_string_equal(buf.data, "kept");
    sp_buf_finish(&buf);
    sp_op_destroy(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_in_every_way),
        cmocka_unit_test(grows_to_its_maximum_and_no_further),
        cmocka_unit_test(what_follows_a_failure_is_dropped_until_it_is_cleared),
        cmocka_unit_test(no_memory_is_a_failure_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
