/* Any text percent-decoded: valid UTF-8 that is not longer, and that comes back when it is encoded again. */
#include <string.h>

#include "base/encode.h"
#include "base/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 20);
    for (int plus = 0; plus < 2; plus++) {
        char *text = sp_strndup(op, (const char *)data, size);
        size_t before = text ? strlen(text) : 0;
        if (!text || !sp_percent_decode(text, plus))
            continue;
        sp_assert(strlen(text) <= before && sp_utf8_valid(text, strlen(text)));
        sp_assert(sp_utf8_length(text) <= strlen(text));
        char *encoded = sp_percent_encode(op, text);
        if (!encoded)
            continue;
        sp_assert(sp_percent_decode(encoded, plus) && strcmp(encoded, text) == 0);
    }
    sp_op_destroy(op);
    return 0;
}
