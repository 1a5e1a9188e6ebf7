/* Streamed bodies; see stream.h. Lock order: stream->lock, then what MHD_suspend/resume and the pools lock. */
#include "http/stream.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/heap.h"
#include "http/exchange_state.h"
#include "http/multipart.h"
#include "http/server.h"
#include "http/task.h"

enum { BUFFER_BYTES = 128 << 10 };

struct buffer {
    char *data;
    size_t size;
};

struct http_stream {
    pthread_mutex_t lock;
    struct http_exchange *x;
    struct http_job job;
    struct http_multipart *multipart; /* NULL: the body is one part. I/O threads alone */
    bool part_announced;
    struct buffer buffers[2];
    unsigned filling; /* the event thread's; the other one is the I/O thread's while io_busy */
    bool io_busy;
    bool waiting;       /* suspended until the I/O thread is through */
    bool body_complete; /* no more data follows */
    bool too_large;
    bool begun;            /* the application is owed end or abort */
    bool cancelled;        /* the client is gone */
    bool handed;           /* a worker has, or will get, the application's last call */
    struct sp_err *failed; /* the first error; in the operation's arena */
};

static struct sp_err *on_part(void *context, const struct http_part *part)
{
    struct http_exchange *x = context;
    return x->server->app.stream_part(x, part);
}

static struct sp_err *on_data(void *context, const void *data, size_t size)
{
    struct http_exchange *x = context;
    return x->server->app.stream_data(x, data, size);
}

struct sp_err *http_stream_create(struct http_exchange *x)
{
    struct http_stream *stream = sp_heap_new(1, sizeof(*stream));
    if (!stream)
        return sp_err_no_memory();
    pthread_mutex_init(&stream->lock, NULL);
    stream->x = x;
    x->stream = stream;
    for (size_t i = 0; i < SP_COUNT(stream->buffers); i++) {
        stream->buffers[i].data = sp_heap_resize(NULL, BUFFER_BYTES, 1);
        if (!stream->buffers[i].data)
            return sp_err_no_memory();
    }
    const char *type = http_header(x, "Content-Type");
    static const char multipart[] = "multipart/";
    if (!type || strncasecmp(type, multipart, sizeof(multipart) - 1) != 0)
        return NULL;
    struct http_multipart_sink sink = {.context = x, .part = on_part, .data = on_data};
    return http_multipart_create(x->op, type, &sink, &stream->multipart);
}

void http_stream_destroy(struct http_stream *stream)
{
    if (!stream)
        return;
    for (size_t i = 0; i < SP_COUNT(stream->buffers); i++)
        sp_heap_free(stream->buffers[i].data);
    pthread_mutex_destroy(&stream->lock);
    sp_heap_free(stream);
}

struct sp_err *http_stream_begin(struct http_exchange *x, void *worker)
{
    struct http_stream *stream = x->stream;
    SP_TRY(x->server->app.stream_begin(worker, x));
    if (x->reply.kind != HTTP_REPLY_NONE)
        return NULL;
    pthread_mutex_lock(&stream->lock);
    stream->begun = true;
    bool cancelled = stream->cancelled || atomic_load(&x->server->ended);
    stream->handed = stream->handed || cancelled;
    pthread_mutex_unlock(&stream->lock);
    if (!cancelled)
        return NULL;
    x->server->app.stream_abort(worker, x);
    return sp_fail(x->op, SP_UNAVAILABLE, "The server is stopping.");
}

/* ---- the I/O thread's side ---- */

static struct sp_err *consume(struct http_stream *stream, const struct buffer *buffer)
{
    if (stream->multipart)
        return http_multipart_feed(stream->multipart, buffer->data, buffer->size);
    if (!stream->part_announced) {
        const struct http_part part = {.content_type = http_header(stream->x, "Content-Type")};
        stream->part_announced = true;
        SP_TRY(on_part(stream->x, &part));
    }
    return buffer->size ? on_data(stream->x, buffer->data, buffer->size) : NULL;
}

static struct sp_err *finish_body(struct http_stream *stream)
{
    struct http_exchange *x = stream->x;
    if (stream->multipart)
        SP_TRY(http_multipart_finish(stream->multipart));
    return x->server->app.stream_sync ? x->server->app.stream_sync(x) : NULL;
}

static void abort_task(struct http_exchange *x, void *worker)
{
    x->server->app.stream_abort(worker, x);
    http_exchange_end_op(x);
    atomic_store(&x->working, false);
}

static void run_io(struct http_job *job, void *worker);

/* With the lock. The buffers change roles and an I/O thread gets the full one. */
static void hand_over(struct http_stream *stream)
{
    stream->filling = !stream->filling;
    stream->io_busy = true;
    stream->job.run = run_io;
    http_pool_push_always(stream->x->server->io, &stream->job);
}

/* With the lock, after an I/O thread's turn. The exchange may be another thread's when the lock is released. */
static void after_turn(struct http_stream *stream)
{
    struct http_exchange *x = stream->x;
    stream->io_busy = false;
    if (stream->cancelled) {
        if (!stream->handed) {
            stream->handed = true;
            http_task_continue(x, abort_task);
        }
    } else if (stream->failed || stream->too_large) {
        if (stream->body_complete || stream->waiting) {
            stream->handed = true;
            http_task_continue(x, http_task_stream_end);
        }
    } else if (stream->buffers[stream->filling].size == BUFFER_BYTES || stream->body_complete) {
        http_exchange_retain(x); /* for the next turn */
        hand_over(stream);
        if (stream->waiting) {
            stream->waiting = false;
            http_exchange_resume(x);
        }
    }
}

static void run_io(struct http_job *job, void *worker)
{
    struct http_stream *stream = (struct http_stream *)((char *)job - offsetof(struct http_stream, job));
    struct http_exchange *x = stream->x;
    pthread_mutex_lock(&stream->lock);
    struct buffer *buffer = &stream->buffers[!stream->filling];
    bool last = stream->body_complete && stream->buffers[stream->filling].size == 0;
    bool idle = stream->failed || stream->cancelled;
    pthread_mutex_unlock(&stream->lock);
    struct sp_err *err = idle ? NULL : consume(stream, buffer);
    if (!err && !idle && last)
        err = finish_body(stream);
    pthread_mutex_lock(&stream->lock);
    buffer->size = 0;
    if (!stream->failed)
        stream->failed = err;
    if (last && !stream->cancelled && !stream->handed) {
        stream->io_busy = false;
        stream->handed = true;
        http_task_continue(x, http_task_stream_end);
    } else {
        after_turn(stream);
    }
    pthread_mutex_unlock(&stream->lock);
    http_exchange_release(x);
}

/* ---- the event thread's side ---- */

/* With the lock: the stream cannot go on. The worker's turn comes when the I/O thread's is over. */
static void stop_feeding(struct http_stream *stream)
{
    http_exchange_suspend(stream->x);
    if (stream->io_busy) {
        stream->waiting = true;
    } else {
        stream->handed = true;
        http_task_continue(stream->x, http_task_stream_end);
    }
}

size_t http_stream_feed(struct http_exchange *x, const char *data, size_t size)
{
    struct http_stream *stream = x->stream;
    size_t taken = 0;
    pthread_mutex_lock(&stream->lock);
    stream->too_large = stream->too_large || x->received + (int64_t)size > x->body_max;
    if (stream->failed || stream->too_large) {
        stop_feeding(stream);
        pthread_mutex_unlock(&stream->lock);
        return 0;
    }
    while (taken < size) {
        struct buffer *buffer = &stream->buffers[stream->filling];
        size_t room = BUFFER_BYTES - buffer->size;
        size_t part = size - taken < room ? size - taken : room;
        memcpy(buffer->data + buffer->size, data + taken, part);
        buffer->size += part;
        taken += part;
        x->received += (int64_t)part;
        if (buffer->size < BUFFER_BYTES)
            break;
        if (!stream->io_busy) {
            http_exchange_retain(x);
            hand_over(stream);
        } else if (taken < size) {
            stream->waiting = true;
            http_exchange_suspend(x);
            break;
        }
    }
    pthread_mutex_unlock(&stream->lock);
    return taken;
}

void http_stream_end_of_body(struct http_exchange *x)
{
    struct http_stream *stream = x->stream;
    pthread_mutex_lock(&stream->lock);
    http_exchange_suspend(x);
    stream->body_complete = true;
    if (!stream->io_busy) {
        http_exchange_retain(x);
        hand_over(stream);
    }
    pthread_mutex_unlock(&stream->lock);
}

struct sp_err *http_stream_finish(struct http_exchange *x, void *worker)
{
    struct http_stream *stream = x->stream;
    struct sp_err *err = stream->failed;
    if (!err && stream->too_large)
        err = sp_fail(x->op, SP_TOO_LARGE, "The request's body is larger than this route allows.");
    if (!err)
        return x->server->app.stream_end(worker, x);
    x->server->app.stream_abort(worker, x);
    return err;
}

void http_stream_cancel(struct http_exchange *x)
{
    struct http_stream *stream = x->stream;
    pthread_mutex_lock(&stream->lock);
    stream->cancelled = true;
    if (stream->begun && !stream->io_busy && !stream->handed) {
        stream->handed = true;
        http_task_continue(x, abort_task);
    }
    pthread_mutex_unlock(&stream->lock);
}
