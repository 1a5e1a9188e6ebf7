/* Any text as a Redis URL: what is accepted is within its bounds. */
#include <string.h>

#include "base/encode.h"
#include "base/err.h"
#include "base/op.h"
#include "queue/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 20);
    char *text = sp_strndup(op, (const char *)data, size);
    struct redis_url url;
    if (text && !redis_url_parse(op, text, &url)) {
        sp_assert(!url.socket == (url.host != NULL));
        sp_assert(url.socket ? url.socket[0] == '/' : *url.host && url.port >= 1 && url.port <= 65535);
        sp_assert(url.database >= 0 && url.database <= 9999);
        sp_assert(!url.password || (*url.password && sp_utf8_valid(url.password, strlen(url.password))));
    }
    sp_op_destroy(op);
    return 0;
}
