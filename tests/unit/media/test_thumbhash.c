/* thumbhash.h against hashes that the reference implementation (npm thumbhash 0.1.1) made of the same pixels. */
#include "media/thumbhash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/op.h"

static int set_up(void **state)
{
    *state = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_op_destroy(*state);
    return 0;
}

static void gradient(unsigned x, unsigned y, unsigned pixel[4])
{
    const unsigned values[] = {x * x >> 6, y * 3 - (x * y >> 6), x + y + (y * y >> 5), 255};
    memcpy(pixel, values, sizeof(values));
}

static void waves(unsigned x, unsigned y, unsigned pixel[4])
{
    const unsigned values[] = {x * x + y * 7, x * 5 + y * y, x * y + 31, 255};
    memcpy(pixel, values, sizeof(values));
}

static void alpha(unsigned x, unsigned y, unsigned pixel[4])
{
    const unsigned values[] = {x * 9, 200 - y, x * 3 + y * 5, x * 8 + y};
    memcpy(pixel, values, sizeof(values));
}

static void clear(unsigned x, unsigned y, unsigned pixel[4])
{
    (void)x;
    (void)y;
    const unsigned values[] = {10, 20, 30, 0};
    memcpy(pixel, values, sizeof(values));
}

static const struct {
    void (*paint)(unsigned, unsigned, unsigned[4]);
    unsigned width, height;
    const char *hash;
} samples[] = {
    {gradient, 100, 75, "55c6091d968487875078789688987786a6dc0fd988"},
    {gradient, 75, 100, "d556092514758770884876778969678888a63ff997"},
    {waves, 100, 100, "1ff801070042205444268454363463427511c5eff97fb104"},
    {waves, 100, 3, "1ae909398661705993878877694ff86687"},
    {waves, 1, 100, "951a2aa104088778888787870887878048"},
    {waves, 37, 53, "1ef8050d022043337616422572752a35dc8fca942f"},
    {alpha, 64, 48, "e5b88114842809032e97247f6c54af08a24707728676877708"},
    {alpha, 30, 90, "63e885120818807c992768917f036778005b275b877877"},
    {clear, 10, 10, "00088205000000000000000000000000000000000000000000"},
};

static void equals_the_reference(void **state)
{
    static uint8_t rgba[THUMBHASH_SIDE_MAX * THUMBHASH_SIDE_MAX * 4];
    for (size_t i = 0; i < SP_COUNT(samples); i++) {
        for (unsigned y = 0; y < samples[i].height; y++)
            for (unsigned x = 0; x < samples[i].width; x++) {
                unsigned pixel[4];
                samples[i].paint(x, y, pixel);
                for (unsigned c = 0; c < 4; c++)
                    rgba[4 * ((size_t)y * samples[i].width + x) + c] = (uint8_t)pixel[c];
            }
        uint8_t hash[THUMBHASH_MAX_BYTES];
        size_t size;
        char hex[2 * THUMBHASH_MAX_BYTES + 1] = "";
        assert_null(thumbhash_encode(*state, samples[i].width, samples[i].height, rgba, hash, &size));
        for (size_t j = 0; j < size; j++)
            snprintf(hex + 2 * j, 3, "%02x", hash[j]);
        assert_string_equal(hex, samples[i].hash);
    }
}

static void refuses_sizes_beyond_its_limit(void **state)
{
    static const uint8_t rgba[4];
    uint8_t hash[THUMBHASH_MAX_BYTES];
    size_t size = 99;
    const unsigned sides[][2] = {{0, 1}, {1, 0}, {101, 1}, {1, 101}};
    for (size_t i = 0; i < SP_COUNT(sides); i++) {
        struct sp_err *err = thumbhash_encode(*state, sides[i][0], sides[i][1], rgba, hash, &size);
        assert_non_null(err);
        assert_int_equal(err->code, SP_INVALID);
    }
    assert_int_equal(size, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_reference),
        cmocka_unit_test(refuses_sizes_beyond_its_limit),
    };
    return cmocka_run_group_tests_name("media/thumbhash", tests, set_up, tear_down);
}
