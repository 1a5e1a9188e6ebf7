/* The workers' part of a request; see task.h. */
#include "http/task.h"

#include "base/clock.h"
#include "base/err.h"
#include "http/exchange_state.h"
#include "http/metrics.h"
#include "http/server.h"
#include "http/stream.h"

enum { METRICS_BYTES_MAX = 4 << 20 };

/* The body's bytes that are still to come: 0 when it is complete, -1 when nobody knows. */
static int64_t body_left(const struct http_exchange *x)
{
    if (!x->has_body || x->body_complete)
        return 0;
    return x->head.content_length < 0 ? -1 : x->head.content_length - x->received;
}

/*
 * How the client gets to see an answer that does not wait for the body: one that waits for "100 Continue" gets it at
 * once, a small rest is read first and the connection lives on, otherwise the answer leaves now and we keep reading.
 */
static void seal_refusal(struct http_exchange *x, int64_t left)
{
    bool plain = x->reply.kind == HTTP_REPLY_BUF || x->reply.kind == HTTP_REPLY_EMPTY;
    if (x->head.expects_continue && !x->body_open) {
        x->stage = HTTP_STAGE_REPLY;
    } else {
        x->stage = HTTP_STAGE_REFUSED;
        if (plain && (left < 0 || left > HTTP_DISCARD_BYTES) && http_reply_bytes_of(x, &x->early))
            return;
    }
    x->response = http_reply_response(x);
}

void http_task_seal(struct http_exchange *x)
{
    if (x->reply.kind == HTTP_REPLY_BUF && x->reply.body.failed)
        http_reply_error(x, sp_buf_check(x->op, &x->reply.body));
    http_reply_compress(x);
    x->status = x->reply.status;
    bool bodiless = x->head_only || x->status == 204 || x->status == 304;
    x->bytes_out = bodiless ? 0 : http_reply_bytes(&x->reply);
    int64_t left = body_left(x);
    if (left != 0) {
        seal_refusal(x, left);
    } else {
        x->response = http_reply_response(x);
        x->stage = HTTP_STAGE_REPLY;
    }
}

static void fail(struct http_exchange *x, const struct sp_err *err)
{
    http_reply_finish(&x->reply);
    http_reply_error(x, err);
}

static void resume_sealed(struct http_exchange *x)
{
    http_task_seal(x);
    http_exchange_end_op(x);
    atomic_store(&x->working, false);
    http_exchange_resume(x);
}

/* I/O thread: the file on a root that can hang. */
static void open_later(struct http_job *job, void *worker)
{
    struct http_exchange *x = (struct http_exchange *)((char *)job - offsetof(struct http_exchange, job));
    struct http_file file = {.fd = -1};
    struct sp_err *err = x->reply.open(x->op, x->reply.open_context, &file);
    if (!err)
        err = http_reply_file(x, &file);
    if (err)
        fail(x, err);
    resume_sealed(x);
    http_exchange_release(x);
}

/* The end of a task that leaves a reply behind. */
static void finish(struct http_exchange *x, const struct sp_err *err)
{
    if (!err && x->reply.kind == HTTP_REPLY_NONE)
        err = sp_fail_internal(x->op, "%s set no reply", x->operation);
    if (err)
        fail(x, err);
    if (x->reply.kind != HTTP_REPLY_LATER) {
        resume_sealed(x);
        return;
    }
    http_exchange_retain(x);
    x->job.run = open_later;
    if (http_pool_push(x->server->io, &x->job))
        return;
    http_exchange_release(x);
    fail(x, sp_fail(x->op, SP_UNAVAILABLE, "The server's storage is busy. Try again in a moment."));
    resume_sealed(x);
}

static void set_deadline(struct http_exchange *x)
{
    x->op->deadline_ms = x->route->deadline_ms > 0 ? sp_clock_mono_ms() + x->route->deadline_ms : 0;
}

/* Waiting for a worker counts towards the deadline: an answer that nobody waits for any more is not worked out. */
static struct sp_err *check_deadline(struct http_exchange *x)
{
    if (sp_op_remaining_ms(x->op) > 0)
        return NULL;
    return sp_fail(x->op, SP_UNAVAILABLE, "The server is busy. Try again in a moment.");
}

void http_task_request(struct http_exchange *x, void *worker)
{
    const struct http_app *app = &x->server->app;
    struct sp_err *err = check_deadline(x);
    if (!err)
        err = app->authenticate(worker, x);
    if (!err && x->reply.kind == HTTP_REPLY_NONE)
        err = app->handle(worker, x);
    finish(x, err);
}

void http_task_admit(struct http_exchange *x, void *worker)
{
    const struct http_app *app = &x->server->app;
    bool streamed = x->route->body == HTTP_BODY_STREAMED;
    struct sp_err *err = check_deadline(x);
    if (!err)
        err = app->authenticate(worker, x);
    if (!err && streamed && x->reply.kind == HTTP_REPLY_NONE)
        err = http_stream_create(x);
    if (!err && streamed && x->reply.kind == HTTP_REPLY_NONE)
        err = http_stream_begin(x, worker);
    if (err || x->reply.kind != HTTP_REPLY_NONE) {
        finish(x, err);
        return;
    }
    if (streamed)
        x->op->deadline_ms = 0; /* until the body is here: the client's speed is the guard's matter */
    x->stage = HTTP_STAGE_ADMITTED;
    atomic_store(&x->working, false);
    http_exchange_resume(x);
}

void http_task_handle(struct http_exchange *x, void *worker)
{
    struct sp_err *err = check_deadline(x);
    finish(x, err ? err : x->server->app.handle(worker, x));
}

void http_task_stream_end(struct http_exchange *x, void *worker)
{
    set_deadline(x);
    finish(x, http_stream_finish(x, worker));
}

void http_task_metrics(struct http_exchange *x, void *worker)
{
    struct sp_buf text;
    sp_buf_init(&text, METRICS_BYTES_MAX);
    http_metrics_write(x->server, &text);
    if (x->server->app.metrics)
        x->server->app.metrics(worker, &text);
    http_reply_buf(x, 200, "text/plain; version=0.0.4; charset=utf-8", &text);
    finish(x, NULL);
}

static void run_task(struct http_job *job, void *worker)
{
    struct http_exchange *x = (struct http_exchange *)((char *)job - offsetof(struct http_exchange, job));
    x->task(x, worker);
    http_exchange_release(x);
}

void http_task_start(struct http_exchange *x, void (*task)(struct http_exchange *x, void *worker))
{
    if (x->route && x->op->deadline_ms == 0)
        set_deadline(x);
    http_exchange_suspend(x);
    http_exchange_retain(x);
    atomic_store(&x->working, true);
    x->task = task;
    x->job.run = run_task;
    if (http_pool_push(x->server->workers, &x->job))
        return;
    atomic_store(&x->working, false);
    http_reply_problem(x, 503, "The server is busy. Try again in a moment.");
    http_task_seal(x);
    http_exchange_resume(x);
    http_exchange_release(x);
}

void http_task_continue(struct http_exchange *x, void (*task)(struct http_exchange *x, void *worker))
{
    http_exchange_retain(x);
    atomic_store(&x->working, true);
    x->task = task;
    x->job.run = run_task;
    http_pool_push_always(x->server->workers, &x->job);
}
