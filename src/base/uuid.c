/* UUID version 4 and its text form; see uuid.h. */
#include "base/uuid.h"

#include <string.h>
#include <sys/random.h>

#include "base/attr.h"
#include "base/encode.h"

static bool is_dash(size_t position) { return position == 8 || position == 13 || position == 18 || position == 23; }

struct sp_uuid sp_uuid_v4(void)
{
    struct sp_uuid uuid;
    /* 16 bytes never block or come short once the kernel's pool is up: a failure is no input but a broken machine */
    sp_assert(getrandom(uuid.bytes, sizeof(uuid.bytes), 0) == (ssize_t)sizeof(uuid.bytes));
    uuid.bytes[6] = (uint8_t)((uuid.bytes[6] & 0x0f) | 0x40);
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

bool sp_uuid_parse(const char *text, struct sp_uuid *ret_uuid)
{
    struct sp_uuid uuid;
    size_t nibble = 0;
    for (size_t i = 0; i < SP_UUID_TEXT_BYTES - 1; i++) {
        if (is_dash(i)) {
            if (text[i] != '-')
                return false;
            continue;
        }
        int value = sp_hex_digit(text[i]);
        if (value < 0)
            return false;
        uint8_t *byte = &uuid.bytes[nibble / 2];
        *byte = (uint8_t)(nibble % 2 ? *byte | value : value << 4);
        nibble++;
    }
    if (text[SP_UUID_TEXT_BYTES - 1] != '\0')
        return false;
    *ret_uuid = uuid;
    return true;
}

void sp_uuid_format(const struct sp_uuid *uuid, char ret_text[static SP_UUID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    size_t nibble = 0;
    for (size_t i = 0; i < SP_UUID_TEXT_BYTES - 1; i++) {
        if (is_dash(i)) {
            ret_text[i] = '-';
            continue;
        }
        uint8_t byte = uuid->bytes[nibble / 2];
        ret_text[i] = digits[nibble % 2 ? byte & 15 : byte >> 4];
        nibble++;
    }
    ret_text[SP_UUID_TEXT_BYTES - 1] = '\0';
}

bool sp_uuid_equal(const struct sp_uuid *a, const struct sp_uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}
