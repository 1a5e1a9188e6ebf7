/* What the files that touch pixels share. The decoding process. */
#ifndef SP_DECODE_PIXELS_H
#define SP_DECODE_PIXELS_H

#include "media/resample.h"
#include <vips/vips.h>

struct original;
struct sp_op;

/*
 * load.c: the preview's pixels, upright, 8-bit sRGB, 3 bands or 4 with alpha, in memory, no side above px and never
 * enlarged. format as codecs_format_of. NULL: vips_error_buffer says why.
 */
VipsImage *picture_load(struct sp_op *op, const struct original *original, const char *format, unsigned px);
/* The same pixels as libvips sees them, not copied. NULL: no memory. */
VipsImage *picture_wrap(const struct resample_picture *picture);

#endif
