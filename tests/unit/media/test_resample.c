/* resample.h: flat stays flat, lines keep their place, what is transparent has no colour, odd sizes stay in bounds. */
#include "media/resample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Exactly as large as it must be, so that ASan sees a byte too many. */
static uint8_t *paint(struct sp_op *op, unsigned width, unsigned height, unsigned bands,
                      void (*colour)(unsigned x, unsigned y, uint8_t *pixel))
{
    uint8_t *pixels = malloc((size_t)width * height * bands);
    assert_non_null(pixels);
    assert_null(sp_defer(op, free, pixels));
    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++)
            colour(x, y, pixels + ((size_t)y * width + x) * bands);
    return pixels;
}

static const uint8_t *at(const struct resample_picture *picture, unsigned x, unsigned y)
{
    return picture->pixels + ((size_t)y * picture->width + x) * picture->bands;
}

static void flat(unsigned x, unsigned y, uint8_t *pixel)
{
    (void)x;
    (void)y;
    memcpy(pixel, (const uint8_t[]){0, 200, 255}, 3);
}

static void keeps_flat_colours(void **state)
{
    static const unsigned sizes[][4] = {{100, 60, 37, 22}, {101, 61, 100, 60}, {2000, 3, 9, 1}, {7, 300, 7, 11},
                                        {1, 1, 1, 1},      {2, 2, 1, 1},       {5, 1000, 1, 1}, {640, 480, 640, 480}};
    for (size_t i = 0; i < SP_COUNT(sizes); i++) {
        const struct resample_picture from = {paint(*state, sizes[i][0], sizes[i][1], 3, flat), sizes[i][0],
                                              sizes[i][1], 3};
        struct resample_picture to;
        assert_null(resample_down(*state, &from, sizes[i][2], sizes[i][3], &to));
        assert_int_equal(to.width, sizes[i][2]);
        assert_int_equal(to.height, sizes[i][3]);
        for (unsigned y = 0; y < to.height; y++)
            for (unsigned x = 0; x < to.width; x++)
                assert_memory_equal(at(&to, x, y), ((const uint8_t[]){0, 200, 255}), 3);
    }
}

static void ramp(unsigned x, unsigned y, uint8_t *pixel)
{
    pixel[0] = (uint8_t)(x / 2);
    pixel[1] = (uint8_t)(y / 2);
    pixel[2] = (uint8_t)((x + y) / 4);
}

/* A straight slope stays one: position and weights are right, in both directions, away from the edges. */
static void keeps_places(void **state)
{
    const struct resample_picture from = {paint(*state, 500, 400, 3, ramp), 500, 400, 3};
    struct resample_picture to;
    assert_null(resample_down(*state, &from, 180, 144, &to));
    double scale = 500.0 / 180;
    for (unsigned y = 5; y < 139; y++)
        for (unsigned x = 5; x < 175; x++) {
            double sx = (x + 0.5) * scale - 0.75, sy = (y + 0.5) * scale - 0.75;
            assert_true(fabs(at(&to, x, y)[0] - sx / 2) < 1.01);
            assert_true(fabs(at(&to, x, y)[1] - sy / 2) < 1.01);
        }
}

static void stripes(unsigned x, unsigned y, uint8_t *pixel) { memset(pixel, (x + y) % 2 ? 255 : 0, 3); }

/* Finer than the result can show: grey, not moiré. */
static void averages_fine_detail(void **state)
{
    const struct resample_picture from = {paint(*state, 300, 300, 3, stripes), 300, 300, 3};
    struct resample_picture to;
    assert_null(resample_down(*state, &from, 100, 100, &to));
    for (unsigned y = 3; y < 97; y++)
        for (unsigned x = 3; x < 97; x++)
            assert_true(abs(at(&to, x, y)[0] - 128) <= 3);
}

/* Left half red and opaque, right half green and clear. */
static void half_clear(unsigned x, unsigned y, uint8_t *pixel)
{
    (void)y;
    memcpy(pixel, x < 50 ? (const uint8_t[]){255, 0, 0, 255} : (const uint8_t[]){0, 255, 0, 0}, 4);
}

static void lets_nothing_bleed_out_of_the_transparent(void **state)
{
    const struct resample_picture from = {paint(*state, 100, 10, 4, half_clear), 100, 10, 4};
    struct resample_picture to;
    assert_null(resample_down(*state, &from, 33, 4, &to));
    for (unsigned x = 0; x < 33; x++) {
        const uint8_t *pixel = at(&to, x, 2);
        assert_int_equal(pixel[1], 0);
        if (pixel[3] > 8)
            assert_true(pixel[0] > 250);
    }
    assert_memory_equal(at(&to, 2, 2), ((const uint8_t[]){255, 0, 0, 255}), 4);
    assert_int_equal(at(&to, 30, 2)[3], 0);
}

static void refuses_what_it_cannot(void **state)
{
    static const uint8_t pixels[16];
    static const struct {
        unsigned width, height, bands, to_width, to_height;
    } wrong[] = {{2, 2, 3, 3, 2}, {2, 2, 3, 2, 3}, {2, 2, 3, 0, 1}, {2, 2, 3, 1, 0},
                 {4, 4, 1, 2, 2}, {2, 2, 2, 1, 1}, {0, 0, 3, 0, 0}, {70000, 1, 3, 1, 1}};
    for (size_t i = 0; i < SP_COUNT(wrong); i++) {
        const struct resample_picture from = {pixels, wrong[i].width, wrong[i].height, wrong[i].bands};
        struct resample_picture to = {.width = 42};
        struct sp_err *err = resample_down(*state, &from, wrong[i].to_width, wrong[i].to_height, &to);
        assert_non_null(err);
        assert_int_equal(err->code, SP_INVALID);
        assert_int_equal(to.width, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_flat_colours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(averages_fine_detail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lets_nothing_bleed_out_of_the_transparent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_it_cannot, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("media/resample", tests, NULL, NULL);
}
