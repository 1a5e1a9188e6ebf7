/* Prometheus metrics; see metrics.h. */
#include "http/metrics.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"
#include "http/exchange_state.h"
#include "http/guard.h"

/* Upper bounds of the duration's buckets. */
static const struct {
    int64_t us;
    const char *seconds;
} buckets[] = {{1000, "0.001"}, {5000, "0.005"},  {25000, "0.025"}, {100000, "0.1"},
               {500000, "0.5"}, {2500000, "2.5"}, {10000000, "10"}, {60000000, "60"}};

enum { CLASSES = 6, BUCKETS = SP_COUNT(buckets) };

struct counters {
    const char *operation;
    _Atomic uint64_t by_class[CLASSES]; /* status / 100 */
    _Atomic uint64_t by_duration[BUCKETS + 1];
    _Atomic uint64_t duration_us;
};

struct http_metrics {
    const struct http_route *routes;
    size_t count; /* of counters: the routes, then static files and what met no route */
    _Atomic uint64_t bytes_in, bytes_out;
    struct counters counters[];
};

struct sp_err *http_metrics_create(struct sp_op *op, const struct http_app *app, struct http_metrics **ret_metrics)
{
    size_t count = app->route_count + 2;
    struct http_metrics *metrics = sp_heap_new(1, sizeof(*metrics) + count * sizeof(metrics->counters[0]));
    if (!metrics)
        return sp_err_no_memory();
    metrics->routes = app->routes;
    metrics->count = count;
    for (size_t i = 0; i < app->route_count; i++)
        metrics->counters[i].operation = app->routes[i].operation_id;
    metrics->counters[count - 2].operation = "static";
    metrics->counters[count - 1].operation = "unrouted";
    *ret_metrics = metrics;
    return NULL;
}

void http_metrics_destroy(struct http_metrics *metrics) { sp_heap_free(metrics); }

static void add(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static struct counters *counters_of(struct http_metrics *metrics, const struct http_exchange *x)
{
    if (x->route)
        return &metrics->counters[x->route - metrics->routes];
    return &metrics->counters[metrics->count - (strcmp(x->operation, "static") == 0 ? 2 : 1)];
}

void http_metrics_record(struct http_metrics *metrics, const struct http_exchange *x)
{
    struct counters *counters = counters_of(metrics, x);
    int64_t duration_us = sp_clock_mono_us() - x->started_us;
    size_t bucket = 0;
    while (bucket < BUCKETS && duration_us > buckets[bucket].us)
        bucket++;
    add(&counters->by_duration[bucket], 1);
    add(&counters->duration_us, (uint64_t)duration_us);
    add(&counters->by_class[x->status / 100 < CLASSES ? x->status / 100 : 0], 1);
    add(&metrics->bytes_in, (uint64_t)x->received);
    add(&metrics->bytes_out, (uint64_t)x->bytes_out);
}

static void describe(struct sp_buf *out, const char *name, const char *type, const char *help)
{
    sp_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_single(struct sp_buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
    describe(out, name, type, help);
    sp_buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void write_requests(const struct http_metrics *metrics, struct sp_buf *out)
{
    describe(out, "swissphoto_http_requests_total", "counter",
             "Requests by operation and status class; 4xx includes clients that left early (499).");
    for (size_t i = 0; i < metrics->count; i++)
        for (size_t class = 0; class < CLASSES; class ++) {
            uint64_t value = metrics->counters[i].by_class[class];
            if (value)
                sp_buf_printf(out, "swissphoto_http_requests_total{operation=\"%s\",status=\"%zuxx\"} %" PRIu64 "\n",
                              metrics->counters[i].operation, class, value);
        }
}

static void write_durations(const struct http_metrics *metrics, struct sp_buf *out)
{
    static const char name[] = "swissphoto_http_request_duration_seconds";
    describe(out, name, "histogram", "From the request line to the last byte of the answer.");
    for (size_t i = 0; i < metrics->count; i++) {
        const struct counters *counters = &metrics->counters[i];
        uint64_t sum = 0;
        for (size_t bucket = 0; bucket <= BUCKETS; bucket++)
            sum += counters->by_duration[bucket];
        if (sum == 0)
            continue;
        sum = 0;
        for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
            sum += counters->by_duration[bucket];
            sp_buf_printf(out, "%s_bucket{operation=\"%s\",le=\"%s\"} %" PRIu64 "\n", name, counters->operation,
                          bucket < BUCKETS ? buckets[bucket].seconds : "+Inf", sum);
        }
        sp_buf_printf(out, "%s_sum{operation=\"%s\"} %.6f\n", name, counters->operation,
                      (double)counters->duration_us / 1e6);
        sp_buf_printf(out, "%s_count{operation=\"%s\"} %" PRIu64 "\n", name, counters->operation, sum);
    }
}

/* /proc/self/statm: total and resident pages. 0 where it cannot be read. */
static uint64_t resident_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return 0;
    text[size] = '\0';
    const char *second = strchr(text, ' ');
    return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

void http_metrics_write(struct http_server *server, struct sp_buf *out)
{
    const struct http_metrics *metrics = server->metrics;
    write_requests(metrics, out);
    write_durations(metrics, out);
    write_single(out, "swissphoto_http_received_bytes_total", "counter", "Bytes of request bodies.", metrics->bytes_in);
    write_single(out, "swissphoto_http_sent_bytes_total", "counter", "Bytes of reply bodies.", metrics->bytes_out);
    write_single(out, "swissphoto_http_in_flight", "gauge", "Requests that are being served.",
                 atomic_load(&server->in_flight));
    write_single(out, "swissphoto_http_connections", "gauge", "Open connections.",
                 http_guard_connections(server->guard));
    write_single(out, "swissphoto_http_cut_total", "counter", "Connections cut because the client was too slow.",
                 http_guard_cuts(server->guard));
    write_single(out, "swissphoto_http_workers_busy", "gauge", "Workers that run a request.",
                 http_pool_busy(server->workers));
    write_single(out, "swissphoto_http_workers_waiting", "gauge", "Requests that wait for a worker.",
                 http_pool_waiting(server->workers));
    write_single(out, "swissphoto_http_io_busy", "gauge", "I/O threads at work.", http_pool_busy(server->io));
    write_single(out, "swissphoto_http_io_waiting", "gauge", "Blocks that wait for an I/O thread.",
                 http_pool_waiting(server->io));
    write_single(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
}
