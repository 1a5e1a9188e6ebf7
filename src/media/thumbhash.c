/*
 * See thumbhash.h. A picture becomes luminance l, two colour differences p and q, and alpha a; of each the lowest
 * frequencies of its cosine transform are kept, four bits each, scaled by the largest.
 */
#include "media/thumbhash.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/op.h"

enum { PIXELS_MAX = THUMBHASH_SIDE_MAX * THUMBHASH_SIDE_MAX, COEFFICIENTS_MAX = 32 };

struct channel {
    double samples[PIXELS_MAX];
    double dc, scale, ac[COEFFICIENTS_MAX];
    unsigned ac_count;
};

struct picture {
    unsigned width, height;
    bool has_alpha;
    struct channel l, p, q, a;
};

static double cosine(unsigned frequency, unsigned position, unsigned size)
{
    return cos(M_PI / size * frequency * (position + 0.5));
}

/* Summed in the reference's order: where frequencies cancel out, rounding decides, and the hashes should be equal. */
static double coefficient(const struct picture *picture, const struct channel *channel, unsigned cx, unsigned cy)
{
    double fx[THUMBHASH_SIDE_MAX], sum = 0;
    for (unsigned x = 0; x < picture->width; x++)
        fx[x] = cosine(cx, x, picture->width);
    for (unsigned y = 0; y < picture->height; y++) {
        const double *row = channel->samples + (size_t)y * picture->width;
        double fy = cosine(cy, y, picture->height);
        for (unsigned x = 0; x < picture->width; x++)
            sum += row[x] * fx[x] * fy;
    }
    return sum / (picture->width * picture->height);
}

/* The triangle of frequencies below the diagonal from nx to ny; ac ends up in 0..1. */
static void transform(const struct picture *picture, struct channel *channel, unsigned nx, unsigned ny)
{
    for (unsigned cy = 0; cy < ny; cy++) {
        for (unsigned cx = 0; cx * ny < nx * (ny - cy); cx++) {
            double f = coefficient(picture, channel, cx, cy);
            if (cx == 0 && cy == 0) {
                channel->dc = f;
                continue;
            }
            channel->ac[channel->ac_count++] = f;
            channel->scale = fmax(channel->scale, fabs(f));
        }
    }
    for (unsigned i = 0; channel->scale > 0 && i < channel->ac_count; i++)
        channel->ac[i] = 0.5 + 0.5 / channel->scale * channel->ac[i];
}

/* Colour weighted by alpha: what is transparent has no say. */
static void average_colour(const struct picture *picture, const uint8_t *rgba, double ret_average[static 3])
{
    double alpha_sum = 0;
    for (size_t i = 0; i < (size_t)picture->width * picture->height; i++) {
        double alpha = rgba[4 * i + 3] / 255.0;
        for (unsigned c = 0; c < 3; c++)
            ret_average[c] += alpha / 255 * rgba[4 * i + c];
        alpha_sum += alpha;
    }
    for (unsigned c = 0; alpha_sum > 0 && c < 3; c++)
        ret_average[c] /= alpha_sum;
}

/* Transparent parts take the average colour, so that they add no edges. */
static void split(struct picture *picture, const uint8_t *rgba)
{
    double average[3] = {0}, rgb[3];
    average_colour(picture, rgba, average);
    for (size_t i = 0; i < (size_t)picture->width * picture->height; i++) {
        double alpha = rgba[4 * i + 3] / 255.0;
        picture->has_alpha |= rgba[4 * i + 3] < 255;
        for (unsigned c = 0; c < 3; c++)
            rgb[c] = average[c] * (1 - alpha) + alpha / 255 * rgba[4 * i + c];
        picture->l.samples[i] = (rgb[0] + rgb[1] + rgb[2]) / 3;
        picture->p.samples[i] = (rgb[0] + rgb[1]) / 2 - rgb[2];
        picture->q.samples[i] = rgb[0] - rgb[1];
        picture->a.samples[i] = alpha;
    }
}

/* A number from 0 to max, halves rounded up. */
static unsigned steps(double value, unsigned max)
{
    double rounded = floor(value + 0.5);
    return rounded < 0 ? 0 : rounded > max ? max : (unsigned)rounded;
}

/* How many frequencies along a side: fewer along the shorter one. */
static unsigned frequencies(unsigned limit, unsigned side, unsigned longer)
{
    unsigned n = (unsigned)floor((double)(limit * side) / longer + 0.5);
    return n < 1 ? 1 : n;
}

static void append(uint8_t *hash, unsigned *nibble, const struct channel *channel)
{
    for (unsigned i = 0; i < channel->ac_count; i++, ++*nibble)
        hash[*nibble / 2] |= (uint8_t)(steps(15 * channel->ac[i], 15) << (*nibble % 2 * 4));
}

/* 24 bits for all, 16 for shape and colours, 8 more with alpha, then the frequencies. */
static size_t write_hash(const struct picture *picture, unsigned shorter_frequencies, uint8_t *ret_hash)
{
    bool landscape = picture->width > picture->height;
    uint32_t header24 = steps(63 * picture->l.dc, 63) | steps(31.5 + 31.5 * picture->p.dc, 63) << 6 |
                        steps(31.5 + 31.5 * picture->q.dc, 63) << 12 | steps(31 * picture->l.scale, 31) << 18 |
                        (uint32_t)picture->has_alpha << 23;
    uint32_t header16 = shorter_frequencies | steps(63 * picture->p.scale, 63) << 3 |
                        steps(63 * picture->q.scale, 63) << 9 | (uint32_t)landscape << 15;
    for (unsigned i = 0; i < 3; i++)
        ret_hash[i] = (uint8_t)(header24 >> (8 * i));
    ret_hash[3] = (uint8_t)header16;
    ret_hash[4] = (uint8_t)(header16 >> 8);
    unsigned nibble = 10;
    if (picture->has_alpha) {
        ret_hash[5] = (uint8_t)(steps(15 * picture->a.dc, 15) | steps(15 * picture->a.scale, 15) << 4);
        nibble += 2;
    }
    append(ret_hash, &nibble, &picture->l);
    append(ret_hash, &nibble, &picture->p);
    append(ret_hash, &nibble, &picture->q);
    append(ret_hash, &nibble, &picture->a); /* empty without alpha */
    return (nibble + 1) / 2;
}

struct sp_err *thumbhash_encode(struct sp_op *op, unsigned width, unsigned height, const uint8_t *rgba,
                                uint8_t ret_hash[static THUMBHASH_MAX_BYTES], size_t *ret_size)
{
    if (width < 1 || height < 1 || width > THUMBHASH_SIDE_MAX || height > THUMBHASH_SIDE_MAX)
        return sp_fail(op, SP_INVALID, "A thumbhash is made of 1 to %d pixels a side", THUMBHASH_SIDE_MAX);
    struct picture *picture;
    SP_NEW(op, picture);
    picture->width = width;
    picture->height = height;
    split(picture, rgba);
    unsigned longer = width > height ? width : height, limit = picture->has_alpha ? 5 : 7;
    unsigned lx = frequencies(limit, width, longer), ly = frequencies(limit, height, longer);
    transform(picture, &picture->l, lx < 3 ? 3 : lx, ly < 3 ? 3 : ly);
    transform(picture, &picture->p, 3, 3);
    transform(picture, &picture->q, 3, 3);
    if (picture->has_alpha)
        transform(picture, &picture->a, 5, 5);
    memset(ret_hash, 0, THUMBHASH_MAX_BYTES);
    *ret_size = write_hash(picture, width > height ? ly : lx, ret_hash);
    return NULL;
}
