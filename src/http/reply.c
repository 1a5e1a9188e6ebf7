/* Replies: the application's setters, the contract's error body, headers that every answer carries; see reply.h. */
#include "http/reply.h"

#include <microhttpd.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/heap.h"
#include "base/json.h"
#include "base/log.h"
#include "http/compress.h"
#include "http/exchange_state.h"
#include "http/file_reader.h"

enum { ERROR_BODY_MAX = 256 << 10, RAW_MAX = 1 << 20 };

/*
 * Web files may load from this origin alone, and nobody may frame them. Everything else (originals above all, which
 * may be SVG) is inert when a browser opens it as a page.
 */
#define WEB_POLICY                                                                                                     \
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "     \
    "form-action 'self'; frame-ancestors 'none'"
#define API_POLICY "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

static const struct http_reply_header always[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"},
};

void http_reply_init(struct http_reply *reply) { *reply = (struct http_reply){.fd = -1}; }

void http_reply_reset(struct http_reply *reply)
{
    sp_buf_finish(&reply->body);
    if (reply->fd >= 0)
        close(reply->fd);
    reply->fd = -1;
    reply->kind = HTTP_REPLY_NONE;
    reply->content_type = NULL;
    reply->offset = reply->length = 0;
}

void http_reply_finish(struct http_reply *reply)
{
    http_reply_reset(reply);
    reply->header_count = 0;
}

static bool is_field_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

struct sp_err *http_reply_header(struct http_exchange *x, const char *name, const char *value)
{
    struct http_reply *reply = &x->reply;
    if (!is_field_text(name) || !is_field_text(value))
        return sp_fail_internal(x->op, "reply header %s has a control character", name);
    if (reply->header_count == HTTP_REPLY_HEADERS_MAX)
        return sp_fail_internal(x->op, "more than %d reply headers", HTTP_REPLY_HEADERS_MAX);
    struct http_reply_header *header = &reply->headers[reply->header_count];
    SP_OWN(header->name = sp_strdup(x->op, name));
    SP_OWN(header->value = sp_strdup(x->op, value));
    reply->header_count++;
    return NULL;
}

void http_reply_buf(struct http_exchange *x, int status, const char *content_type, struct sp_buf *body)
{
    http_reply_reset(&x->reply);
    x->reply.kind = HTTP_REPLY_BUF;
    x->reply.status = status;
    x->reply.content_type = content_type;
    x->reply.body = *body;
    *body = (struct sp_buf){.max = body->max};
}

void http_reply_empty(struct http_exchange *x, int status)
{
    http_reply_reset(&x->reply);
    x->reply.kind = HTTP_REPLY_EMPTY;
    x->reply.status = status;
}

void http_reply_file_later(struct http_exchange *x, http_file_open open, void *context)
{
    http_reply_reset(&x->reply);
    x->reply.kind = HTTP_REPLY_LATER;
    x->reply.status = 200;
    x->reply.open = open;
    x->reply.open_context = context;
}

/* "assets.3.id" -> ["assets",3,"id"] */
static void write_path(struct sp_json_writer *json, struct sp_op *op, const char *path)
{
    sp_json_begin_array(json);
    while (path && *path) {
        size_t length = strcspn(path, ".");
        size_t digits = strspn(path, "0123456789");
        char *element = sp_strndup(op, path, length);
        if (element && digits == length && length > 0 && length < 10)
            sp_json_raw(json, element, length);
        else
            sp_json_string(json, element);
        path += length + (path[length] == '.');
    }
    sp_json_end_array(json);
}

static void write_error(struct http_exchange *x, int status, const char *message, const struct sp_issue *issues)
{
    struct sp_buf body;
    struct sp_json_writer json;
    sp_buf_init(&body, ERROR_BODY_MAX);
    sp_json_init(&json, &body);
    sp_json_begin_object(&json);
    sp_json_key(&json, "message");
    sp_json_string(&json, message);
    sp_json_key(&json, "statusCode");
    sp_json_int(&json, status);
    sp_json_key(&json, "error");
    sp_json_string(&json, MHD_get_reason_phrase_for((unsigned)status));
    if (issues) {
        sp_json_key(&json, "errors");
        sp_json_begin_array(&json);
        for (; issues; issues = issues->next) {
            sp_json_begin_object(&json);
            sp_json_key(&json, "path");
            write_path(&json, x->op, issues->path);
            sp_json_key(&json, "message");
            sp_json_string(&json, issues->message);
            sp_json_key(&json, "code");
            sp_json_string(&json, issues->code);
            sp_json_end_object(&json);
        }
        sp_json_end_array(&json);
    }
    sp_json_end_object(&json);
    if (body.failed) { /* no memory for the text: the status must do */
        sp_buf_finish(&body);
        http_reply_empty(x, status);
        return;
    }
    http_reply_buf(x, status, "application/json; charset=utf-8", &body);
}

static bool has_header(const struct http_reply *reply, const char *name)
{
    for (unsigned i = 0; i < reply->header_count; i++)
        if (strcasecmp(reply->headers[i].name, name) == 0)
            return true;
    return false;
}

static void add_static_header(struct http_reply *reply, const char *name, const char *value)
{
    if (reply->header_count < HTTP_REPLY_HEADERS_MAX && !has_header(reply, name))
        reply->headers[reply->header_count++] = (struct http_reply_header){name, value};
}

static void add_retry_after(struct http_reply *reply)
{
    if (reply->status == 429)
        add_static_header(reply, "Retry-After", "60");
    if (reply->status == 503)
        add_static_header(reply, "Retry-After", "5");
}

void http_reply_problem(struct http_exchange *x, int status, const char *message)
{
    write_error(x, status, message, NULL);
    add_retry_after(&x->reply);
}

void http_reply_error(struct http_exchange *x, const struct sp_err *err)
{
    int status = sp_code_info(err->code)->http_status;
    if (status >= 500 && err->code != SP_UNIMPLEMENTED)
        sp_log_err(err->code == SP_INTERNAL ? SP_LOG_ERROR : SP_LOG_WARN, x->op, err, "request failed");
    write_error(x, status, err->message, err->issues);
    add_retry_after(&x->reply);
}

void http_reply_compress(struct http_exchange *x)
{
    struct http_reply *reply = &x->reply;
    if (reply->kind != HTTP_REPLY_BUF || reply->status == 206 || !reply->content_type || reply->body.failed ||
        has_header(reply, "Content-Encoding") || !http_is_compressible(reply->content_type))
        return;
    if (reply->body.size < HTTP_COMPRESS_FROM_BYTES)
        return;
    add_static_header(reply, "Vary", "Accept-Encoding");
    enum http_coding coding = http_coding_wanted(http_header(x, "Accept-Encoding"), HTTP_CODINGS_MADE);
    if (coding == HTTP_IDENTITY || !http_compress(coding, &reply->body))
        return;
    add_static_header(reply, "Content-Encoding", http_coding_name(coding));
}

int64_t http_reply_bytes(const struct http_reply *reply)
{
    switch (reply->kind) {
    case HTTP_REPLY_BUF:
        return (int64_t)reply->body.size;
    case HTTP_REPLY_FILE:
        return reply->length;
    default:
        return 0;
    }
}

/* All headers but those that frame the message. */
static bool each_header(const struct http_exchange *x, bool (*put)(void *to, const char *name, const char *value),
                        void *to)
{
    const struct http_reply *reply = &x->reply;
    bool ok = put(to, "X-Correlation-ID", x->id);
    if (reply->content_type)
        ok = ok && put(to, "Content-Type", reply->content_type);
    for (unsigned i = 0; i < reply->header_count; i++)
        ok = ok && put(to, reply->headers[i].name, reply->headers[i].value);
    for (size_t i = 0; i < SP_COUNT(always); i++)
        ok = ok && put(to, always[i].name, always[i].value);
    if (!reply->web && !has_header(reply, "Cache-Control"))
        ok = ok && put(to, "Cache-Control", "no-store");
    return ok && put(to, "Content-Security-Policy", reply->web ? WEB_POLICY : API_POLICY);
}

static bool put_response_header(void *to, const char *name, const char *value)
{
    return MHD_add_response_header(to, name, value) == MHD_YES;
}

static struct MHD_Response *bare_response(struct http_exchange *x)
{
    struct http_reply *reply = &x->reply;
    if (reply->kind == HTTP_REPLY_FILE && reply->source == HTTP_FILE_SLOW)
        return http_file_reader_response(x);
    if (reply->kind == HTTP_REPLY_FILE) {
        struct MHD_Response *response =
            MHD_create_response_from_fd_at_offset64((uint64_t)reply->length, reply->fd, (uint64_t)reply->offset);
        if (response)
            reply->fd = -1;
        return response;
    }
    if (reply->kind == HTTP_REPLY_BUF && reply->body.size > 0) {
        struct MHD_Response *response =
            MHD_create_response_from_buffer_with_free_callback(reply->body.size, reply->body.data, sp_heap_free);
        if (response)
            reply->body = (struct sp_buf){0};
        return response;
    }
    return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
}

struct MHD_Response *http_reply_response(struct http_exchange *x)
{
    struct MHD_Response *response = bare_response(x);
    if (!response)
        return NULL;
    bool close = x->reply.close || atomic_load(&x->server->stopping);
    if (!each_header(x, put_response_header, response) ||
        (close && MHD_add_response_header(response, "Connection", "close") != MHD_YES)) {
        MHD_destroy_response(response);
        return NULL;
    }
    return response;
}

static bool put_line(void *to, const char *name, const char *value)
{
    sp_buf_printf(to, "%s: %s\r\n", name, value);
    return true;
}

bool http_reply_bytes_of(struct http_exchange *x, struct sp_buf *ret_bytes)
{
    const struct http_reply *reply = &x->reply;
    sp_buf_init(ret_bytes, RAW_MAX);
    sp_buf_printf(ret_bytes, "HTTP/1.1 %d %s\r\nConnection: close\r\n", reply->status,
                  MHD_get_reason_phrase_for((unsigned)reply->status));
    each_header(x, put_line, ret_bytes);
    if (reply->status != 204 && reply->status != 304)
        sp_buf_printf(ret_bytes, "Content-Length: %zu\r\n", reply->body.size);
    sp_buf_puts(ret_bytes, "\r\n");
    if (!x->head_only)
        sp_buf_append(ret_bytes, reply->body.data, reply->body.size);
    if (!ret_bytes->failed)
        return true;
    sp_buf_finish(ret_bytes);
    return false;
}
