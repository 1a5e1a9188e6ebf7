/* A request's stages on the event threads; see flow.h, and exchange_state.h for who owns what when. */
#include "http/flow.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/err.h"
#include "http/access_log.h"
#include "http/exchange_state.h"
#include "http/guard.h"
#include "http/metrics.h"
#include "http/router.h"
#include "http/static_files.h"
#include "http/stream.h"
#include "http/task.h"

/* A body that its route ignores, and one that may come before its sender is known: one read's worth. */
enum { IGNORED_BODY_MAX = 64 << 10, UNCHECKED_BODY_MAX = 16 << 10 };

static struct http_connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void *http_flow_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct http_server *server = cls;
    struct http_connection *connection = connection_of(mhd);
    struct http_exchange *x = connection && target ? http_exchange_create(server, target) : NULL;
    if (!x)
        return NULL;
    x->mhd = mhd;
    x->connection = connection;
    struct http_address client = connection->peer;
    http_address_format(&client, x->client_text);
    if (atomic_load(&connection->phase) == HTTP_PHASE_IDLE)
        http_guard_phase(connection, HTTP_PHASE_HEAD);
    http_guard_serve(server->guard, connection, x);
    atomic_fetch_add(&server->in_flight, 1);
    return x;
}

/* ---- the head ---- */

struct collector {
    struct http_field *fields;
    size_t count;
};

static enum MHD_Result collect(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct collector *collector = cls;
    collector->fields[collector->count++] = (struct http_field){name, value ? value : ""};
    return collector->count <= HTTP_HEADERS_MAX ? MHD_YES : MHD_NO; /* one more than allowed: refused later */
}

/* The value without blanks around it, as UTF-8: bytes that are none are taken for ISO 8859-1. NULL: no memory. */
static const char *clean_value(struct sp_op *op, const char *value)
{
    size_t size = strlen(value);
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t'))
        size--;
    if (sp_utf8_valid(value, size))
        return sp_strndup(op, value, size);
    char *text = sp_alloc(op, 2 * size + 1, 1), *to = text;
    for (size_t i = 0; text && i < size; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c >= 0x80)
            *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
    }
    return text;
}

static bool is_strict(struct MHD_Connection *mhd, const char *method, const char *version,
                      const struct collector *collector)
{
#if MHD_VERSION >= 0x00097701 /* enforces it itself, by MHD_OPTION_CLIENT_DISCIPLINE_LVL */
    return true;
#else
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info && http_head_is_strict(version, collector->fields, collector->count, method + info->header_size);
#endif
}

/* Fills x->head. NULL with x->op out of memory as well: the head is then empty and the route decides. */
static const struct http_refusal *read_head(struct http_exchange *x, const char *method, const char *version)
{
    static const struct http_refusal malformed = {400, "The request's headers are malformed."};
    static const struct http_refusal no_memory = {503, "The server is out of memory. Try again later."};
    static const struct http_refusal long_target = {414, "The request target is too long."};
    struct http_field raw[HTTP_HEADERS_MAX + 1];
    struct collector collector = {.fields = raw};
    MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, collect, &collector);
    struct http_field *fields = sp_alloc(x->op, collector.count, sizeof(*fields));
    x->method = sp_strdup(x->op, method);
    if (!fields || !x->method)
        return &no_memory;
    for (size_t i = 0; i < collector.count; i++) {
        fields[i].name = sp_strdup(x->op, raw[i].name);
        fields[i].value = clean_value(x->op, raw[i].value);
        if (!fields[i].name || !fields[i].value)
            return &no_memory;
    }
    const struct http_refusal *refusal = http_head_check(version, fields, collector.count, &x->head);
    if (!refusal && !is_strict(x->mhd, method, version, &collector))
        refusal = &malformed;
    if (!refusal && strlen(x->raw_target) > HTTP_TARGET_BYTES_MAX)
        refusal = &long_target;
    return refusal;
}

static void find_client(struct http_exchange *x)
{
    struct http_connection *connection = x->connection;
    if (!connection->trusted)
        return;
    struct http_address client =
        http_forwarded_client(x->server->trusted, &connection->peer, http_header(x, "X-Forwarded-For"));
    http_address_format(&client, x->client_text);
    const char *protocol = http_header(x, "X-Forwarded-Proto");
    if (protocol) { /* the last one is the nearest proxy's */
        const char *comma = strrchr(protocol, ',');
        protocol = comma ? comma + 1 + strspn(comma + 1, " ") : protocol;
        x->secure = strcasecmp(protocol, "https") == 0;
    }
}

/* ---- replies of the adapter's own, from the event thread ---- */

static enum MHD_Result queue_reply(struct http_exchange *x)
{
    if (!x->response)
        return MHD_NO;
    x->stage = HTTP_STAGE_SENDING;
    http_guard_phase(x->connection, HTTP_PHASE_SENDING);
    enum MHD_Result queued = MHD_queue_response(x->mhd, (unsigned)x->status, x->response);
    MHD_destroy_response(x->response);
    x->response = NULL;
    return queued;
}

/* The rest of the body is not wanted any more; the reply is made. */
static enum MHD_Result on_refused(struct http_exchange *x)
{
    if (x->early.size == 0) {
        x->stage = HTTP_STAGE_DISCARD;
        http_guard_phase(x->connection, HTTP_PHASE_BODY);
    } else {
        /* An empty socket buffer holds it; a client that has not read earlier answers loses this one. */
        ssize_t sent = send(x->connection->fd, x->early.data, x->early.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent != (ssize_t)x->early.size)
            return MHD_NO;
        x->stage = HTTP_STAGE_LINGER;
        atomic_store(&x->connection->cut_at_ms, sp_clock_mono_ms() + HTTP_LINGER_MS);
        http_guard_phase(x->connection, HTTP_PHASE_LINGER);
    }
    return MHD_YES;
}

/* x->reply is set before the application saw the request: it goes out when the body (if any) has been dealt with. */
static enum MHD_Result answer(struct http_exchange *x)
{
    http_task_seal(x);
    if (!x->has_body)
        return MHD_YES; /* queued with the next call: now, libmicrohttpd 0.9.75 would close the connection */
    if (x->stage == HTTP_STAGE_REPLY)
        return queue_reply(x);
    x->body_open = true;
    return on_refused(x);
}

/* The head cannot be trusted, nor where the body ends: answered at once, and the connection closed. */
static enum MHD_Result refuse_head(struct http_exchange *x, const struct http_refusal *refusal)
{
    x->head = (struct http_head){.content_length = -1};
    x->reply.close = true;
    http_reply_problem(x, refusal->status, refusal->message);
    http_task_seal(x);
    return queue_reply(x);
}

static enum MHD_Result answer_problem(struct http_exchange *x, int status, const char *message)
{
    http_reply_problem(x, status, message);
    return answer(x);
}

/* ---- where the request goes ---- */

static bool is_below(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static bool may_see_metrics(const struct http_exchange *x)
{
    const char *token = x->server->config.metrics_token;
    struct http_address client;
    if (!token)
        return http_address_parse(x->client_text, strlen(x->client_text), &client) && http_address_is_loopback(&client);
    const char *given = http_header(x, "Authorization");
    if (!given || strncasecmp(given, "Bearer ", 7) != 0 || strlen(given + 7) != strlen(token))
        return false;
    unsigned char differs = 0; /* in a time that does not tell how much of it is right */
    for (size_t i = 0; token[i]; i++)
        differs |= (unsigned char)(given[7 + i] ^ token[i]);
    return !differs;
}

static enum MHD_Result route_elsewhere(struct http_exchange *x)
{
    const char *path = x->target.path;
    bool get = strcmp(x->method, "GET") == 0 || x->head_only;
    if (is_below(path, "/api") || is_below(path, "/.well-known"))
        return answer_problem(x, 404, "There is no such route.");
    if (strcmp(path, "/metrics") == 0 && may_see_metrics(x) && get && !x->has_body) {
        x->operation = "metrics";
        x->path_shown = "/metrics";
        x->task = http_task_metrics;
        x->stage = HTTP_STAGE_COMPLETE;
        return MHD_YES;
    }
    if (get && x->server->files && http_static_reply(x->server->files, x)) {
        x->operation = "static";
        return answer(x);
    }
    return answer_problem(x, 404, "There is no such page.");
}

static enum MHD_Result enter_route(struct http_exchange *x)
{
    const struct http_route *route = x->route;
    x->operation = route->operation_id;
    x->path_shown = route->path;
    x->body_max = route->body == HTTP_BODY_NONE ? IGNORED_BODY_MAX : route->body_max_bytes;
    sp_buf_init(&x->body, (size_t)x->body_max);
    if (x->head.content_length > x->body_max)
        return answer_problem(x, 413, "The request's body is larger than this route allows.");
    bool streamed = route->body == HTTP_BODY_STREAMED;
    if (streamed && http_pool_waiting(x->server->io) >= x->server->config.queue_max)
        return answer_problem(x, 503, "The server's storage is busy. Try again in a moment.");
    bool small = x->head.content_length >= 0 && x->head.content_length <= UNCHECKED_BODY_MAX;
    x->task = http_task_request;
    if (streamed || (route->body == HTTP_BODY_BUFFERED && x->has_body && !small)) {
        http_task_start(x, http_task_admit);
    } else if (x->has_body) {
        x->stage = HTTP_STAGE_BODY;
        x->body_open = true;
        http_guard_phase(x->connection, HTTP_PHASE_BODY);
    } else {
        x->stage = HTTP_STAGE_COMPLETE;
    }
    return MHD_YES;
}

static enum MHD_Result on_head(struct http_exchange *x, const char *method, const char *version)
{
    http_guard_phase(x->connection, HTTP_PHASE_BUSY);
    snprintf(x->method_text, sizeof(x->method_text), "%s", method);
    x->head_only = strcmp(method, "HEAD") == 0;
    const struct http_refusal *refusal = read_head(x, method, version);
    if (refusal)
        return refuse_head(x, refusal);
    x->has_body = x->head.chunked || x->head.content_length > 0;
    find_client(x);
    struct sp_err *err = http_target_parse(x->op, x->raw_target, &x->target);
    if (err) {
        http_reply_error(x, err);
        return answer(x);
    }
    const char *allow = NULL;
    switch (http_router_find(x->server->router, x->op, x->method, &x->target, &x->route, &allow)) {
    case HTTP_FOUND:
        return enter_route(x);
    case HTTP_NO_METHOD:
        err = allow ? http_reply_header(x, "Allow", allow) : sp_err_no_memory();
        if (err)
            http_reply_error(x, err);
        else
            http_reply_problem(x, 405, "The route does not know this method.");
        return answer(x);
    default:
        return route_elsewhere(x);
    }
}

/* ---- the body ---- */

static enum MHD_Result on_unwanted(struct http_exchange *x, size_t *size)
{
    if (*size == 0) {
        x->body_complete = true;
        return x->stage == HTTP_STAGE_LINGER ? MHD_NO : queue_reply(x);
    }
    x->received += (int64_t)*size;
    x->lingered += (int64_t)*size;
    atomic_fetch_add(&x->connection->body_bytes, *size);
    *size = 0;
    return x->lingered <= HTTP_LINGER_BYTES ? MHD_YES : MHD_NO;
}

static enum MHD_Result too_large(struct http_exchange *x)
{
    http_reply_problem(x, 413, "The request's body is larger than this route allows.");
    http_task_seal(x);
    return on_refused(x);
}

static enum MHD_Result on_body(struct http_exchange *x, const char *data, size_t *size)
{
    x->received += (int64_t)*size;
    atomic_fetch_add(&x->connection->body_bytes, *size);
    if (x->received > x->body_max) {
        *size = 0;
        return too_large(x);
    }
    if (x->route->body == HTTP_BODY_BUFFERED)
        sp_buf_append(&x->body, data, *size);
    *size = 0;
    if (!x->body.failed)
        return MHD_YES;
    http_reply_error(x, sp_err_no_memory());
    http_task_seal(x);
    return on_refused(x);
}

static enum MHD_Result on_stream(struct http_exchange *x, const char *data, size_t *size)
{
    http_guard_phase(x->connection, HTTP_PHASE_BODY); /* it may have been suspended */
    size_t taken = http_stream_feed(x, data, *size);  /* with less than size, x may be a worker's by now */
    if (taken < *size)
        http_guard_phase(x->connection, HTTP_PHASE_BUSY);
    atomic_fetch_add(&x->connection->body_bytes, taken);
    *size -= taken;
    return MHD_YES;
}

static enum MHD_Result on_complete(struct http_exchange *x)
{
    x->body_complete = true;
    http_guard_phase(x->connection, HTTP_PHASE_BUSY);
    if (x->stage == HTTP_STAGE_STREAM)
        http_stream_end_of_body(x);
    else
        http_task_start(x, x->task);
    return MHD_YES;
}

enum MHD_Result http_flow_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **request)
{
    struct http_server *server = cls;
    struct http_exchange *x = *request;
    if (!x || atomic_load(&server->ended))
        return MHD_NO;
    switch (x->stage) {
    case HTTP_STAGE_TARGET:
        return on_head(x, method, version);
    case HTTP_STAGE_COMPLETE:
        return on_complete(x);
    case HTTP_STAGE_ADMITTED:
        x->stage = x->route->body == HTTP_BODY_STREAMED ? HTTP_STAGE_STREAM : HTTP_STAGE_BODY;
        x->task = http_task_handle;
        x->body_open = true;
        http_guard_phase(x->connection, HTTP_PHASE_BODY);
        return MHD_YES;
    case HTTP_STAGE_BODY:
        return *size ? on_body(x, data, size) : on_complete(x);
    case HTTP_STAGE_STREAM:
        return *size ? on_stream(x, data, size) : on_complete(x);
    case HTTP_STAGE_REFUSED:
        if (on_refused(x) == MHD_NO)
            return MHD_NO;
        if (!x->body_open) { /* still at the head: this call brings no body, and is not its end */
            x->body_open = true;
            return MHD_YES;
        }
        return *size ? on_unwanted(x, size) : MHD_YES;
    case HTTP_STAGE_DISCARD:
    case HTTP_STAGE_LINGER:
        return on_unwanted(x, size);
    case HTTP_STAGE_REPLY:
        return queue_reply(x);
    default:
        return MHD_YES;
    }
}

/* libmicrohttpd refused the head itself, or the client is gone. */
static int status_without_us(const struct http_exchange *x)
{
    const union MHD_ConnectionInfo *info =
        x->stage == HTTP_STAGE_TARGET ? MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_HTTP_STATUS) : NULL;
    return info ? (int)info->http_status : HTTP_STATUS_GONE_CLIENT;
}

void http_flow_completed(void *cls, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode why)
{
    struct http_server *server = cls;
    struct http_exchange *x = *request;
    *request = NULL;
    if (!x)
        return;
    http_guard_serve(server->guard, x->connection, NULL);
    if (!atomic_load(&x->working)) { /* else the forced end: a task still owns it */
        bool sent = x->stage == HTTP_STAGE_SENDING && why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
        if (!sent && x->stage != HTTP_STAGE_LINGER)
            x->status = status_without_us(x);
        http_metrics_record(server->metrics, x);
        http_access_log(x);
    }
    http_guard_phase(x->connection, HTTP_PHASE_IDLE);
    x->mhd = NULL;
    x->connection = NULL;
    if (x->stream)
        http_stream_cancel(x);
    http_exchange_release(x);
    atomic_fetch_sub(&server->in_flight, 1);
}
