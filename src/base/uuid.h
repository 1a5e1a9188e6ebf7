/* UUIDs (RFC 9562): 16 bytes in network order. Entity ids are version 4, made from getrandom. Any thread. */
#ifndef SP_BASE_UUID_H
#define SP_BASE_UUID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SP_UUID_TEXT_BYTES = 37 }; /* 36 characters and the NUL */

struct sp_uuid {
    uint8_t bytes[16];
};

struct sp_uuid sp_uuid_v4(void);
/* The canonical 8-4-4-4-12 form, either case. False: not a UUID; ret_uuid is untouched. */
bool sp_uuid_parse(const char *text, struct sp_uuid *ret_uuid);
void sp_uuid_format(const struct sp_uuid *uuid, char ret_text[static SP_UUID_TEXT_BYTES]);
bool sp_uuid_equal(const struct sp_uuid *a, const struct sp_uuid *b);

#endif
