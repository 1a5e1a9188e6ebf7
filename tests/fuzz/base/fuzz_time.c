/* Any text as a time: what is accepted is written and read as the same instant. */
#include "base/clock.h"
#include "base/op.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 16);
    const char *text = sp_strndup(op, (const char *)data, size);
    sp_time_ms time, again;
    char written[SP_ISO_TIME_BYTES];
    if (text && sp_time_parse(text, &time)) {
        /* an offset can lead a day beyond the years that are written; those are clamped */
        const sp_time_ms first = -62167219200000, last = 253402300799999;
        sp_time_format(time, written);
        sp_assert(sp_time_parse(written, &again));
        sp_assert(again == (time < first ? first : time > last ? last : time));
    }
    sp_op_destroy(op);
    return 0;
}
