/* ThumbHash: some 25 bytes that a browser turns into a blurred preview. By its public specification (Evan Wallace). */
#ifndef SP_DECODE_THUMBHASH_H
#define SP_DECODE_THUMBHASH_H

#include <stddef.h>
#include <stdint.h>

enum { THUMBHASH_MAX_BYTES = 32, THUMBHASH_SIDE_MAX = 100 };

/* rgba: width * height * 4 bytes, not premultiplied; sides 1 to 100. Returns how many bytes were written. */
size_t thumbhash_encode(unsigned width, unsigned height, const uint8_t *rgba,
                        uint8_t ret_hash[static THUMBHASH_MAX_BYTES]);

#endif
