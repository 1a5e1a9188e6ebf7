/*
 * ThumbHash: some 25 bytes that a browser turns into a blurred preview while the picture loads. By the public
 * specification and reference by Evan Wallace (https://evanw.github.io/thumbhash/). Any thread.
 */
#ifndef SP_MEDIA_THUMBHASH_H
#define SP_MEDIA_THUMBHASH_H

#include "base/attr.h"
#include <stddef.h>
#include <stdint.h>

struct sp_err;
struct sp_op;

enum { THUMBHASH_MAX_BYTES = 32, THUMBHASH_SIDE_MAX = 100 };

/* rgba: width * height * 4 bytes, sRGB, alpha not premultiplied. SP_INVALID: a side is not 1 to 100. */
SP_MUST_CHECK struct sp_err *thumbhash_encode(struct sp_op *op, unsigned width, unsigned height, const uint8_t *rgba,
                                              uint8_t ret_hash[static THUMBHASH_MAX_BYTES], size_t *ret_size);

#endif
