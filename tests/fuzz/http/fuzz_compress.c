/* Any reply: what is compressed comes back, and is smaller. The first byte chooses the coding. */
#include <stdint.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/heap.h"
#include "http/compress.h"

static size_t unzip(const struct sp_buf *buf, char *to, size_t capacity)
{
    z_stream stream = {.next_in = (Bytef *)buf->data,
                       .avail_in = (uInt)buf->size,
                       .next_out = (Bytef *)to,
                       .avail_out = (uInt)capacity};
    sp_assert(inflateInit2(&stream, 15 + 16) == Z_OK);
    sp_assert(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    inflateEnd(&stream);
    return stream.total_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    enum http_coding coding = data[0] & 1 ? HTTP_GZIP : HTTP_ZSTD;
    struct sp_buf buf;
    sp_buf_init(&buf, size);
    sp_buf_append(&buf, ++data, --size);
    if (http_compress(coding, &buf)) {
        char *back = sp_heap_new(size, 1);
        sp_assert(buf.size < size);
        size_t got = coding == HTTP_GZIP ? unzip(&buf, back, size) : ZSTD_decompress(back, size, buf.data, buf.size);
        sp_assert(got == size && memcmp(back, data, size) == 0);
        sp_heap_free(back);
    }
    sp_buf_finish(&buf);
    return 0;
}
