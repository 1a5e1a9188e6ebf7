/*
 * swissphotod: the HTTP API and the web files. Reads its options, opens what the handlers share, serves until SIGTERM
 * or SIGINT, then lets requests in flight finish.
 */
#include <pthread.h>
#include <signal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/app.h"
#include "api/dispatch.h"
#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "domain/secret.h"
#include "gen/db/instance.h"
#include "http/server.h"
#include "options/options.h"
#include "store/store.h"

enum { HEADER_TIMEOUT_MS = 15000, BODY_MIN_BYTES_PER_SECOND = 1024, IDLE_TIMEOUT_MS = 75000, LISTEN_FDS_START = 3 };

static const char *or_below(struct sp_op *op, const char *set, const char *data, const char *name)
{
    return *set ? set : sp_format(op, "%s/%s", data, name);
}

/* As the worker's, so that instances that share a Redis do not meet in it. */
static struct sp_err *name_keys(struct sp_op *op, const struct sp_uuid *instance_id, struct api_app *app)
{
    char id[SP_UUID_TEXT_BYTES];
    sp_uuid_format(instance_id, id);
    app->redis_prefix = sp_format(op, "swissphoto:%s:", id);
    SP_OWN(app->redis_prefix);
    return NULL;
}

/* With the instance's id, which the roots' markers must name. */
static struct sp_err *open_store(struct sp_op *op, const struct options *options, struct api_app *app)
{
    struct db_conn *db;
    SP_TRY(db_open(op, options->database_url, "swissphotod", &db));
    struct q_instance_get_row *instance;
    struct sp_err *err = q_instance_get(op, db, &instance);
    db_close(db);
    if (err)
        return err;
    const struct store_config config = {
        .originals = or_below(op, options->originals, options->data, "originals"),
        .derivatives = or_below(op, options->derivatives, options->data, "derivatives"),
        .instance_id = instance->id,
        .is_new = instance->is_new,
    };
    SP_OWN(config.originals);
    SP_OWN(config.derivatives);
    SP_TRY(name_keys(op, &instance->id, app));
    return store_create(op, &config, &app->store);
}

/* web/dist of the source tree that this program was built in, as long as nothing else is said; NULL: no web app. */
static const char *web_root(struct sp_op *op, const struct options *options)
{
    if (*options->web_root)
        return options->web_root;
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length <= 0)
        return NULL;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    const char *path = slash ? sp_format(op, "%.*s/../../web/dist", (int)(slash - self), self) : NULL;
    struct stat info;
    return path && stat(path, &info) == 0 ? path : NULL;
}

/* systemd's socket activation (sd_listen_fds): one inherited socket, or -1. */
static int inherited_socket(void)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    if (!pid || !count || strtol(pid, NULL, 10) != getpid() || strtol(count, NULL, 10) < 1)
        return -1;
    return LISTEN_FDS_START;
}

static struct http_server_config server_config(struct sp_op *op, const struct options *options)
{
    return (struct http_server_config){
        .address = options->address,
        .port = (uint16_t)options->port,
        .listen_fd = inherited_socket(),
        .event_threads = (unsigned)options->event_threads,
        .workers = (unsigned)options->workers,
        .io_threads = (unsigned)options->io_threads,
        .queue_max = (unsigned)options->queue_max,
        .connections_max = (unsigned)options->connections_max,
        .connections_per_address_max = (unsigned)options->connections_per_address_max,
        .header_timeout_ms = HEADER_TIMEOUT_MS,
        .body_min_bytes_per_second = BODY_MIN_BYTES_PER_SECOND,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
        .shutdown_grace_ms = options->shutdown_grace_ms,
        .web_root = web_root(op, options),
        .trusted_proxies = *options->trusted_proxies ? options->trusted_proxies : NULL,
        .metrics_token = *options->metrics_token ? options->metrics_token : NULL,
    };
}

static void wait_for_stop(const sigset_t *signals)
{
    int number;
    while (sigwait(signals, &number) != 0)
        continue;
    sp_log(SP_LOG_INFO, NULL, "stopping", "signal", strsignal(number), NULL);
}

static struct sp_err *serve(struct sp_op *op, const struct options *options, const sigset_t *signals)
{
    struct api_app app = {
        .database_url = options->database_url,
        .redis_url = options->redis_url,
        .public_url = options->public_url,
        .instance_zone = options->instance_time_zone,
        .upload_max_bytes = options->upload_max_bytes,
    };
    SP_TRY(secret_init(op));
    SP_TRY(open_store(op, options, &app));
    const struct http_server_config config = server_config(op, options);
    const struct http_app http = api_http_app(&app);
    struct http_server *server;
    struct sp_err *err = http_server_create(op, &config, &http, &server);
    if (!err) {
        const char *port = sp_format(op, "%u", http_server_port(server));
        sp_log(SP_LOG_INFO, NULL, "listening", "address", config.address, "port", port, NULL);
        wait_for_stop(signals);
        http_server_destroy(server);
    }
    store_destroy(app.store);
    return err;
}

static struct sp_err *run(struct sp_op *op, int argc, char **argv)
{
    struct options options;
    enum sp_log_level level;
    SP_TRY(options_read(op, argc, argv, &options));
    if (!sp_log_level_parse(options.log_level, &level))
        return sp_fail(op, SP_INVALID, "Option log-level must be debug, info, warn or error");
    sp_log_init("swissphotod", level);
    /* blocked here, so that every thread inherits it and wait_for_stop alone takes them */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    return serve(op, &options, &signals);
}

static int help(struct sp_op *op)
{
    const char *text;
    if (options_help(op, OPTION_SERVER, &text))
        return 1;
    printf("swissphotod: the HTTP API and the web files of SwissPhoto. Options:\n%s", text);
    return 0;
}

int main(int argc, char **argv)
{
    umask(077);
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!op)
        return 71;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return help(op);
    struct sp_err *err = run(op, argc - 1, argv + 1);
    if (err)
        sp_log_err(SP_LOG_ERROR, NULL, err, "cannot run");
    int code = err ? sp_code_info(err->code)->exit_code : 0;
    sp_op_destroy(op);
    return code;
}
