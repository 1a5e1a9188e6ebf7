/* Any Range, If-Range, If-None-Match and If-Modified-Since (lines of the input): a part lies inside of the file. */
#include <string.h>

#include "base/err.h"
#include "base/op.h"
#include "http/conditional.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 20);
    int64_t file_size = 0, first = -1, length = -1;
    size_t skip = size < 4 ? size : 4;
    memcpy(&file_size, data, skip);
    char *line[4] = {0}, *text = sp_strndup(op, (const char *)data + skip, size - skip);
    for (size_t i = 0; i < 4 && text; i++) {
        char *end = strchr(text, '\n');
        line[i] = *text == '\n' ? NULL : text;
        text = end ? end + 1 : NULL;
        if (end)
            *end = '\0';
    }
    const struct http_conditions conditions = {line[2], line[3], line[0], line[1]};
    if (http_condition_decide(&conditions, "\"tag\"", 784111777000, file_size, &first, &length) == HTTP_PART)
        sp_assert(first >= 0 && length > 0 && first + length <= file_size);
    sp_time_ms time;
    char again[HTTP_DATE_BYTES];
    if (line[3] && http_date_parse(line[3], &time)) {
        http_date_format(time, again);
        sp_time_ms twice;
        sp_assert(http_date_parse(again, &twice) && twice == time);
    }
    sp_op_destroy(op);
    return 0;
}
