/* Reading ahead from slow files; see file_reader.h. */
#include "http/file_reader.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/heap.h"
#include "http/exchange_state.h"
#include "http/guard.h"

enum { BLOCK_BYTES = 128 << 10, COPY_BYTES = 64 << 10 };

struct reader {
    pthread_mutex_t lock;
    struct http_job job;
    struct http_pool *io;
    struct http_exchange *x; /* referenced while busy reading; libmicrohttpd's own reference covers give */
    int fd;
    int64_t offset, left; /* still to be read from the file; the I/O thread's while busy */
    char *blocks[2];
    size_t sizes[2], used; /* used: how much of the block in turn is copied */
    unsigned turn;         /* the block that the event thread copies from */
    bool busy, waiting, failed, forgotten;
};

static void destroy(struct reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    sp_heap_free(reader->blocks[0]);
    sp_heap_free(reader->blocks[1]);
    pthread_mutex_destroy(&reader->lock);
    sp_heap_free(reader);
}

/* Whole blocks, unless the file ends early: that cannot be told to the client any more but by a cut. */
static bool fill(struct reader *reader, char *block, size_t want)
{
    for (size_t got = 0; got < want;) {
        ssize_t n = pread(reader->fd, block + got, want - got, reader->offset + (int64_t)got);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        got += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* I/O thread. */
static void close_file(struct http_job *job, void *worker)
{
    destroy((struct reader *)((char *)job - offsetof(struct reader, job)));
}

/* I/O thread. */
static void read_block(struct http_job *job, void *worker)
{
    struct reader *reader = (struct reader *)((char *)job - offsetof(struct reader, job));
    struct http_exchange *x = reader->x;
    pthread_mutex_lock(&reader->lock);
    unsigned into = reader->sizes[reader->turn] == 0 ? reader->turn : !reader->turn;
    pthread_mutex_unlock(&reader->lock);
    size_t want = reader->left < BLOCK_BYTES ? (size_t)reader->left : BLOCK_BYTES;
    bool ok = fill(reader, reader->blocks[into], want);
    pthread_mutex_lock(&reader->lock);
    reader->busy = false;
    reader->failed = !ok;
    reader->sizes[into] = ok ? want : 0;
    reader->offset += (int64_t)want;
    reader->left -= (int64_t)want;
    bool forgotten = reader->forgotten;
    if (reader->waiting && !forgotten) {
        reader->waiting = false;
        http_exchange_resume(x);
    }
    pthread_mutex_unlock(&reader->lock);
    if (forgotten)
        destroy(reader);
    http_exchange_release(x);
}

/* With the lock. */
static void read_ahead(struct reader *reader)
{
    if (reader->busy || reader->failed || reader->left == 0 || (reader->sizes[0] && reader->sizes[1]))
        return;
    reader->busy = true;
    reader->job.run = read_block;
    http_exchange_retain(reader->x);
    http_pool_push_always(reader->io, &reader->job);
}

/* Event thread. */
static ssize_t give(void *cls, uint64_t position, char *to, size_t capacity)
{
    struct reader *reader = cls;
    ssize_t given = 0;
    pthread_mutex_lock(&reader->lock);
    size_t size = reader->sizes[reader->turn];
    if (size > 0) {
        size_t part = size - reader->used < capacity ? size - reader->used : capacity;
        memcpy(to, reader->blocks[reader->turn] + reader->used, part);
        reader->used += part;
        if (reader->used == size) {
            reader->sizes[reader->turn] = 0;
            reader->used = 0;
            reader->turn = !reader->turn;
        }
        given = (ssize_t)part;
    } else if (reader->failed) {
        given = MHD_CONTENT_READER_END_WITH_ERROR;
    }
    read_ahead(reader);
    if (given == 0) {
        reader->waiting = true;
        http_guard_phase(reader->x->connection, HTTP_PHASE_BUSY);
        http_exchange_suspend(reader->x);
    } else {
        http_guard_phase(reader->x->connection, HTTP_PHASE_SENDING);
    }
    pthread_mutex_unlock(&reader->lock);
    return given;
}

/* When libmicrohttpd forgets the response. Closing a descriptor can hang as well; the exchange may be gone already. */
static void forget(void *cls)
{
    struct reader *reader = cls;
    pthread_mutex_lock(&reader->lock);
    reader->forgotten = true;
    bool busy = reader->busy;
    pthread_mutex_unlock(&reader->lock);
    if (busy)
        return; /* read_block sees it */
    reader->job.run = close_file;
    http_pool_push_always(reader->io, &reader->job);
}

struct MHD_Response *http_file_reader_response(struct http_exchange *x)
{
    struct reader *reader = sp_heap_new(1, sizeof(*reader));
    if (!reader)
        return NULL;
    *reader =
        (struct reader){.io = x->server->io, .x = x, .fd = -1, .offset = x->reply.offset, .left = x->reply.length};
    pthread_mutex_init(&reader->lock, NULL);
    reader->blocks[0] = sp_heap_resize(NULL, BLOCK_BYTES, 1);
    reader->blocks[1] = sp_heap_resize(NULL, BLOCK_BYTES, 1);
    struct MHD_Response *response =
        reader->blocks[0] && reader->blocks[1]
            ? MHD_create_response_from_callback((uint64_t)x->reply.length, COPY_BYTES, give, reader, forget)
            : NULL;
    if (!response) {
        destroy(reader);
        return NULL;
    }
    reader->fd = x->reply.fd;
    x->reply.fd = -1;
    return response;
}
