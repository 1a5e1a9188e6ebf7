/* Any multipart body: in one piece and byte by byte it means the same. */
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/err.h"
#include "base/op.h"
#include "http/multipart.h"
#include "http/server.h"

static struct sp_err *on_part(void *context, const struct http_part *part)
{
    const char *texts[] = {part->name, part->file_name, part->content_type};
    for (size_t i = 0; i < SP_COUNT(texts); i++) {
        sp_assert(!texts[i] || sp_utf8_valid(texts[i], strlen(texts[i])));
        sp_buf_printf(context, "[%s]", texts[i] ? texts[i] : "-");
    }
    return NULL;
}

static struct sp_err *on_data(void *context, const void *data, size_t size)
{
    sp_assert(size > 0);
    sp_buf_append(context, data, size);
    return NULL;
}

/* The code of the first error, -1 for none. */
static int parse(const char *type, const char *body, size_t size, size_t piece, struct sp_buf *seen)
{
    struct sp_op *op = sp_op_create(4 << 20);
    const struct http_multipart_sink sink = {seen, on_part, on_data};
    struct http_multipart *multipart;
    struct sp_err *err = http_multipart_create(op, type, &sink, &multipart);
    for (size_t at = 0; !err && at < size; at += piece)
        err = http_multipart_feed(multipart, body + at, size - at < piece ? size - at : piece);
    if (!err)
        err = http_multipart_finish(multipart);
    int code = err ? (int)err->code : -1;
    sp_op_destroy(op);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* the first line is the Content-Type */
    const uint8_t *end = memchr(data, '\n', size);
    if (!end)
        return 0;
    struct sp_op *op = sp_op_create(1 << 20);
    const char *type = sp_strndup(op, (const char *)data, (size_t)(end - data)), *body = (const char *)end + 1;
    size_t rest = size - (size_t)(end + 1 - data);
    struct sp_buf whole, bytes;
    sp_buf_init(&whole, 1 << 20);
    sp_buf_init(&bytes, 1 << 20);
    if (type) {
        int code = parse(type, body, rest, rest ? rest : 1, &whole);
        sp_assert(parse(type, body, rest, 1, &bytes) == code);
        if (code < 0)
            sp_assert(whole.size == bytes.size && (!whole.size || memcmp(whole.data, bytes.data, whole.size) == 0));
    }
    sp_buf_finish(&whole);
    sp_buf_finish(&bytes);
    sp_op_destroy(op);
    return 0;
}
