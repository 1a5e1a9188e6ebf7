/* Hex, base64 (RFC 4648) and percent encoding (RFC 3986). Pure functions, any thread. */
#ifndef SP_BASE_ENCODE_H
#define SP_BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/types.h"

struct sp_op;

/* The value of a hex digit of either case, or -1. */
int sp_hex_digit(char c);
/* Lower-case hex; NULL when memory is out. */
SP_MUST_CHECK char *sp_hex_encode(struct sp_op *op, const uint8_t *data, size_t size);
/* Exactly size bytes from exactly 2 * size digits. */
bool sp_hex_decode(const char *text, uint8_t *ret_data, size_t size);
/* Standard alphabet with padding; NULL when memory is out. */
SP_MUST_CHECK char *sp_base64_encode(struct sp_op *op, const uint8_t *data, size_t size);
/* URL-safe alphabet without padding; NULL when memory is out. */
SP_MUST_CHECK char *sp_base64url_encode(struct sp_op *op, const uint8_t *data, size_t size);
/* Standard alphabet, padding required, canonical; false on anything else or more than capacity bytes. */
bool sp_base64_decode(const char *text, uint8_t *ret_data, size_t capacity, size_t *ret_size);
/* Decodes %XX in place (and '+' to space if plus_is_space). False: bad escape, %00 or invalid UTF-8. */
bool sp_percent_decode(char *text, bool plus_is_space);
/* Everything but unreserved characters becomes %XX; NULL when memory is out. */
SP_MUST_CHECK char *sp_percent_encode(struct sp_op *op, const char *text);
/* Whether size bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool sp_utf8_valid(const char *text, size_t size);
/* Number of code points of well-formed UTF-8. */
size_t sp_utf8_length(const char *text);

#endif
