/*
 * See up.h. Starts PostgreSQL, Redis, the server and the worker in this order, restarts what crashes, stops them in the
 * opposite order. The listening socket is made here and handed to the server, so that a restart loses no connection.
 */
#include "swissphoto/up.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/migrations.h"
#include "options/options.h"
#include "os/file.h"
#include "swissphoto/child.h"
#include "swissphoto/folders.h"
#include "swissphoto/services.h"
#include "swissphoto/stop.h"

enum { POSTGRES, REDIS, SERVER, WORKER, CHILD_COUNT };
enum { TICK_MS = 250, BACKLOG = 511, STOP_MARGIN_MS = 5000, WORKER_STOP_MS = 10000 };

struct up {
    struct folders folders;
    struct options options;
    struct child children[CHILD_COUNT]; /* path NULL: not ours (an external one) */
    int listen_fd;
    unsigned port;
    bool ready;
    const char *refused; /* the program that does not take its options, or NULL */
};

static struct sp_err *open_socket(struct sp_op *op, struct up *up)
{
    const char *port = sp_format(op, "%lld", (long long)up->options.port);
    SP_OWN(port);
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (getaddrinfo(up->options.address, port, &hints, &found) != 0)
        return sp_fail(op, SP_INVALID, "Option address must be an IP address, such as 127.0.0.1 or ::");
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                 bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    freeaddrinfo(found);
    if (!bound) {
        struct sp_err *err = sp_fail(op, SP_INVALID, "Cannot listen on %s port %s: %s. Choose another with --port.",
                                     up->options.address, port, strerror(errno));
        os_close(&fd);
        return err;
    }
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    char digits[NI_MAXSERV] = "0";
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, digits, sizeof(digits), NI_NUMERICSERV);
    up->listen_fd = fd;
    up->port = (unsigned)strtoul(digits, NULL, 10);
    return NULL;
}

static struct sp_err *migrate(struct sp_op *op, const struct up *up)
{
    struct db_conn *db;
    int applied = 0;
    SP_TRY(db_open(op, up->options.database_url, "swissphoto", &db));
    struct sp_err *err = db_migrate(op, db, db_migrations, db_migration_count, &applied);
    db_close(db);
    if (!err && applied > 0)
        sp_log(SP_LOG_INFO, NULL, "the database was migrated", NULL);
    return err;
}

static struct sp_err *start_services(struct sp_op *op, struct up *up)
{
    if (!*up->options.database_url) {
        struct child *postgres = &up->children[POSTGRES];
        SP_TRY(postgres_prepare(op, &up->folders, up->options.workers, postgres, &up->options.database_url));
        SP_TRY(child_start(op, postgres));
        SP_TRY(postgres_wait(op, &up->folders, postgres, up->options.database_url));
    }
    if (!*up->options.redis_url) {
        SP_TRY(redis_prepare(op, &up->folders, &up->children[REDIS], &up->options.redis_url));
        SP_TRY(child_start(op, &up->children[REDIS]));
    }
    return migrate(op, up);
}

/* A sibling of this program, with every option in its environment. */
static struct sp_err *start_sibling(struct sp_op *op, struct up *up, int which, const char *name)
{
    char **argv, **variables, **settings;
    size_t count;
    SP_NEW_ARRAY(op, argv, 2);
    SP_TRY(options_environment(op, &up->options, &settings, &count));
    SP_NEW_ARRAY(op, variables, count + 1);
    memcpy(variables, settings, count * sizeof(*settings));
    argv[0] = sp_strdup(op, name);
    SP_OWN(argv[0]);
    const char *path = sp_format(op, "%s/%s", up->folders.programs, name);
    SP_OWN(path);
    if (access(path, X_OK) != 0)
        return sp_fail(op, SP_INVALID, "%s cannot be run by this user: %s. Put SwissPhoto where everyone may read it.",
                       path, strerror(errno));
    up->children[which] = (struct child){
        .name = name,
        .path = path,
        .argv = argv,
        .variables = variables,
        .listen_fd = which == SERVER ? up->listen_fd : -1,
        .lock_fd = which == SERVER ? up->folders.programs_fd : -1,
        .stop_signal = SIGTERM,
        .stop_timeout_ms = which == SERVER ? up->options.shutdown_grace_ms + STOP_MARGIN_MS : WORKER_STOP_MS};
    return child_start(op, &up->children[which]);
}

/* Whether the server answers /api/server/ping. */
static bool answers(const struct up *up)
{
    static const char request[] = "GET /api/server/ping HTTP/1.0\r\nHost: localhost\r\n\r\n";
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    SP_CLEANUP(os_close) int fd = -1;
    if (getsockname(up->listen_fd, (struct sockaddr *)&address, &size) != 0)
        return false;
    fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval second = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
    char reply[16] = "";
    return connect(fd, (struct sockaddr *)&address, size) == 0 &&
           send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1 &&
           recv(fd, reply, 12, MSG_WAITALL) == 12 && memcmp(reply + 9, "200", 3) == 0;
}

static void announce(struct up *up)
{
    const char *host = up->options.address;
    if (strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    printf(strchr(host, ':') ? "SwissPhoto is ready: http://[%s]:%u\n" : "SwissPhoto is ready: http://%s:%u\n", host,
           up->port);
    fflush(stdout);
    up->ready = true;
}

/* What cannot work with these options is not tried again and again. */
static void ended(struct up *up, int which, int status)
{
    struct child *child = &up->children[which];
    bool refused = WIFEXITED(status) && WEXITSTATUS(status) == sp_code_info(SP_INVALID)->exit_code;
    if ((which == SERVER || which == WORKER) && child->starts == 1 && refused)
        up->refused = child->name;
    child_ended(child, status);
}

static void reap(struct up *up)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < CHILD_COUNT; i++)
            if (up->children[i].pid == pid)
                ended(up, i, status);
}

static void restart_due(struct sp_op *op, struct up *up)
{
    for (int i = 0; i < CHILD_COUNT; i++) {
        struct child *child = &up->children[i];
        if (!child->path || child->pid != 0 || child->restart_at_ms > sp_clock_mono_ms())
            continue;
        struct sp_err *err = child_start(op, child);
        if (err) {
            sp_log_err(SP_LOG_ERROR, NULL, err, "a program cannot be started again");
            child->restart_at_ms = sp_clock_mono_ms() + 1000;
        }
    }
}

/* One turn: a signal, or a tick. True: stop. */
static bool tick(struct sp_op *op, struct up *up, const sigset_t *signals)
{
    const struct timespec wait = {0, TICK_MS * 1000000L};
    int number = sigtimedwait(signals, NULL, &wait);
    if (stop_is_asked_by(number))
        return true;
    reap(up);
    if (up->refused)
        return true;
    restart_due(op, up);
    if (!up->ready && answers(up))
        announce(up);
    return false;
}

static void stop_all(struct up *up)
{
    static const int order[] = {SERVER, WORKER, REDIS, POSTGRES};
    child_ask_to_stop(&up->children[SERVER]);
    child_ask_to_stop(&up->children[WORKER]);
    for (size_t i = 0; i < SP_COUNT(order); i++)
        child_stop(&up->children[order[i]]);
}

static struct sp_err *start_all(struct sp_op *op, struct up *up)
{
    SP_TRY(start_services(op, up));
    SP_TRY(start_sibling(op, up, SERVER, "swissphotod"));
    return start_sibling(op, up, WORKER, "swissphoto-worker");
}

struct sp_err *up_run(struct sp_op *op, const struct options *options)
{
    struct up *up;
    SP_NEW(op, up);
    up->options = *options;
    up->listen_fd = -1;
    sigset_t signals;
    stop_block(&signals);
    SP_TRY(folders_claim(op, options->data, &up->folders));
    SP_TRY(open_socket(op, up)); /* while root may still have a low port */
    SP_TRY(folders_enter(op, &up->folders));
    up->options.data = up->folders.data;
    up->options.config = ""; /* it was read, maybe as a user that the programs are not */
    struct sp_err *err = start_all(op, up);
    if (err && stop_is_pending())
        err = NULL; /* that is why */
    struct sp_op *turn = sp_op_create(SP_OP_BUDGET_DEFAULT);
    while (!err && turn && !tick(turn, up, &signals))
        sp_op_reset(turn);
    sp_op_destroy(turn);
    sp_log(SP_LOG_INFO, NULL, "stopping everything", NULL);
    stop_all(up);
    os_close(&up->listen_fd);
    if (!err && up->refused)
        err = sp_fail(op, SP_INVALID, "%s cannot run with these options; its words are above", up->refused);
    return err;
}
