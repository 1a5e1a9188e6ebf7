/*
 * See dispatch.h. The functions of struct http_app: worker_start to stream_abort run on the threads that http/server.h
 * names. One struct api_call a request, as the exchange's context.
 */
#include "api/dispatch.h"

#include <string.h>
#include <strings.h>

#include "api/app.h"
#include "api/call.h"
#include "api/gate.h"
#include "base/heap.h"
#include "base/json.h"
#include "base/op.h"
#include "contract/schema.h"
#include "db/db.h"
#include "domain/attempt.h"
#include "gen/api/routes.h"

enum { ANSWER_MAX_BYTES = 64 << 20 };

struct api_worker {
    struct api_app *app;
    struct db_conn *db;
    struct attempts *attempts;
};

/* ---- workers ---- */

static struct sp_err *worker_start(struct sp_op *op, void *context, void **ret_worker)
{
    struct api_worker *worker = sp_heap_new(1, sizeof(*worker));
    SP_OWN(worker);
    worker->app = context;
    struct sp_err *err = db_open(op, worker->app->database_url, "swissphotod", &worker->db);
    if (!err)
        err = attempts_open(op, worker->app->redis_url, worker->app->redis_prefix, &worker->attempts);
    if (err) {
        db_close(worker->db);
        sp_heap_free(worker);
    } else {
        *ret_worker = worker;
    }
    return err;
}

static void worker_stop(void *pointer)
{
    struct api_worker *worker = pointer;
    attempts_close(worker->attempts);
    db_close(worker->db);
    sp_heap_free(worker);
}

/* ---- input ---- */

static const char *parameter(void *context, const struct schema_field *field, size_t index)
{
    struct http_exchange *x = context;
    if (field->flags & SCHEMA_QUERY)
        return http_query(x, field->name, index);
    if (index > 0)
        return NULL;
    return field->flags & SCHEMA_PATH ? http_path_param(x, field->name) : http_header(x, field->name);
}

/* "application/json" with any parameters. What is not JSON by its type is not read as JSON: forms of other sites. */
static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    if (!content_type || strncasecmp(content_type, json, sizeof(json) - 1) != 0)
        return false;
    char next = content_type[sizeof(json) - 1];
    return next == '\0' || next == ';' || next == ' ';
}

static struct sp_err *read_body(struct api_call *call, void *in)
{
    const struct api_row *row = call->row;
    struct sp_bytes body = http_body(call->x);
    void *at = (char *)in + row->body_at;
    if (body.size == 0 && row->body_optional)
        return NULL;
    if (body.size == 0)
        return sp_err_issue(call->op, NULL, "", "invalid_type", "A JSON body is required");
    if (!is_json(http_header(call->x, "Content-Type")))
        return sp_fail(call->op, SP_UNSUPPORTED, "The body must be sent with Content-Type: application/json");
    yyjson_val *json;
    SP_TRY(sp_json_parse(call->op, (const char *)body.data, body.size, &json));
    if (row->body->kind != SCHEMA_ARRAY)
        return schema_read_json(call->op, row->body, json, at);
    void *list = sp_alloc(call->op, 1, sizeof(struct sp_text_list)); /* all lists are of one shape */
    SP_OWN(list);
    memcpy(at, &list, sizeof(list));
    return schema_read_json(call->op, row->body, json, list);
}

/* Path, query and headers first, then the body. ret_in is NULL for an operation without input. */
static struct sp_err *read_in(struct api_call *call, void **ret_in)
{
    *ret_in = NULL;
    if (!call->row->in)
        return NULL;
    void *in = sp_alloc(call->op, 1, call->row->in->size);
    SP_OWN(in);
    const struct schema_texts texts = {parameter, call->x};
    SP_TRY(schema_read_texts(call->op, call->row->in, &texts, in));
    if (call->row->body)
        SP_TRY(read_body(call, in));
    *ret_in = in;
    return NULL;
}

/* ---- answer ---- */

static int status_of(const void *out)
{
    int status;
    memcpy(&status, out, sizeof(status));
    return status;
}

struct sp_err *api_reply(struct api_call *call, const void *out)
{
    const struct api_row *row = call->row;
    if (!row->answer) {
        http_reply_empty(call->x, status_of(out));
        return NULL;
    }
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, ANSWER_MAX_BYTES);
    sp_json_init(&writer, &buf);
    struct sp_err *err = schema_write(call->op, row->answer, (const char *)out + row->answer_at, &writer);
    if (!err)
        err = sp_buf_check(call->op, &buf);
    if (!err)
        http_reply_buf(call->x, status_of(out), "application/json; charset=utf-8", &buf);
    sp_buf_finish(&buf);
    return err;
}

/* ---- the calls of struct http_app ---- */

static struct sp_err *authenticate(void *pointer, struct http_exchange *x)
{
    struct api_worker *worker = pointer;
    const struct http_route *route = http_route_of(x);
    struct sp_op *op = http_op(x);
    struct api_call *call;
    SP_NEW(op, call);
    *call = (struct api_call){.op = op, .x = x, .db = worker->db, .app = worker->app, .row = route->app_row};
    http_set_context(x, call);
    SP_TRY(api_gate(call));
    call->db = NULL;
    if (call->row->invoke || call->row->stream)
        return NULL;
    return sp_fail(op, SP_UNIMPLEMENTED, "%s (%s %s) is not built yet", route->operation_id, route->method,
                   route->path);
}

static struct sp_err *invoke(struct api_call *call)
{
    void *in, *out = sp_alloc(call->op, 1, call->row->out_size);
    SP_OWN(out);
    memcpy(out, &call->row->status, sizeof(call->row->status));
    SP_TRY(read_in(call, &in));
    SP_TRY(call->row->invoke(call, in, out));
    return call->row->replies_itself ? NULL : api_reply(call, out);
}

static struct api_call *enter(void *pointer, struct http_exchange *x)
{
    struct api_worker *worker = pointer;
    struct api_call *call = http_context(x);
    call->db = worker->db;
    call->attempts = worker->attempts;
    return call;
}

static struct sp_err *handle(void *worker, struct http_exchange *x) { return invoke(enter(worker, x)); }

static struct sp_err *begin(struct api_call *call)
{
    void *in;
    SP_TRY(read_in(call, &in));
    call->in = in;
    return call->row->stream->begin(call);
}

/* Between its calls a stream is on I/O threads: it must not hold on to this worker's connection. */
static struct sp_err *stream_begin(void *worker, struct http_exchange *x)
{
    struct api_call *call = enter(worker, x);
    struct sp_err *err = begin(call);
    call->db = NULL;
    return err;
}

static struct sp_err *stream_part(struct http_exchange *x, const struct http_part *part)
{
    struct api_call *call = http_context(x);
    return call->row->stream->part(call, part);
}

static struct sp_err *stream_data(struct http_exchange *x, const void *data, size_t size)
{
    struct api_call *call = http_context(x);
    return call->row->stream->data(call, data, size);
}

static struct sp_err *stream_sync(struct http_exchange *x)
{
    struct api_call *call = http_context(x);
    return call->row->stream->sync ? call->row->stream->sync(call) : NULL;
}

static struct sp_err *stream_end(void *worker, struct http_exchange *x)
{
    struct api_call *call = enter(worker, x);
    return call->row->stream->end(call);
}

static void stream_abort(void *worker, struct http_exchange *x)
{
    struct api_call *call = enter(worker, x);
    call->row->stream->abort(call);
}

struct http_app api_http_app(struct api_app *app)
{
    return (struct http_app){
        .context = app,
        .routes = api_routes,
        .route_count = api_route_count,
        .worker_start = worker_start,
        .worker_stop = worker_stop,
        .authenticate = authenticate,
        .handle = handle,
        .stream_begin = stream_begin,
        .stream_part = stream_part,
        .stream_data = stream_data,
        .stream_sync = stream_sync,
        .stream_end = stream_end,
        .stream_abort = stream_abort,
    };
}
