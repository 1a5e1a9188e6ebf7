/* Choosing a content coding and making it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/heap.h"
#include "http/compress.h"

enum { ALL = HTTP_GZIP | HTTP_BROTLI | HTTP_ZSTD };

static void chooses_by_quality(void **state)
{
    const struct {
        const char *accept;
        enum http_coding coding;
    } rows[] = {
        {NULL, HTTP_IDENTITY},
        {"", HTTP_IDENTITY},
        {"gzip, deflate, br, zstd", HTTP_ZSTD},
        {"gzip, deflate, br", HTTP_BROTLI},
        {"gzip", HTTP_GZIP},
        {"GZIP", HTTP_GZIP},
        {"x-gzip", HTTP_GZIP},
        {"gzip;q=1.0, br;q=0.9, zstd;q=0.8", HTTP_GZIP},
        {"gzip ; q=0.001", HTTP_GZIP},
        {"gzip;q=0", HTTP_IDENTITY},
        {"gzip;q=0.000,*;q=0", HTTP_IDENTITY},
        {"*", HTTP_ZSTD},
        {"*;q=0.5, zstd;q=0", HTTP_BROTLI},
        {"gzip;q=1.1, br;q=x, zstd;q=-1", HTTP_IDENTITY},
        {"gzipp, zst", HTTP_IDENTITY},
        {"identity", HTTP_IDENTITY},
        {",,gzip,,", HTTP_GZIP},
        {"gzip;level=9", HTTP_GZIP},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        assert_int_equal(http_coding_wanted(rows[i].accept, ALL), rows[i].coding);
    assert_int_equal(http_coding_wanted("br, gzip;q=0.1", HTTP_CODINGS_MADE), HTTP_GZIP);
}

static void knows_text(void **state)
{
    assert_true(http_is_compressible("application/json; charset=utf-8"));
    assert_true(http_is_compressible("text/html"));
    assert_true(http_is_compressible("image/svg+xml"));
    assert_false(http_is_compressible("text/event-stream"));
    assert_false(http_is_compressible("image/jpeg"));
    assert_false(http_is_compressible("application/jsonx"));
}

static struct sp_buf filled(size_t size)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 10 << 20);
    while (buf.size < size)
        sp_buf_puts(&buf, "the same text again, ");
    return buf;
}

static void comes_back_whole(void **state)
{
    for (size_t size = 100; size < 3 << 20; size = size * 7 + 13) {
        struct sp_buf zipped = filled(size), plain = filled(size), zstd = filled(size);
        char *out = sp_heap_new(plain.size, 1);
        assert_true(http_compress(HTTP_GZIP, &zipped));
        z_stream stream = {.next_in = (Bytef *)zipped.data,
                           .avail_in = (uInt)zipped.size,
                           .next_out = (Bytef *)out,
                           .avail_out = (uInt)plain.size};
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(stream.total_out, plain.size);
        inflateEnd(&stream);
        assert_memory_equal(out, plain.data, plain.size);
        assert_true(http_compress(HTTP_ZSTD, &zstd));
        assert_int_equal(ZSTD_decompress(out, plain.size, zstd.data, zstd.size), plain.size);
        assert_memory_equal(out, plain.data, plain.size);
        sp_buf_finish(&zipped);
        sp_buf_finish(&plain);
        sp_buf_finish(&zstd);
        sp_heap_free(out);
    }
}

static void leaves_alone_what_does_not_shrink(void **state)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 1 << 20);
    unsigned seed = 1;
    for (int i = 0; i < 5000; i++)
        sp_buf_putc(&buf, (char)((seed = seed * 1103515245 + 12345) >> 16));
    assert_false(http_compress(HTTP_GZIP, &buf));
    assert_false(http_compress(HTTP_ZSTD, &buf));
    assert_false(http_compress(HTTP_BROTLI, &buf));
    assert_int_equal(buf.size, 5000);
    sp_buf_finish(&buf);
}

static void survives_no_memory(void **state)
{
    struct sp_buf buf = filled(5000);
    size_t size = buf.size;
    sp_heap_fail_nth(1);
    assert_false(http_compress(HTTP_GZIP, &buf));
    sp_heap_fail_nth(0);
    assert_int_equal(buf.size, size);
    sp_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_by_quality), cmocka_unit_test(knows_text),
        cmocka_unit_test(comes_back_whole),   cmocka_unit_test(leaves_alone_what_does_not_shrink),
        cmocka_unit_test(survives_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
