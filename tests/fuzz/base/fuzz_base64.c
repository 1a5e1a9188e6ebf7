/* Any text as base64, hex and UUID: what is accepted is canonical, and never passes its room. */
#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/op.h"
#include "base/uuid.h"

enum { ROOM = 64 };

static void check_base64(struct sp_op *op, const char *text)
{
    uint8_t out[ROOM];
    size_t size;
    if (!sp_base64_decode(text, out, sizeof(out), &size))
        return;
    sp_assert(size <= sizeof(out));
    const char *again = sp_base64_encode(op, out, size);
    sp_assert(again && strcmp(again, text) == 0);
}

static void check_hex(struct sp_op *op, const char *text)
{
    uint8_t out[ROOM];
    size_t size = strlen(text) / 2;
    if (size > sizeof(out) || !sp_hex_decode(text, out, size))
        return;
    const char *again = sp_hex_encode(op, out, size);
    sp_assert(again && strcasecmp(again, text) == 0);
}

static void check_uuid(const char *text)
{
    struct sp_uuid uuid;
    char again[SP_UUID_TEXT_BYTES];
    if (!sp_uuid_parse(text, &uuid))
        return;
    sp_uuid_format(&uuid, again);
    sp_assert(strcasecmp(again, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 20);
    const char *text = sp_strndup(op, (const char *)data, size);
    if (text) {
        check_base64(op, text);
        check_hex(op, text);
        check_uuid(text);
    }
    sp_op_destroy(op);
    return 0;
}
