/* wire.h: types, bounds, and nothing left over. */
#include "os/wire.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint8_t data[64];

static struct os_writer writer_of(size_t capacity) { return (struct os_writer){.data = data, .capacity = capacity}; }

static struct os_reader reader_of(const struct os_writer *writer)
{
    assert_false(writer->failed);
    return (struct os_reader){.data = writer->data, .size = writer->size};
}

static void carries_values(void **state)
{
    (void)state;
    struct os_writer writer = writer_of(sizeof(data));
    os_put_integer(&writer, INT64_MIN);
    os_put_double(&writer, -0.5);
    os_put_bytes(&writer, "abc", 3);
    os_put_bytes(&writer, NULL, 0);
    struct os_reader reader = reader_of(&writer);
    int64_t integer;
    double number;
    char text[3];
    size_t size;
    assert_true(os_get_integer(&reader, INT64_MIN, 0, &integer));
    assert_int_equal(integer, INT64_MIN);
    assert_true(os_get_double(&reader, -1, 1, &number));
    assert_true(number < -0.4 && number > -0.6);
    assert_true(os_get_bytes(&reader, text, sizeof(text), &size));
    assert_int_equal(size, 3);
    assert_memory_equal(text, "abc", 3);
    assert_false(os_reader_done(&reader));
    assert_true(os_get_bytes(&reader, text, 0, &size));
    assert_int_equal(size, 0);
    assert_true(os_reader_done(&reader));
    assert_false(os_get_integer(&reader, 0, 0, &integer)); /* nothing is left */
    assert_false(os_reader_done(&reader));
}

static void keeps_to_types_and_bounds(void **state)
{
    (void)state;
    struct os_writer writer = writer_of(sizeof(data));
    os_put_integer(&writer, 7);
    int64_t integer = 42;
    double number = 42;
    size_t size = 42;
    char text[8];
    struct os_reader reader = reader_of(&writer);
    assert_false(os_get_double(&reader, -100, 100, &number));
    reader = reader_of(&writer);
    assert_false(os_get_bytes(&reader, text, sizeof(text), &size));
    reader = reader_of(&writer);
    assert_false(os_get_integer(&reader, 8, 9, &integer));
    assert_false(os_get_integer(&reader, 0, 9, &integer)); /* a failure sticks */
    reader = reader_of(&writer);
    assert_false(os_get_integer(&reader, 0, 6, &integer));
    assert_int_equal(integer, 42);
    assert_int_equal(size, 42);

    writer = writer_of(sizeof(data));
    os_put_double(&writer, NAN);
    reader = reader_of(&writer);
    assert_false(os_get_double(&reader, -INFINITY, INFINITY, &number));

    writer = writer_of(sizeof(data));
    os_put_bytes(&writer, "abcd", 4);
    reader = reader_of(&writer);
    assert_false(os_get_bytes(&reader, text, 3, &size));
}

static void refuses_every_cut(void **state)
{
    (void)state;
    struct os_writer writer = writer_of(sizeof(data));
    os_put_bytes(&writer, "abcd", 4);
    os_put_integer(&writer, 1);
    for (size_t cut = 0; cut < writer.size; cut++) {
        struct os_reader reader = {.data = data, .size = cut};
        char text[4];
        size_t size;
        int64_t integer;
        bool whole = os_get_bytes(&reader, text, sizeof(text), &size) && os_get_integer(&reader, 0, 9, &integer);
        assert_false(whole);
        assert_false(os_reader_done(&reader));
    }
}

static void fails_when_full(void **state)
{
    (void)state;
    for (size_t capacity = 0; capacity < 9 + 8; capacity++) {
        memset(data, 0x55, sizeof(data));
        struct os_writer writer = writer_of(capacity);
        os_put_integer(&writer, 1);
        os_put_bytes(&writer, "abc", 3);
        assert_true(writer.failed);
        assert_int_equal(data[capacity], 0x55);
        os_put_bytes(&writer, "", 0);
        assert_true(writer.failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_values),
        cmocka_unit_test(keeps_to_types_and_bounds),
        cmocka_unit_test(refuses_every_cut),
        cmocka_unit_test(fails_when_full),
    };
    return cmocka_run_group_tests_name("os/wire", tests, NULL, NULL);
}
