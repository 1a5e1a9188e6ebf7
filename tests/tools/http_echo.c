/*
 * src/http with a toy application, for the raw-socket tests of the adapter (tests/integration/test_http_adapter.py) and
 * for measuring it. Prints its port, then serves until SIGTERM. Options are listed in main.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/log.h"
#include "base/op.h"
#include "http/server.h"

enum { REPLY_MAX = 64 << 20, MB = 1 << 20 };

static const char *file_path;
static _Atomic int begun, ended, aborted; /* streams */
static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_cond = PTHREAD_COND_INITIALIZER;
static bool gate_closed; /* while set, /api/hang's data and /api/file/hang's open block */

static void wait_at_gate(void)
{
    pthread_mutex_lock(&gate_lock);
    while (gate_closed)
        pthread_cond_wait(&gate_cond, &gate_lock);
    pthread_mutex_unlock(&gate_lock);
}

static void set_gate(bool closed)
{
    pthread_mutex_lock(&gate_lock);
    gate_closed = closed;
    pthread_cond_broadcast(&gate_cond);
    pthread_mutex_unlock(&gate_lock);
}

static void pause_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static bool is(const struct http_exchange *x, const char *operation)
{
    return strcmp(http_route_of(x)->operation_id, operation) == 0;
}

/* ---- streams: a list of parts with their sizes ---- */

struct upload {
    struct sp_buf text; /* JSON objects, the last one open for its size */
    int64_t part_bytes, total_bytes;
    unsigned parts;
};

static void release_upload(void *upload) { sp_buf_finish(&((struct upload *)upload)->text); }

static void close_part(struct upload *upload)
{
    if (upload->parts)
        sp_buf_printf(&upload->text, ",\"size\":%" PRId64 "}", upload->part_bytes);
    upload->part_bytes = 0;
}

static struct sp_err *stream_begin(void *worker, struct http_exchange *x)
{
    struct sp_op *op = http_op(x);
    struct upload *upload;
    if (http_header(x, "X-Duplicate")) {
        struct sp_buf body;
        sp_buf_init(&body, REPLY_MAX);
        sp_buf_puts(&body, "{\"status\":\"duplicate\"}");
        http_reply_buf(x, 200, "application/json", &body);
        return NULL;
    }
    SP_NEW(op, upload);
    sp_buf_init(&upload->text, REPLY_MAX);
    SP_TRY(sp_defer(op, release_upload, upload));
    http_set_context(x, upload);
    atomic_fetch_add(&begun, 1);
    return NULL;
}

static struct sp_err *stream_part(struct http_exchange *x, const struct http_part *part)
{
    struct upload *upload = http_context(x);
    struct sp_json_writer json;
    close_part(upload);
    if (upload->parts++)
        sp_buf_putc(&upload->text, ',');
    sp_json_init(&json, &upload->text);
    sp_buf_puts(&upload->text, "{\"name\":");
    sp_json_string(&json, part->name);
    sp_buf_puts(&upload->text, ",\"file\":");
    json.need_comma = false;
    sp_json_string(&json, part->file_name);
    sp_buf_puts(&upload->text, ",\"type\":");
    json.need_comma = false;
    sp_json_string(&json, part->content_type);
    return NULL;
}

static struct sp_err *stream_data(struct http_exchange *x, const void *data, size_t size)
{
    struct upload *upload = http_context(x);
    upload->part_bytes += (int64_t)size;
    upload->total_bytes += (int64_t)size;
    if (is(x, "hang"))
        wait_at_gate();
    if (http_header(x, "X-Fail-After") && upload->total_bytes > strtoll(http_header(x, "X-Fail-After"), NULL, 10))
        return sp_fail(http_op(x), SP_INVALID, "Quota has been exceeded!");
    return NULL;
}

static struct sp_err *stream_sync(struct http_exchange *x)
{
    struct upload *upload = http_context(x);
    close_part(upload);
    return NULL;
}

static struct sp_err *stream_end(void *worker, struct http_exchange *x)
{
    struct upload *upload = http_context(x);
    struct sp_buf body;
    atomic_fetch_add(&ended, 1);
    sp_buf_init(&body, REPLY_MAX);
    sp_buf_printf(&body, "{\"total\":%" PRId64 ",\"parts\":[", upload->total_bytes);
    sp_buf_append(&body, upload->text.data, upload->text.size);
    sp_buf_puts(&body, "]}");
    http_reply_buf(x, 201, "application/json", &body);
    return NULL;
}

static void stream_abort(void *worker, struct http_exchange *x) { atomic_fetch_add(&aborted, 1); }

/* ---- plain routes ---- */

static struct sp_err *worker_start(struct sp_op *op, void *context, void **ret_worker)
{
    *ret_worker = context;
    return NULL;
}

static void worker_stop(void *worker) {}

static struct sp_err *authenticate(void *worker, struct http_exchange *x)
{
    if (http_header(x, "X-Deny"))
        return sp_fail(http_op(x), SP_UNAUTHENTICATED, "Authentication required");
    return NULL;
}

static struct sp_err *open_file(struct sp_op *op, void *context, struct http_file *ret_file)
{
    struct stat status;
    if (context)
        wait_at_gate();
    int fd = open(file_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return sp_fail_errno(op, "open %s", file_path);
    *ret_file = (struct http_file){
        .fd = fd,
        .size_bytes = status.st_size,
        .modified_at = status.st_mtim.tv_sec * INT64_C(1000),
        .etag = "\"echo-1\"",
        .content_type = "application/octet-stream",
        .cache_control = "private, max-age=86400, no-transform",
        .file_name = "Zürich \"1\".jpg",
    };
    return NULL;
}

static struct sp_err *open_slow(struct sp_op *op, void *context, struct http_file *ret_file)
{
    SP_TRY(open_file(op, context, ret_file));
    ret_file->source = HTTP_FILE_SLOW;
    return NULL;
}

static void write_hello(struct http_exchange *x, struct sp_buf *body)
{
    struct sp_json_writer json;
    sp_json_init(&json, body);
    sp_json_begin_object(&json);
    const struct {
        const char *key, *value;
    } rows[] = {
        {"method", http_method(x)},           {"path", http_target_path(x)},
        {"name", http_path_param(x, "name")}, {"client", http_client_address(x)},
        {"cookie", http_cookie(x, "token")},  {"agent", http_header(x, "user-agent")},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        sp_json_key(&json, rows[i].key);
        sp_json_string(&json, rows[i].value);
    }
    sp_json_key(&json, "secure");
    sp_json_bool(&json, http_is_secure(x));
    sp_json_key(&json, "q");
    sp_json_begin_array(&json);
    for (size_t i = 0; http_query(x, "q", i); i++)
        sp_json_string(&json, http_query(x, "q", i));
    sp_json_end_array(&json);
    sp_json_end_object(&json);
}

static struct sp_err *fail_as_asked(struct http_exchange *x)
{
    struct sp_op *op = http_op(x);
    int status = (int)strtol(http_path_param(x, "status"), NULL, 10);
    if (status == 400) {
        struct sp_err *err = sp_err_issue(op, NULL, "assets.3.id", "invalid_format", "Invalid UUID");
        return sp_err_issue(op, err, "name", "too_small", "Too short");
    }
    for (int code = 0; code < SP_CODE_COUNT; code++)
        if (sp_code_info((enum sp_code)code)->http_status == status)
            return sp_fail(op, (enum sp_code)code, "As asked: %d", status);
    return sp_fail_internal(op, "no such status");
}

static struct sp_err *write_body(struct http_exchange *x, struct sp_buf *body)
{
    if (is(x, "ping")) {
        sp_buf_puts(body, "{\"res\":\"pong\"}");
    } else if (is(x, "hello")) {
        write_hello(x, body);
    } else if (is(x, "echo")) {
        sp_buf_append(body, http_body(x).data, http_body(x).size);
    } else if (is(x, "wait")) {
        pause_ms(strtol(http_path_param(x, "ms"), NULL, 10));
        sp_buf_puts(body, "{\"waited\":true}");
    } else if (is(x, "big")) {
        sp_buf_putc(body, '[');
        for (long i = strtol(http_path_param(x, "lines"), NULL, 10); i > 0; i--)
            sp_buf_printf(body, "{\"number\":%ld,\"text\":\"the same text in every line\"}%s", i, i > 1 ? "," : "");
        sp_buf_putc(body, ']');
    } else if (is(x, "streams")) {
        sp_buf_printf(body, "{\"begun\":%d,\"ended\":%d,\"aborted\":%d}", begun, ended, aborted);
    } else if (is(x, "gate")) {
        set_gate(strcmp(http_path_param(x, "state"), "closed") == 0);
        sp_buf_puts(body, "{}");
    } else if (is(x, "fail")) {
        return fail_as_asked(x);
    }
    return NULL;
}

static struct sp_err *handle(void *worker, struct http_exchange *x)
{
    struct sp_buf body;
    if (is(x, "fastFile")) {
        struct http_file file;
        SP_TRY(open_file(http_op(x), NULL, &file));
        return http_reply_file(x, &file);
    }
    if (is(x, "slowFile") || is(x, "hangingFile")) {
        http_reply_file_later(x, open_slow, is(x, "hangingFile") ? &gate_closed : NULL);
        return NULL;
    }
    if (is(x, "nothing")) {
        SP_TRY(http_reply_header(x, "Set-Cookie", "a=1; HttpOnly"));
        SP_TRY(http_reply_header(x, "Set-Cookie", "b=2"));
        http_reply_empty(x, 204);
        return NULL;
    }
    if (is(x, "silent"))
        return NULL;
    sp_buf_init(&body, REPLY_MAX);
    struct sp_err *err = write_body(x, &body);
    if (err) {
        sp_buf_finish(&body);
        return err;
    }
    http_reply_buf(x, 200, "application/json; charset=utf-8", &body);
    return NULL;
}

static const struct http_route routes[] = {
    {"GET", "/api/ping", "ping", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/hello/{name}", "hello", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/hello/{name}/again", "again", HTTP_BODY_NONE, 0, 5000, NULL},
    {"POST", "/api/echo", "echo", HTTP_BODY_BUFFERED, MB, 5000, NULL},
    {"POST", "/api/upload", "upload", HTTP_BODY_STREAMED, INT64_C(4) << 30, 5000, NULL},
    {"POST", "/api/upload/small", "uploadSmall", HTTP_BODY_STREAMED, 4 * MB, 5000, NULL},
    {"POST", "/api/hang", "hang", HTTP_BODY_STREAMED, INT64_C(4) << 30, 5000, NULL},
    {"GET", "/api/file/fast", "fastFile", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/file/slow", "slowFile", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/file/hang", "hangingFile", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/wait/{ms}", "wait", HTTP_BODY_NONE, 0, 60000, NULL},
    {"GET", "/api/big/{lines}", "big", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/fail/{status}", "fail", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/streams", "streams", HTTP_BODY_NONE, 0, 5000, NULL},
    {"POST", "/api/gate/{state}", "gate", HTTP_BODY_NONE, 0, 5000, NULL},
    {"DELETE", "/api/nothing", "nothing", HTTP_BODY_NONE, 0, 5000, NULL},
    {"GET", "/api/silent", "silent", HTTP_BODY_NONE, 0, 5000, NULL},
};

static void app_metrics(void *worker, struct sp_buf *out) { sp_buf_puts(out, "echo_toy 1\n"); }

/* ---- main ---- */

static const char *option(int argc, char **argv, const char *name, const char *fallback)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    return fallback;
}

static long number(int argc, char **argv, const char *name, const char *fallback)
{
    return strtol(option(argc, argv, name, fallback), NULL, 10);
}

static void serve(const struct http_server_config *config)
{
    const struct http_app app = {
        .routes = routes,
        .route_count = SP_COUNT(routes),
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
        .metrics = app_metrics,
    };
    sigset_t stop;
    int got;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct http_server *server;
    struct sp_err *err = http_server_create(op, config, &app, &server);
    if (err) {
        sp_log_err(SP_LOG_ERROR, op, err, "start failed");
        exit(sp_code_info(err->code)->exit_code);
    }
    printf("%u\n", http_server_port(server));
    fflush(stdout);
    sigwait(&stop, &got);
    http_server_destroy(server);
    sp_op_destroy(op);
}

int main(int argc, char **argv)
{
    const struct http_server_config config = {
        .address = option(argc, argv, "--address", "127.0.0.1"),
        .port = (uint16_t)number(argc, argv, "--port", "0"),
        .listen_fd = (int)number(argc, argv, "--listen-fd", "-1"),
        .event_threads = (unsigned)number(argc, argv, "--event-threads", "2"),
        .workers = (unsigned)number(argc, argv, "--workers", "4"),
        .io_threads = (unsigned)number(argc, argv, "--io-threads", "2"),
        .queue_max = (unsigned)number(argc, argv, "--queue", "256"),
        .connections_max = (unsigned)number(argc, argv, "--connections", "1024"),
        .connections_per_address_max = (unsigned)number(argc, argv, "--per-address", "0"),
        .header_timeout_ms = number(argc, argv, "--header-timeout", "10000"),
        .body_min_bytes_per_second = number(argc, argv, "--min-rate", "1000"),
        .idle_timeout_ms = number(argc, argv, "--idle-timeout", "60000"),
        .shutdown_grace_ms = number(argc, argv, "--grace", "5000"),
        .web_root = option(argc, argv, "--web", NULL),
        .trusted_proxies = option(argc, argv, "--trusted", NULL),
        .metrics_token = option(argc, argv, "--metrics-token", NULL),
    };
    enum sp_log_level level = SP_LOG_INFO;
    if (!sp_log_level_parse(option(argc, argv, "--log", "info"), &level))
        return 64;
    file_path = option(argc, argv, "--file", "/dev/null");
    sp_log_init("http_echo", level);
    serve(&config);
    return 0;
}
