/*
 * See thumbhash.h. A picture becomes luminance l, two colour differences p and q, and alpha a; of each the lowest
 * frequencies of its cosine transform are kept, four bits each, scaled by the largest. The decoding process.
 */
#include "swissphoto-decode/thumbhash.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { PIXELS_MAX = THUMBHASH_SIDE_MAX * THUMBHASH_SIDE_MAX, COEFFICIENTS_MAX = 32 };

struct channel {
    float samples[PIXELS_MAX];
    float dc, scale, ac[COEFFICIENTS_MAX];
    unsigned ac_count;
};

struct picture {
    unsigned width, height;
    bool has_alpha;
    struct channel l, p, q, a;
};

static float row_factor(unsigned frequency, unsigned position, unsigned size)
{
    return cosf((float)M_PI / (float)size * (float)frequency * ((float)position + 0.5f));
}

static float coefficient(const struct picture *picture, const struct channel *channel, unsigned cx, unsigned cy)
{
    float fx[THUMBHASH_SIDE_MAX], sum = 0;
    for (unsigned x = 0; x < picture->width; x++)
        fx[x] = row_factor(cx, x, picture->width);
    for (unsigned y = 0; y < picture->height; y++) {
        const float *row = channel->samples + (size_t)y * picture->width;
        float row_sum = 0;
        for (unsigned x = 0; x < picture->width; x++)
            row_sum += row[x] * fx[x];
        sum += row_sum * row_factor(cy, y, picture->height);
    }
    return sum / (float)(picture->width * picture->height);
}

/* The triangle of frequencies below the diagonal from nx to ny; ac ends up in 0..1. */
static void transform(const struct picture *picture, struct channel *channel, unsigned nx, unsigned ny)
{
    channel->scale = 0;
    channel->ac_count = 0;
    for (unsigned cy = 0; cy < ny; cy++) {
        for (unsigned cx = 0; cx * ny < nx * (ny - cy); cx++) {
            float f = coefficient(picture, channel, cx, cy);
            if (cx == 0 && cy == 0) {
                channel->dc = f;
                continue;
            }
            channel->ac[channel->ac_count++] = f;
            channel->scale = fmaxf(channel->scale, fabsf(f));
        }
    }
    for (unsigned i = 0; channel->scale > 0 && i < channel->ac_count; i++)
        channel->ac[i] = 0.5f + 0.5f / channel->scale * channel->ac[i];
}

/* Transparent parts take the average colour, so that they add no edges. */
static void split(struct picture *picture, const uint8_t *rgba)
{
    unsigned count = picture->width * picture->height;
    float average[3] = {0}, alpha_sum = 0;
    for (unsigned i = 0; i < count; i++) {
        float alpha = (float)rgba[4 * i + 3] / 255.0f;
        for (unsigned c = 0; c < 3; c++)
            average[c] += alpha / 255.0f * (float)rgba[4 * i + c];
        alpha_sum += alpha;
    }
    for (unsigned c = 0; alpha_sum > 0 && c < 3; c++)
        average[c] /= alpha_sum;
    picture->has_alpha = false;
    for (unsigned i = 0; i < count; i++) {
        float alpha = (float)rgba[4 * i + 3] / 255.0f, rgb[3];
        picture->has_alpha |= rgba[4 * i + 3] < 255;
        for (unsigned c = 0; c < 3; c++)
            rgb[c] = average[c] * (1 - alpha) + alpha / 255.0f * (float)rgba[4 * i + c];
        picture->l.samples[i] = (rgb[0] + rgb[1] + rgb[2]) / 3;
        picture->p.samples[i] = (rgb[0] + rgb[1]) / 2 - rgb[2];
        picture->q.samples[i] = rgb[0] - rgb[1];
        picture->a.samples[i] = alpha;
    }
}

static unsigned steps(float value, float offset, unsigned max)
{
    float scaled = roundf(offset + value);
    return scaled < 0 ? 0 : scaled > (float)max ? max : (unsigned)scaled;
}

static unsigned limit_of(unsigned limit, unsigned side, unsigned longer)
{
    unsigned n = (unsigned)lroundf((float)limit * (float)side / (float)longer);
    return n < 1 ? 1 : n;
}

static void append(uint8_t *hash, size_t start, unsigned *nibbles, const struct channel *channel)
{
    for (unsigned i = 0; i < channel->ac_count; i++, ++*nibbles)
        hash[start + *nibbles / 2] |= (uint8_t)(steps(15 * channel->ac[i], 0, 15) << (*nibbles % 2 * 4));
}

size_t thumbhash_encode(unsigned width, unsigned height, const uint8_t *rgba,
                        uint8_t ret_hash[static THUMBHASH_MAX_BYTES])
{
    static struct picture picture; /* 160 kB: too much for a thread's stack; the process is single-use */
    picture.width = width;
    picture.height = height;
    split(&picture, rgba);
    unsigned longer = width > height ? width : height, limit = picture.has_alpha ? 5 : 7;
    unsigned lx = limit_of(limit, width, longer), ly = limit_of(limit, height, longer);
    transform(&picture, &picture.l, lx < 3 ? 3 : lx, ly < 3 ? 3 : ly);
    transform(&picture, &picture.p, 3, 3);
    transform(&picture, &picture.q, 3, 3);

    bool landscape = width > height;
    uint32_t header24 = steps(63 * picture.l.dc, 0, 63) | steps(31.5f * picture.p.dc, 31.5f, 63) << 6 |
                        steps(31.5f * picture.q.dc, 31.5f, 63) << 12 | steps(31 * picture.l.scale, 0, 31) << 18 |
                        (uint32_t)picture.has_alpha << 23;
    uint32_t header16 = (landscape ? ly : lx) | steps(63 * picture.p.scale, 0, 63) << 3 |
                        steps(63 * picture.q.scale, 0, 63) << 9 | (uint32_t)landscape << 15;
    memset(ret_hash, 0, THUMBHASH_MAX_BYTES);
    for (unsigned i = 0; i < 3; i++)
        ret_hash[i] = (uint8_t)(header24 >> (8 * i));
    ret_hash[3] = (uint8_t)header16;
    ret_hash[4] = (uint8_t)(header16 >> 8);
    size_t start = 5;
    if (picture.has_alpha) {
        transform(&picture, &picture.a, 5, 5);
        ret_hash[start++] = (uint8_t)(steps(15 * picture.a.dc, 0, 15) | steps(15 * picture.a.scale, 0, 15) << 4);
    }
    unsigned nibbles = 0;
    append(ret_hash, start, &nibbles, &picture.l);
    append(ret_hash, start, &nibbles, &picture.p);
    append(ret_hash, start, &nibbles, &picture.q);
    if (picture.has_alpha)
        append(ret_hash, start, &nibbles, &picture.a);
    return start + (nibbles + 1) / 2;
}
