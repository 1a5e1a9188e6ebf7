/* http_reply_file: which bytes of a file answer a request, and what its headers say. Any thread that owns x. */
#include "http/exchange.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "http/conditional.h"
#include "http/exchange_state.h"
#include "http/header_value.h"

static struct sp_err *add_headers(struct http_exchange *x, const struct http_file *file)
{
    char modified[HTTP_DATE_BYTES];
    http_date_format(file->modified_at, modified);
    SP_TRY(http_reply_header(x, "Last-Modified", modified));
    SP_TRY(http_reply_header(x, "Accept-Ranges", "bytes"));
    if (file->etag)
        SP_TRY(http_reply_header(x, "ETag", file->etag));
    if (file->cache_control)
        SP_TRY(http_reply_header(x, "Cache-Control", file->cache_control));
    if (!file->file_name)
        return NULL;
    const char *disposition = http_disposition(x->op, file->attachment, file->file_name);
    SP_OWN(disposition);
    return http_reply_header(x, "Content-Disposition", disposition);
}

static struct sp_err *add_range(struct http_exchange *x, int64_t first, int64_t length, int64_t size)
{
    const char *text = length > 0
                           ? sp_format(x->op, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, first, first + length - 1, size)
                           : sp_format(x->op, "bytes */%" PRId64, size);
    SP_OWN(text);
    return http_reply_header(x, "Content-Range", text);
}

static struct sp_err *decide(struct http_exchange *x, const struct http_file *file)
{
    const struct http_conditions conditions = {
        .if_none_match = http_header(x, "If-None-Match"),
        .if_modified_since = http_header(x, "If-Modified-Since"),
        .range = http_header(x, "Range"),
        .if_range = http_header(x, "If-Range"),
    };
    struct http_reply *reply = &x->reply;
    reply->length = file->size_bytes;
    reply->status = 200;
    SP_TRY(add_headers(x, file));
    switch (http_condition_decide(&conditions, file->etag, file->modified_at, file->size_bytes, &reply->offset,
                                  &reply->length)) {
    case HTTP_NOT_MODIFIED:
        http_reply_empty(x, 304);
        return NULL;
    case HTTP_UNSATISFIABLE:
        http_reply_problem(x, 416, "The range lies outside of the file.");
        return add_range(x, 0, 0, file->size_bytes);
    case HTTP_PART:
        reply->status = 206;
        return add_range(x, reply->offset, reply->length, file->size_bytes);
    case HTTP_WHOLE:
        break;
    }
    return NULL;
}

struct sp_err *http_reply_file(struct http_exchange *x, const struct http_file *file)
{
    struct http_reply *reply = &x->reply;
    http_reply_reset(reply);
    reply->kind = HTTP_REPLY_FILE;
    reply->fd = file->fd;
    reply->source = file->source;
    reply->content_type = sp_strdup(x->op, file->content_type);
    struct sp_err *err = file->content_type && !reply->content_type ? sp_err_no_memory() : decide(x, file);
    if (err)
        http_reply_reset(reply);
    return err;
}
