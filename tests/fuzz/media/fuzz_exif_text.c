/* The texts of cameras: cleaned ones are UTF-8 without control characters, times are times. */
#include "media/exif_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const char *text, size_t capacity)
{
    char *clean = malloc(capacity);
    if (!clean)
        return;
    exif_clean_text(clean, capacity, text);
    size_t length = strnlen(clean, capacity);
    if (length == capacity || !sp_utf8_valid(clean, length))
        abort();
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)clean[i] < ' ' && clean[i] != '\n') || clean[i] == 0x7f)
            abort();
    free(clean);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t capacity = data[0] + (size_t)1;
    char *text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    int64_t ms = 0;
    int32_t minutes;
    check_clean(text, capacity);
    if (exif_parse_time(text, &ms) && (ms < -5400000000000LL || ms > 253402300799999LL))
        abort();
    if (exif_parse_fraction(text, &ms) && (ms < 0 || ms > 999))
        abort();
    if (exif_parse_offset(text, &minutes) && (minutes < -899 || minutes > 899))
        abort();
    free(text);
    return 0;
}
