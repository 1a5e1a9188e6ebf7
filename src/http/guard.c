/* Register and deadlines of connections; see guard.h. */
#include "http/guard.h"

#include <linux/tcp.h> /* the C library's tcp_info is older */
#include <netinet/in.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"
#include "http/thread.h"

enum { TICK_MS = 200, LOOK_FOR_GONE_TICKS = 5, UNATTACHED_MAX_MS = 60000 };

struct http_guard {
    struct http_guard_config config;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_connection *first;
    unsigned count;
    uint64_t cuts;
    unsigned tick;
    bool stopping;
    pthread_t thread;
};

void http_guard_phase(struct http_connection *connection, enum http_phase phase)
{
    atomic_store(&connection->since_ms, sp_clock_mono_ms());
    atomic_store(&connection->phase, (int)phase);
}

/* Bytes that the peer has acknowledged; 0 where the kernel or the socket's family does not say. */
static uint64_t acknowledged(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return 0;
    bool told = size >= offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked);
    return told ? info.tcpi_bytes_acked : 0;
}

/* One tick in a phase with a minimum rate. True: a whole window passed below it. */
static bool too_slow(const struct http_guard *guard, struct http_connection *connection, uint64_t bytes, bool fresh)
{
    if (fresh) {
        connection->window_ms = 0;
        connection->window_start_bytes = bytes;
        return false;
    }
    connection->window_ms += TICK_MS;
    if (connection->window_ms < guard->config.header_timeout_ms)
        return false;
    uint64_t least = (uint64_t)(guard->config.body_min_bytes_per_second * connection->window_ms / 1000);
    bool slow = bytes - connection->window_start_bytes < least;
    connection->window_ms = 0;
    connection->window_start_bytes = bytes;
    return slow;
}

static bool overdue(const struct http_guard *guard, struct http_connection *connection, int64_t now_ms)
{
    const struct http_guard_config *config = &guard->config;
    int phase = atomic_load(&connection->phase);
    int64_t passed_ms = now_ms - atomic_load(&connection->since_ms);
    /* BUSY in between (a full buffer, a block from a slow disk) does not begin a new window */
    bool fresh = phase != HTTP_PHASE_BUSY && phase != connection->seen_phase;
    if (fresh)
        connection->seen_phase = phase;
    switch (phase) {
    case HTTP_PHASE_HEAD:
        return passed_ms > config->header_timeout_ms;
    case HTTP_PHASE_IDLE:
        return passed_ms > config->idle_timeout_ms + config->header_timeout_ms;
    case HTTP_PHASE_BODY:
        return too_slow(guard, connection, atomic_load(&connection->body_bytes), fresh);
    case HTTP_PHASE_SENDING:
        return too_slow(guard, connection, acknowledged(connection->fd), fresh);
    case HTTP_PHASE_LINGER:
        return now_ms > atomic_load(&connection->cut_at_ms);
    default:
        return false;
    }
}

/*
 * The peer has closed and all that it sent is read: libmicrohttpd 0.9.75 misses that when the end came together with
 * the last bytes, because it takes a short read for an empty socket.
 */
static bool is_gone(const struct http_connection *connection)
{
    char byte;
    int phase = atomic_load(&connection->phase);
    return phase != HTTP_PHASE_BUSY && phase != HTTP_PHASE_SENDING &&
           recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void unlink_connection(struct http_guard *guard, struct http_connection *connection)
{
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        guard->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    guard->count--;
}

static void look_at_all(struct http_guard *guard)
{
    int64_t now_ms = sp_clock_mono_ms();
    struct http_connection *next;
    guard->tick = (guard->tick + 1) % LOOK_FOR_GONE_TICKS;
    for (struct http_connection *c = guard->first; c; c = next) {
        next = c->next;
        if (c->attached && overdue(guard, c, now_ms)) {
            shutdown(c->fd, SHUT_RDWR);
            guard->cuts++;
            http_guard_phase(c, HTTP_PHASE_BUSY); /* once */
        } else if (c->attached && guard->tick == 0 && is_gone(c)) {
            shutdown(c->fd, SHUT_RDWR);
        } else if (!c->attached && now_ms - atomic_load(&c->since_ms) > UNATTACHED_MAX_MS) {
            unlink_connection(guard, c);
            sp_heap_free(c);
        }
    }
}

static void *run(void *argument)
{
    struct http_guard *guard = argument;
    pthread_mutex_lock(&guard->lock);
    while (!guard->stopping) {
        if (!guard->first) {
            pthread_cond_wait(&guard->changed, &guard->lock);
            continue;
        }
        int64_t until_ms = sp_clock_mono_ms() + TICK_MS;
        while (!guard->stopping && http_cond_wait_until(&guard->changed, &guard->lock, until_ms))
            ;
        look_at_all(guard);
    }
    pthread_mutex_unlock(&guard->lock);
    return NULL;
}

struct sp_err *http_guard_create(struct sp_op *op, const struct http_guard_config *config,
                                 struct http_guard **ret_guard)
{
    struct http_guard *guard = sp_heap_new(1, sizeof(*guard));
    if (!guard)
        return sp_err_no_memory();
    guard->config = *config;
    pthread_mutex_init(&guard->lock, NULL);
    http_cond_init(&guard->changed);
    struct sp_err *err = http_thread_start(op, "http-guard", HTTP_STACK_SMALL, run, guard, &guard->thread);
    if (err) {
        sp_heap_free(guard);
        return err;
    }
    *ret_guard = guard;
    return NULL;
}

void http_guard_destroy(struct http_guard *guard)
{
    if (!guard)
        return;
    pthread_mutex_lock(&guard->lock);
    guard->stopping = true;
    pthread_cond_broadcast(&guard->changed);
    pthread_mutex_unlock(&guard->lock);
    pthread_join(guard->thread, NULL);
    while (guard->first) {
        struct http_connection *connection = guard->first;
        unlink_connection(guard, connection);
        sp_heap_free(connection);
    }
    pthread_cond_destroy(&guard->changed);
    pthread_mutex_destroy(&guard->lock);
    sp_heap_free(guard);
}

/* Also forgets an entry of the same descriptor, whose connection died before libmicrohttpd took it over. */
static bool has_room(struct http_guard *guard, int fd, const struct http_address *peer)
{
    unsigned same = 0;
    struct http_connection *next;
    for (struct http_connection *c = guard->first; c; c = next) {
        next = c->next;
        if (c->fd == fd) {
            unlink_connection(guard, c);
            sp_heap_free(c);
        } else {
            same += c->counted && http_address_same_client(&c->peer, peer);
        }
    }
    return guard->config.per_address_max == 0 || same < guard->config.per_address_max;
}

struct http_connection *http_guard_add(struct http_guard *guard, int fd, unsigned daemon,
                                       const struct http_address *peer, bool trusted)
{
    pthread_mutex_lock(&guard->lock);
    bool room = has_room(guard, fd, peer) || trusted;
    struct http_connection *connection = room ? sp_heap_new(1, sizeof(*connection)) : NULL;
    if (connection) {
        connection->fd = fd;
        connection->daemon = daemon;
        connection->peer = *peer;
        connection->trusted = trusted;
        connection->counted = !trusted;
        connection->seen_phase = HTTP_PHASE_BUSY;
        http_guard_phase(connection, HTTP_PHASE_HEAD);
        connection->next = guard->first;
        if (guard->first)
            guard->first->previous = connection;
        guard->first = connection;
        guard->count++;
        if (!connection->next)
            pthread_cond_signal(&guard->changed);
    }
    pthread_mutex_unlock(&guard->lock);
    return connection;
}

struct http_connection *http_guard_attach(struct http_guard *guard, int fd)
{
    pthread_mutex_lock(&guard->lock);
    struct http_connection *connection = guard->first;
    while (connection && connection->fd != fd)
        connection = connection->next;
    if (connection)
        connection->attached = true;
    pthread_mutex_unlock(&guard->lock);
    return connection;
}

void http_guard_remove(struct http_guard *guard, struct http_connection *connection)
{
    pthread_mutex_lock(&guard->lock);
    unlink_connection(guard, connection);
    pthread_mutex_unlock(&guard->lock);
    sp_heap_free(connection);
}

void http_guard_serve(struct http_guard *guard, struct http_connection *connection, struct http_exchange *exchange)
{
    pthread_mutex_lock(&guard->lock);
    connection->exchange = exchange;
    pthread_mutex_unlock(&guard->lock);
}

void http_guard_each(struct http_guard *guard, void (*visit)(struct http_connection *connection, void *context),
                     void *context)
{
    pthread_mutex_lock(&guard->lock);
    for (struct http_connection *c = guard->first; c; c = c->next)
        visit(c, context);
    pthread_mutex_unlock(&guard->lock);
}

unsigned http_guard_connections(struct http_guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    unsigned count = guard->count;
    pthread_mutex_unlock(&guard->lock);
    return count;
}

uint64_t http_guard_cuts(struct http_guard *guard)
{
    pthread_mutex_lock(&guard->lock);
    uint64_t cuts = guard->cuts;
    pthread_mutex_unlock(&guard->lock);
    return cuts;
}
