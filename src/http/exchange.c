/* The application's view of a request, and the exchange's life; see exchange.h and exchange_state.h. */
#include "http/exchange.h"

#include <microhttpd.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/heap.h"
#include "http/cookie.h"
#include "http/exchange_state.h"
#include "http/router.h"
#include "http/server.h"
#include "http/stream.h"

struct http_exchange *http_exchange_create(struct http_server *server, const char *raw_target)
{
    struct http_exchange *x = sp_heap_new(1, sizeof(*x));
    if (!x)
        return NULL;
    x->op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (x->op)
        x->raw_target = sp_strdup(x->op, raw_target);
    if (!x->raw_target) {
        sp_op_destroy(x->op);
        sp_heap_free(x);
        return NULL;
    }
    memcpy(x->id, x->op->id, sizeof(x->id));
    x->server = server;
    x->started_us = sp_clock_mono_us();
    x->operation = "unrouted";
    x->path_shown = "-";
    atomic_init(&x->references, 1);
    http_reply_init(&x->reply);
    return x;
}

void http_exchange_retain(struct http_exchange *x) { atomic_fetch_add(&x->references, 1); }

void http_exchange_end_op(struct http_exchange *x)
{
    sp_op_destroy(x->op);
    x->op = NULL;
}

void http_exchange_release(struct http_exchange *x)
{
    if (atomic_fetch_sub(&x->references, 1) != 1)
        return;
    http_stream_destroy(x->stream);
    if (x->response)
        MHD_destroy_response(x->response);
    http_reply_finish(&x->reply);
    sp_buf_finish(&x->body);
    sp_buf_finish(&x->early);
    sp_op_destroy(x->op);
    sp_heap_free(x);
}

void http_exchange_suspend(struct http_exchange *x)
{
    MHD_suspend_connection(x->mhd);
    atomic_store(&x->suspended, true);
    if (atomic_load(&x->server->ended)) /* the forced end may have looked before; else it sees suspended */
        http_exchange_resume(x);
}

void http_exchange_resume(struct http_exchange *x)
{
    if (atomic_exchange(&x->suspended, false))
        MHD_resume_connection(x->mhd);
}

struct sp_op *http_op(struct http_exchange *x) { return x->op; }

const struct http_route *http_route_of(const struct http_exchange *x) { return x->route; }

const char *http_method(const struct http_exchange *x) { return x->method; }

const char *http_target_path(const struct http_exchange *x) { return x->target.path; }

const char *http_header(const struct http_exchange *x, const char *name) { return http_head_value(&x->head, name); }

const char *http_cookie(struct http_exchange *x, const char *name)
{
    for (size_t i = 0; i < x->head.field_count; i++) {
        if (strcasecmp(x->head.fields[i].name, "cookie") != 0)
            continue;
        const char *value = http_cookie_value(x->op, x->head.fields[i].value, name);
        if (value)
            return value;
    }
    return NULL;
}

const char *http_path_param(const struct http_exchange *x, const char *name)
{
    const char *value = x->route ? http_route_param(x->route, &x->target, name) : NULL;
    sp_assert(value); /* a name that the route does not have is the caller's bug */
    return value;
}

const char *http_query(const struct http_exchange *x, const char *name, size_t index)
{
    return http_target_query(&x->target, name, index);
}

const char *http_client_address(const struct http_exchange *x) { return x->client_text; }

bool http_is_secure(const struct http_exchange *x) { return x->secure; }

struct sp_bytes http_body(const struct http_exchange *x)
{
    bool buffered = x->route && x->route->body == HTTP_BODY_BUFFERED;
    return buffered ? (struct sp_bytes){(const uint8_t *)x->body.data, x->body.size} : (struct sp_bytes){0};
}

int64_t http_content_length(const struct http_exchange *x) { return x->has_body ? x->head.content_length : 0; }

void http_set_context(struct http_exchange *x, void *context) { x->context = context; }

void *http_context(const struct http_exchange *x) { return x->context; }
