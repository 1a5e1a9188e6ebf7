/*
 * See resample.h. Separable: a row of the result is first the weighted sum of some rows of the source (as float, each
 * source row is converted once and kept in a ring), then each of its pixels the weighted sum of some pixels of that
 * row.
 */
#include "media/resample.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/op.h"

enum { LOBES = 3 };

/* Red, green, blue and alpha; gcc and clang make it one register on every machine that has vectors. */
typedef float pixel __attribute__((vector_size(16)));
typedef int32_t pixel_int __attribute__((vector_size(16)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));
/* Two pixels: one register with AVX, two without. A row is as many of them as its pixels need. */
typedef float pair __attribute__((vector_size(32)));

#if defined(__x86_64__) && defined(__gnu_linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default"))) /* the loader chooses */
#else
#define FOR_EACH_PROCESSOR
#endif

/* Along one side: result i is the sum of weights[i * taps + k] * source[first[i] + k]. */
struct filter {
    unsigned taps;
    unsigned *first;
    float *weights;
};

struct work {
    const struct resample_picture *from;
    struct filter across, down;
    pixel *ring;       /* down.taps source rows; row y is at y % taps */
    size_t row_pixels; /* of one of them: the width, rounded up to whole pairs */
    unsigned filled;   /* source rows that were converted so far */
    pixel *sum;        /* one row */
};

static double sinc(double x) { return fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x); }

static double lanczos(double x) { return fabs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0; }

/* Pixel i of the result has its centre at (i + 0.5) * scale of the source; beyond the edges there is nothing. */
static void fill_filter(struct filter *filter, unsigned from, unsigned to)
{
    double scale = (double)from / to, support = LOBES * scale;
    for (unsigned i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale, total = 0;
        double first = fmax(0, ceil(centre - support - 0.5));
        unsigned start = (unsigned)fmin(first, from - filter->taps);
        float *weights = filter->weights + (size_t)i * filter->taps;
        for (unsigned k = 0; k < filter->taps; k++) {
            double weight = lanczos((start + k + 0.5 - centre) / scale);
            weights[k] = (float)weight;
            total += weight;
        }
        for (unsigned k = 0; k < filter->taps; k++)
            weights[k] = (float)(weights[k] / total);
        filter->first[i] = start;
    }
}

static struct sp_err *make_filter(struct sp_op *op, unsigned from, unsigned to, struct filter *ret_filter)
{
    unsigned taps = (unsigned)ceil(2.0 * LOBES * from / to);
    struct filter filter = {.taps = taps < from ? taps : from};
    SP_NEW_ARRAY(op, filter.first, to);
    filter.weights = sp_alloc(op, to, filter.taps * sizeof(*filter.weights));
    SP_OWN(filter.weights);
    fill_filter(&filter, from, to);
    *ret_filter = filter;
    return NULL;
}

#define INLINE inline __attribute__((always_inline)) /* into each processor's version */

/* Each byte is masked where it stands and its place is divided out, which is exact; the fourth is the caller's. */
static INLINE pixel load(const uint8_t *at, size_t size)
{
    const pixel_int mask = {0xff, 0xff00, 0xff0000, 0};
    const pixel place = {1, 1.0f / 0x100, 1.0f / 0x10000, 0};
    int32_t word = 0;
    memcpy(&word, at, size);
    pixel_int words = {word, word, word, word};
    return __builtin_convertvector(words & mask, pixel) * place;
}

/* Four bytes are one load; a pixel of three takes along one of its neighbour, but the last has none. */
FOR_EACH_PROCESSOR static void convert_rgb(const uint8_t *at, size_t width, pixel *row)
{
    for (size_t x = 0; x + 1 < width; x++)
        row[x] = load(at + 3 * x, 4);
    row[width - 1] = load(at + 3 * (width - 1), 3);
}

/* Colours count by their alpha, so that what is transparent has none to give. */
FOR_EACH_PROCESSOR static void convert_rgba(const uint8_t *at, size_t width, pixel *row)
{
    for (size_t x = 0; x < width; x++) {
        float alpha = at[4 * x + 3];
        row[x] = load(at + 4 * x, 4) * (alpha / 255);
        row[x][3] = alpha;
    }
}

static void convert_row(const struct resample_picture *from, unsigned y, pixel *row)
{
    const uint8_t *at = from->pixels + (size_t)y * from->width * from->bands;
    if (from->bands == 3)
        convert_rgb(at, from->width, row);
    else
        convert_rgba(at, from->width, row);
}

FOR_EACH_PROCESSOR static void add_rows(pair *restrict sum, const pair *const rows[static 4],
                                        const float weights[static 4], size_t count)
{
    const pair *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    pair zero = {0}, wa = zero + weights[0], wb = zero + weights[1], wc = zero + weights[2], wd = zero + weights[3];
    for (size_t i = 0; i < count; i++)
        sum[i] += (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
}

/* Four rows at a time, so that the sum is read and written seldom. */
static void sum_rows(struct work *work, unsigned i)
{
    unsigned taps = work->down.taps, first = work->down.first[i];
    const float *weights = work->down.weights + (size_t)i * taps;
    memset(work->sum, 0, work->row_pixels * sizeof(*work->sum));
    for (; work->filled < first + taps; work->filled++)
        convert_row(work->from, work->filled, work->ring + work->filled % taps * work->row_pixels);
    for (unsigned k = 0; k < taps; k += 4) {
        const pair *rows[4];
        float four[4] = {0};
        for (unsigned j = 0; j < 4; j++) {
            unsigned row = k + j < taps ? k + j : k; /* beyond the last: any row, with no weight */
            rows[j] = (const pair *)(const void *)(work->ring + (first + row) % taps * work->row_pixels);
            four[j] = k + j < taps ? weights[k + j] : 0;
        }
        add_rows((pair *)(void *)work->sum, rows, four, work->row_pixels / 2);
    }
}

static INLINE pixel sum_pixel(const pixel *at, const float *weights, unsigned taps)
{
    pixel even = {0}, odd = {0};
    unsigned k = 0;
    for (; k + 2 <= taps; k += 2) {
        even += weights[k] * at[k];
        odd += weights[k + 1] * at[k + 1];
    }
    return k < taps ? even + odd + weights[k] * at[k] : even + odd;
}

/* Lanczos overshoots on both sides: clamped. Writes all four bytes. */
static INLINE void store(pixel sum, uint8_t *at)
{
    const pixel low = {0}, high = low + 255;
    pixel_int above = sum > high, positive = sum > low;
    sum = (pixel)(((pixel_int)high & above) | ((pixel_int)sum & ~above & positive));
    bytes16 bytes = (bytes16) __builtin_convertvector(sum + 0.5f, pixel_int);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    bytes = __builtin_shufflevector(bytes, bytes, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
#else
#error "the bytes of a word are taken in the order of little-endian machines, here and in load()"
#endif
    memcpy(at, &bytes, 4);
}

/* The next pixel overwrites the fourth byte, so target has a byte of room behind the last. */
FOR_EACH_PROCESSOR static void sum_rgb(struct filter across, const pixel *sum, unsigned width, uint8_t *target)
{
    for (unsigned i = 0; i < width; i++)
        store(sum_pixel(sum + across.first[i], across.weights + (size_t)i * across.taps, across.taps),
              target + (size_t)3 * i);
}

FOR_EACH_PROCESSOR static void sum_rgba(struct filter across, const pixel *sum, unsigned width, uint8_t *target)
{
    for (unsigned i = 0; i < width; i++) {
        pixel colour = sum_pixel(sum + across.first[i], across.weights + (size_t)i * across.taps, across.taps);
        float alpha = colour[3];
        colour *= alpha > 0.5f ? 255 / alpha : 0;
        colour[3] = alpha;
        store(colour, target + (size_t)4 * i);
    }
}

/* Aligned for pairs, which is more than the arena promises. */
static struct sp_err *allocate_rows(struct sp_op *op, size_t rows, size_t row_pixels, pixel **ret_rows)
{
    uint8_t *memory = sp_alloc(op, rows * row_pixels + 2, sizeof(pixel));
    SP_OWN(memory);
    *ret_rows = (pixel *)(void *)(memory + (-(uintptr_t)memory & (sizeof(pair) - 1)));
    return NULL;
}

static bool is_sound(const struct resample_picture *from, unsigned width, unsigned height)
{
    return (from->bands == 3 || from->bands == 4) && width >= 1 && height >= 1 && width <= from->width &&
           height <= from->height && from->width <= RESAMPLE_SIDE_MAX && from->height <= RESAMPLE_SIDE_MAX;
}

struct sp_err *resample_down(struct sp_op *op, const struct resample_picture *picture, unsigned width, unsigned height,
                             struct resample_picture *ret_picture)
{
    if (!is_sound(picture, width, height))
        return sp_fail(op, SP_INVALID, "A picture can only be made smaller, and has red, green and blue");
    struct work work = {.from = picture};
    size_t row_bytes = (size_t)width * picture->bands;
    SP_TRY(make_filter(op, picture->width, width, &work.across));
    SP_TRY(make_filter(op, picture->height, height, &work.down));
    work.row_pixels = (picture->width + 1) / 2 * 2;
    SP_TRY(allocate_rows(op, work.down.taps, work.row_pixels, &work.ring));
    SP_TRY(allocate_rows(op, 1, work.row_pixels, &work.sum));
    uint8_t *pixels = sp_alloc(op, height * row_bytes + 1, 1);
    SP_OWN(pixels);
    for (unsigned y = 0; y < height; y++) {
        sum_rows(&work, y);
        if (picture->bands == 3)
            sum_rgb(work.across, work.sum, width, pixels + (size_t)y * row_bytes);
        else
            sum_rgba(work.across, work.sum, width, pixels + (size_t)y * row_bytes);
    }
    *ret_picture = (struct resample_picture){pixels, width, height, picture->bands};
    return NULL;
}
