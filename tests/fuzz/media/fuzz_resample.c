/* Any sizes and pixels: within bounds, and a flat picture stays flat. */
#include "media/resample.h"

#include <stdlib.h>
#include <string.h>

#include "base/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of exactly its size, so that ASan sees a byte too many. */
static uint8_t *pixels_of(const uint8_t *data, size_t size, size_t need)
{
    uint8_t *pixels = malloc(need ? need : 1);
    for (size_t i = 0; pixels && i < need; i++)
        pixels[i] = size ? data[i % size] : 77;
    return pixels;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 5)
        return 0;
    unsigned width = data[0], height = data[1], to_width = data[2], to_height = data[3], bands = 3 + data[4] % 2;
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    uint8_t *pixels = pixels_of(data + 5, size - 5, (size_t)width * height * bands);
    if (!op || !pixels)
        abort();
    const struct resample_picture from = {pixels, width, height, bands};
    struct resample_picture to;
    struct sp_err *err = resample_down(op, &from, to_width, to_height, &to);
    bool sound = to_width >= 1 && to_height >= 1 && to_width <= width && to_height <= height;
    if (sound != !err)
        abort();
    for (size_t i = 0; !err && size == 5 && i < (size_t)to_width * to_height; i++)
        if (abs(to.pixels[i * bands] - 77) > 1)
            abort();
    free(pixels);
    sp_op_destroy(op);
    return 0;
}
