/* Starting and stopping the server: the parts in their order, and libmicrohttpd's options; see server.h. */
#include "http/server.h"

#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/op.h"
#include "http/acceptor.h"
#include "http/address.h"
#include "http/exchange_state.h"
#include "http/flow.h"
#include "http/guard.h"
#include "http/metrics.h"
#include "http/pool.h"
#include "http/router.h"
#include "http/server_state.h"
#include "http/static_files.h"
#include "http/thread.h"

/*
 * A connection's memory in libmicrohttpd: half of it is the read buffer, all of it is cleared between two requests on
 * one connection, so larger is not better. Above 32 KB it is mapped, not taken from the heap.
 */
enum { CONNECTION_BYTES = 64 << 10, STOP_WAIT_MS = 5000, POLL_MS = 5 };

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info ? http_guard_attach(server->guard, info->connect_fd) : NULL;
    } else if (*context) {
        http_guard_remove(server->guard, *context);
        *context = NULL;
        if (http_guard_connections(server->guard) + 1 >= server->config.connections_max)
            http_acceptor_room(server->acceptor);
    }
}

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
    unsigned idle_seconds = (unsigned)((server->config.idle_timeout_ms + 999) / 1000);
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)server->config.connections_max + 1, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)idle_seconds, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, HTTP_STACK_SMALL, NULL},
#if MHD_VERSION >= 0x00097701
        {MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1, NULL},
#else /* its strictness closes without an answer: head_check.c does it better */
        {MHD_OPTION_STRICT_FOR_CLIENT, 0, NULL},
#endif
        {MHD_OPTION_END, 0, NULL},
    };
    return MHD_start_daemon(flags, 0, NULL, NULL, http_flow_request, server, MHD_OPTION_ARRAY, options,
                            MHD_OPTION_URI_LOG_CALLBACK, http_flow_target, server, MHD_OPTION_NOTIFY_COMPLETED,
                            http_flow_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
                            MHD_OPTION_END);
}

static struct sp_err *start_daemons(struct sp_op *op, struct http_server *server)
{
    sigset_t all, before;
    server->daemons = sp_heap_new(server->config.event_threads, sizeof(struct MHD_Daemon *));
    if (!server->daemons)
        return sp_err_no_memory();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited by libmicrohttpd's threads */
    while (server->daemon_count < server->config.event_threads &&
           (server->daemons[server->daemon_count] = start_daemon(server)))
        server->daemon_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (server->daemon_count < server->config.event_threads)
        return sp_fail_internal(op, "libmicrohttpd %s does not start", MHD_get_version());
    return NULL;
}

static struct sp_err *start_pools(struct sp_op *op, struct http_server *server)
{
    const struct http_pool_config io = {
        .name = "http-io",
        .threads = server->config.io_threads,
        .queue_max = server->config.queue_max,
        .stack_bytes = HTTP_STACK_SMALL,
    };
    const struct http_pool_config workers = {
        .name = "http-worker",
        .threads = server->config.workers,
        .queue_max = server->config.queue_max,
        .stack_bytes = HTTP_STACK_WORKER,
        .context = server->app.context,
        .start = server->app.worker_start,
        .stop = server->app.worker_stop,
    };
    SP_TRY(http_pool_create(op, &io, &server->io));
    return http_pool_create(op, &workers, &server->workers);
}

/* The texts are the caller's: what is needed later is copied, the rest is used while starting alone. */
static struct sp_err *copy_config(struct http_server *server, const struct http_server_config *config)
{
    server->config = *config;
    if (config->metrics_token && !(server->config.metrics_token = sp_heap_strdup(config->metrics_token)))
        return sp_err_no_memory();
    return NULL;
}

static struct sp_err *start(struct sp_op *op, struct http_server *server, const struct http_server_config *config)
{
    const struct http_guard_config guard = {
        .header_timeout_ms = config->header_timeout_ms,
        .idle_timeout_ms = config->idle_timeout_ms,
        .body_min_bytes_per_second = config->body_min_bytes_per_second,
        .per_address_max = config->connections_per_address_max,
    };
    SP_TRY(copy_config(server, config));
    SP_TRY(http_router_create(op, server->app.routes, server->app.route_count, &server->router));
    SP_TRY(http_networks_create(op, config->trusted_proxies, &server->trusted));
    SP_TRY(http_metrics_create(op, &server->app, &server->metrics));
    if (config->web_root)
        SP_TRY(http_static_create(op, config->web_root, &server->files));
    SP_TRY(http_acceptor_create(op, server, &server->acceptor)); /* an address in use is told before all the work */
    SP_TRY(http_guard_create(op, &guard, &server->guard));
    SP_TRY(start_pools(op, server));
    SP_TRY(start_daemons(op, server));
    return http_acceptor_start(op, server->acceptor);
}

struct sp_err *http_server_create(struct sp_op *op, const struct http_server_config *config, const struct http_app *app,
                                  struct http_server **ret_server)
{
    struct http_server *server = sp_heap_new(1, sizeof(*server));
    if (!server)
        return sp_err_no_memory();
    server->app = *app;
    struct sp_err *err = start(op, server, config);
    if (err) {
        http_server_destroy(server);
        return err;
    }
    *ret_server = server;
    return NULL;
}

uint16_t http_server_port(const struct http_server *server) { return http_acceptor_port(server->acceptor); }

/* ---- stopping ---- */

static void wait_for_requests(const struct http_server *server)
{
    int64_t until_ms = sp_clock_mono_ms() + server->config.shutdown_grace_ms;
    while (atomic_load(&server->in_flight) > 0 && sp_clock_mono_ms() < until_ms) {
        const struct timespec pause = {.tv_nsec = POLL_MS * 1000000};
        nanosleep(&pause, NULL);
    }
}

static void give_up(struct http_connection *connection, void *context)
{
    if (connection->exchange)
        http_exchange_resume(connection->exchange);
}

static void free_parts(struct http_server *server)
{
    http_pool_destroy(server->workers);
    http_pool_destroy(server->io);
    http_guard_destroy(server->guard);
    http_static_destroy(server->files);
    http_metrics_destroy(server->metrics);
    http_networks_destroy(server->trusted);
    http_router_destroy(server->router);
    sp_heap_free(server->daemons);
    sp_heap_free((void *)(uintptr_t)server->config.metrics_token);
    sp_heap_free(server);
}

void http_server_destroy(struct http_server *server)
{
    if (!server)
        return;
    atomic_store(&server->stopping, true);
    if (server->acceptor) {
        http_acceptor_stop(server->acceptor);
        wait_for_requests(server);
    }
    /* What is suspended must be resumed before libmicrohttpd stops: the handler then closes it. */
    atomic_store(&server->ended, true);
    if (server->guard)
        http_guard_each(server->guard, give_up, NULL);
    for (unsigned i = 0; i < server->daemon_count; i++)
        MHD_stop_daemon(server->daemons[i]);
    struct http_acceptor *acceptor = server->acceptor;
    server->acceptor = NULL;
    http_acceptor_destroy(acceptor);
    /* I/O threads first: they hand their streams' ends to the workers. */
    bool io = !server->io || http_pool_stop(server->io, STOP_WAIT_MS);
    bool workers = !server->workers || http_pool_stop(server->workers, STOP_WAIT_MS);
    if (workers && io)
        free_parts(server);
    else /* the storage or the database hangs: the process can end, its memory cannot be given back before */
        sp_log(SP_LOG_WARN, NULL, "stopped with threads that hang", "workers", workers ? NULL : "hang", "io",
               io ? NULL : "hang", NULL);
}
