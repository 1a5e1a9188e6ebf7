/* The door to malloc: overflow and injected failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/heap.h"

static void sizes_that_overflow_are_refused(void **state)
{
    assert_null(sp_heap_resize(NULL, SIZE_MAX / 2, 3));
    assert_null(sp_heap_new(SIZE_MAX / 2, 3));
}

static void new_memory_is_zero_and_resizing_keeps(void **state)
{
    char *text = sp_heap_new(8, 1);
    assert_memory_equal(text, "\0\0\0\0\0\0\0\0", 8);
    memcpy(text, "12345678", 8);
    char *larger = sp_heap_resize(text, 100, 1);
    assert_memory_equal(larger, "12345678", 8);
    sp_heap_free(larger);
    sp_heap_free(NULL);
}

static void the_nth_allocation_fails_once(void **state)
{
    sp_heap_fail_nth(3);
    char *first = sp_heap_strdup("first"), *second = sp_heap_new(1, 1);
    assert_string_equal(first, "first");
    assert_non_null(second);
    assert_null(sp_heap_resize(first, 100, 1));
    assert_string_equal(first, "first"); /* untouched */
    char *fourth = sp_heap_strdup("fourth");
    assert_string_equal(fourth, "fourth");
    sp_heap_free(first);
    sp_heap_free(second);
    sp_heap_free(fourth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(new_memory_is_zero_and_resizing_keeps),
        cmocka_unit_test(the_nth_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
