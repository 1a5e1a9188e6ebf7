/*
 * Making a picture smaller: Lanczos with three lobes, in floating point, one pixel a vector register. libvips' own
 * resize does the same, but without vector code in Debian's build it takes a third of the time of a whole derivative.
 * Any thread.
 */
#ifndef SP_MEDIA_RESAMPLE_H
#define SP_MEDIA_RESAMPLE_H

#include "base/attr.h"
#include <stdint.h>

struct sp_err;
struct sp_op;

enum { RESAMPLE_SIDE_MAX = 65535 };

/* Rows from the top, without gaps: RGB (3 bands), or RGBA (4), alpha not premultiplied. */
struct resample_picture {
    const uint8_t *pixels;
    unsigned width, height, bands;
};

/*
 * The picture with width x height pixels, in op's memory; proportions are the caller's. Transparent colours do not
 * bleed into their neighbours. SP_INVALID: a side is 0, grows or is above RESAMPLE_SIDE_MAX; bands are not 3 or 4.
 */
SP_MUST_CHECK struct sp_err *resample_down(struct sp_op *op, const struct resample_picture *picture, unsigned width,
                                           unsigned height, struct resample_picture *ret_picture);

#endif
