/* Alignment, zeroing, budget and reuse of arenas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/arena.h"
#include "base/heap.h"

static void memory_is_aligned_zeroed_and_apart(void **state)
{
    struct sp_arena *arena = sp_arena_create(1 << 20);
    unsigned char *before = NULL;
    for (size_t size = 0; size < 300; size++) {
        unsigned char *memory = sp_arena_alloc(arena, size, 1);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        if (before)
            assert_int_equal(before[size - 2], 0xff); /* the one before was not touched */
        memset(memory, 0xff, size);
        before = size ? memory : NULL;
    }
    sp_arena_destroy(arena);
}

static void reused_memory_is_zero_again(void **state)
{
    struct sp_arena *arena = sp_arena_create(1 << 20);
    for (int round = 0; round < 3; round++) {
        unsigned char *memory = sp_arena_alloc(arena, 1000, 1);
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xff, 1000);
        sp_arena_reset(arena);
        assert_int_equal(sp_arena_used(arena), 0);
    }
    sp_arena_destroy(arena);
}

static void the_budget_is_the_end(void **state)
{
    struct sp_arena *arena = sp_arena_create(1024);
    assert_non_null(sp_arena_alloc(arena, 1000, 1));
    assert_null(sp_arena_alloc(arena, 32, 1));
    assert_non_null(sp_arena_alloc(arena, 16, 1));
    assert_null(sp_arena_alloc(arena, 1, 1));
    assert_int_equal(sp_arena_used(arena), 1024);
    sp_arena_reset(arena);
    assert_non_null(sp_arena_alloc(arena, 1024, 1));
    sp_arena_destroy(arena);
}

static void what_overflows_is_refused(void **state)
{
    struct sp_arena *arena = sp_arena_create(SIZE_MAX);
    assert_null(sp_arena_alloc(arena, SIZE_MAX / 2, 3));
    assert_null(sp_arena_alloc(arena, SIZE_MAX, 1));
    assert_null(sp_arena_alloc(arena, SIZE_MAX - 64, 1));
    assert_non_null(sp_arena_alloc(arena, 0, SIZE_MAX));
    sp_arena_destroy(arena);
}

static void every_failing_allocation_is_told(void **state)
{
    for (long nth = 1; nth <= 2; nth++) {
        sp_heap_fail_nth(nth);
        struct sp_arena *arena = sp_arena_create(1 << 20);
        if (nth == 1)
            assert_null(arena);
        else
            assert_null(sp_arena_alloc(arena, 10, 1));
        sp_heap_fail_nth(0);
        if (arena)
            assert_non_null(sp_arena_alloc(arena, 10, 1));
        sp_arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_zeroed_and_apart),
        cmocka_unit_test(reused_memory_is_zero_again),
        cmocka_unit_test(the_budget_is_the_end),
        cmocka_unit_test(what_overflows_is_refused),
        cmocka_unit_test(every_failing_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
