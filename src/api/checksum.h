/* The contract's checksum as clients write it. Pure, any thread; implemented in assets.c. */
#ifndef SP_API_CHECKSUM_H
#define SP_API_CHECKSUM_H

#include "base/hash.h"
#include <stdbool.h>
#include <stdint.h>

/* A SHA-1 as 40 hex digits or 28 characters of base64. */
bool assets_parse_checksum(const char *text, uint8_t ret_sha1[static SP_SHA1_BYTES]);

#endif
