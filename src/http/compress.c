/* Content codings by zlib and libzstd; see compress.h. */
#include "http/compress.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/heap.h"

/* Fast levels: a reply of 1 MB of JSON must not hold a worker for long. */
enum { GZIP_LEVEL = 4, ZSTD_LEVEL = 3, GZIP_WINDOW_BITS = 15 + 16, GZIP_MEMORY = 8 };

static const struct {
    enum http_coding coding;
    const char *name;
} codings[] = {{HTTP_ZSTD, "zstd"}, {HTTP_BROTLI, "br"}, {HTTP_GZIP, "gzip"}};

const char *http_coding_name(enum http_coding coding)
{
    for (size_t i = 0; i < SP_COUNT(codings); i++)
        if (codings[i].coding == coding)
            return codings[i].name;
    return "identity";
}

static bool names(const char *text, size_t length, const char *name)
{
    return length == strlen(name) && strncasecmp(text, name, length) == 0;
}

/* "0.5" -> 500; anything malformed is 0: the client did not clearly ask for it. */
static int parse_quality(const char *text, size_t length)
{
    if (length == 0 || (text[0] != '0' && text[0] != '1') || (length > 1 && text[1] != '.') || length > 5)
        return 0;
    int thousandths = (text[0] - '0') * 1000;
    int unit = 100;
    for (size_t i = 2; i < length; i++, unit /= 10) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        thousandths += (text[i] - '0') * unit;
    }
    return thousandths <= 1000 ? thousandths : 0;
}

/* One element of the list, "gzip;q=0.5": its coding's length and its quality in thousandths. */
static int quality_of(const char *element, size_t length, size_t *ret_name_length)
{
    size_t name = 0;
    while (name < length && !strchr("; \t", element[name]))
        name++;
    *ret_name_length = name;
    const char *parameter = memchr(element, ';', length);
    if (!parameter)
        return 1000;
    const char *end = element + length;
    parameter++;
    while (parameter < end && (*parameter == ' ' || *parameter == '\t'))
        parameter++;
    if (end - parameter < 2 || (*parameter != 'q' && *parameter != 'Q') || parameter[1] != '=')
        return 1000;
    const char *value = parameter + 2;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return parse_quality(value, (size_t)(end - value));
}

enum http_coding http_coding_wanted(const char *accept_encoding, unsigned from)
{
    int quality[SP_COUNT(codings)] = {-1, -1, -1}, others = 0;
    for (const char *at = accept_encoding ? accept_encoding : ""; *at;) {
        at += strspn(at, " \t,");
        size_t length = strcspn(at, ","), name;
        int q = quality_of(at, length, &name);
        if (names(at, name, "*"))
            others = q;
        for (size_t i = 0; i < SP_COUNT(codings); i++)
            if (names(at, name, codings[i].name) || (codings[i].coding == HTTP_GZIP && names(at, name, "x-gzip")))
                quality[i] = q;
        at += length;
    }
    enum http_coding best = HTTP_IDENTITY;
    int best_quality = 0;
    for (size_t i = 0; i < SP_COUNT(codings); i++) {
        int q = quality[i] >= 0 ? quality[i] : others;
        if ((from & codings[i].coding) && q > best_quality) {
            best = codings[i].coding;
            best_quality = q;
        }
    }
    return best;
}

bool http_is_compressible(const char *content_type)
{
    static const char *const types[] = {
        "application/json",          "application/javascript", "application/jsonlines+json",
        "application/manifest+json", "application/xml",        "image/svg+xml"};
    size_t length = strcspn(content_type, "; ");
    if (length > 5 && strncasecmp(content_type, "text/", 5) == 0)
        return !names(content_type, length, "text/event-stream");
    for (size_t i = 0; i < SP_COUNT(types); i++)
        if (names(content_type, length, types[i]))
            return true;
    return false;
}

static size_t gzip(const struct sp_buf *from, char *to, size_t capacity)
{
    z_stream stream = {.next_in = (Bytef *)from->data,
                       .avail_in = (uInt)from->size,
                       .next_out = (Bytef *)to,
                       .avail_out = (uInt)capacity};
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    deflateEnd(&stream);
    return done ? capacity - stream.avail_out : 0;
}

static size_t zstd(const struct sp_buf *from, char *to, size_t capacity)
{
    size_t size = ZSTD_compress(to, capacity, from->data, from->size, ZSTD_LEVEL);
    return ZSTD_isError(size) ? 0 : size;
}

bool http_compress(enum http_coding coding, struct sp_buf *buf)
{
    if (buf->size < 2 || buf->size > UINT_MAX)
        return false;
    size_t capacity = buf->size - 1; /* larger is no use */
    char *out = sp_heap_resize(NULL, capacity + 1, 1);
    if (!out)
        return false;
    size_t size = coding == HTTP_GZIP ? gzip(buf, out, capacity) : coding == HTTP_ZSTD ? zstd(buf, out, capacity) : 0;
    if (size == 0) {
        sp_heap_free(out);
        return false;
    }
    out[size] = '\0';
    sp_heap_free(buf->data);
    *buf = (struct sp_buf){.data = out, .size = size, .capacity = capacity + 1, .max = buf->max};
    return true;
}
