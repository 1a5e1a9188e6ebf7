/* See services.h. */
#include "swissphoto/services.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "os/file.h"
#include "swissphoto/stop.h"

#define POSTGRES_ROOT "/usr/lib/postgresql"
enum { POLL_MS = 50, VERSION_MAX_BYTES = 16, ARGS_MAX = 64, LOCK_FILE_MAX_BYTES = 32 };
enum { OTHER_CONNECTIONS = 52 }; /* the worker's, the supervisor's, those of people */

/* Small, and never at the cost of durability: fsync, synchronous_commit and full_page_writes stay at their default, on.
 */
static const char *const settings[] = {
    "listen_addresses=",
    "shared_buffers=64MB",
    "huge_pages=off",
    "jit=off",
    "max_worker_processes=4",
    "max_parallel_workers=2",
    "autovacuum_max_workers=2",
    "timezone=UTC",
    "log_timezone=UTC",
    "max_wal_senders=0",
    "wal_level=minimal",
    "unix_socket_permissions=0700",
    "log_min_messages=warning",
    "wal_compression=on",
    "work_mem=16MB",
};

/*
 * Debian's -tools packages have the server under the name of its check program, which is the same file and goes by the
 * name it is called with; unlike the -server packages they bring no system service that listens on TCP.
 */
static const struct redis_program {
    const char *path, *name;
} redis_programs[] = {
    {"/usr/bin/valkey-server", "valkey-server"},       {"/usr/bin/redis-server", "redis-server"},
    {"/usr/local/bin/valkey-server", "valkey-server"}, {"/usr/local/bin/redis-server", "redis-server"},
    {"/usr/bin/valkey-check-rdb", "valkey-server"},    {"/usr/bin/redis-check-rdb", "redis-server"},
};

static bool is_usable(int major)
{
    char server[64], extension[96];
    snprintf(server, sizeof(server), POSTGRES_ROOT "/%d/bin/initdb", major);
    snprintf(extension, sizeof(extension), "/usr/share/postgresql/%d/extension/vector.control", major);
    return access(server, X_OK) == 0 && access(extension, R_OK) == 0;
}

/* The newest that has pgvector, too. */
static struct sp_err *newest_postgres(struct sp_op *op, int *ret_major)
{
    DIR *folder = opendir(POSTGRES_ROOT);
    int newest = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        int major = (int)strtol(entry->d_name, NULL, 10);
        if (major > newest && is_usable(major))
            newest = major;
    }
    if (folder)
        closedir(folder);
    if (newest == 0)
        return sp_fail(op, SP_INVALID,
                       "No PostgreSQL server with pgvector is installed. Install Debian's packages postgresql and "
                       "postgresql-…-pgvector, or set --database-url.");
    *ret_major = newest;
    return NULL;
}

/* The cluster's major version; 0: there is none yet. */
static struct sp_err *cluster_major(struct sp_op *op, const char *cluster, int *ret_major)
{
    const char *path = sp_format(op, "%s/PG_VERSION", cluster);
    SP_OWN(path);
    *ret_major = 0;
    SP_CLEANUP(os_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? NULL : sp_fail_errno(op, "open %s", path);
    char text[VERSION_MAX_BYTES] = "";
    size_t size;
    SP_TRY(os_read_full(op, fd, text, sizeof(text) - 1, &size));
    *ret_major = (int)strtol(text, NULL, 10);
    return *ret_major > 0 ? NULL : sp_fail(op, SP_INVALID, "%s does not name a version", path);
}

static void pause_a_moment(void)
{
    const struct timespec wait = {0, POLL_MS * 1000000L};
    nanosleep(&wait, NULL);
}

static struct sp_err *run_to_end(struct sp_op *op, char *const *argv)
{
    struct child child = {.name = argv[0],
                          .path = argv[0],
                          .argv = argv,
                          .folder = "/",
                          .listen_fd = -1,
                          .lock_fd = -1,
                          .stop_signal = SIGTERM,
                          .stop_timeout_ms = 5000};
    SP_TRY(child_start(op, &child));
    int status;
    for (pid_t ended; (ended = waitpid(child.pid, &status, WNOHANG)) != child.pid;) {
        if (ended < 0 && errno != EINTR)
            return sp_fail_errno(op, "waitpid %s", argv[0]);
        if (stop_is_pending()) {
            child_stop(&child);
            return sp_fail(op, SP_UNAVAILABLE, "Stopped while %s ran", argv[0]);
        }
        pause_a_moment();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return sp_fail(op, SP_INVALID, "%s failed; its words are above", argv[0]);
    return NULL;
}

/* Made beside its place and moved there when it is whole: a start that is interrupted leaves no half cluster. */
static struct sp_err *make_cluster(struct sp_op *op, const char *cluster, int major)
{
    char *program = sp_format(op, POSTGRES_ROOT "/%d/bin/initdb", major);
    char *fresh = sp_format(op, "%s.new", cluster);
    char *remove[] = {sp_strdup(op, "/bin/rm"), sp_strdup(op, "-rf"), fresh, NULL};
    char *flag_data = sp_format(op, "--pgdata=%s", fresh);
    char *flags[] = {sp_strdup(op, "--username=swissphoto"), sp_strdup(op, "--auth=trust"),
                     sp_strdup(op, "--encoding=UTF8"),       sp_strdup(op, "--locale=C.UTF-8"),
                     sp_strdup(op, "--data-checksums"),      sp_strdup(op, "--no-instructions")};
    char *argv[ARGS_MAX] = {program, flag_data};
    SP_OWN(program);
    SP_OWN(fresh);
    SP_OWN(flag_data);
    for (size_t i = 0; i < SP_COUNT(flags); i++) {
        SP_OWN(flags[i]);
        argv[2 + i] = flags[i];
    }
    SP_OWN(remove[0]);
    SP_OWN(remove[1]);
    SP_TRY(run_to_end(op, remove));
    sp_log(SP_LOG_INFO, NULL, "making the database cluster", NULL);
    SP_TRY(run_to_end(op, argv));
    return rename(fresh, cluster) == 0 ? NULL : sp_fail_errno(op, "rename %s", fresh);
}

static struct sp_err *postgres_args(struct sp_op *op, const struct folders *folders, const char *cluster,
                                    const char *program, int64_t connections, char ***ret_argv)
{
    char **argv;
    size_t count = 0;
    const char *most = sp_format(op, "max_connections=%lld", (long long)connections);
    SP_OWN(most);
    SP_NEW_ARRAY(op, argv, ARGS_MAX);
    const char *head[] = {program, "-D", cluster, "-k", folders->run, "-c", most};
    for (size_t i = 0; i < SP_COUNT(head); i++) {
        argv[count] = sp_strdup(op, head[i]);
        SP_OWN(argv[count++]);
    }
    for (size_t i = 0; i < SP_COUNT(settings); i++) {
        argv[count] = sp_strdup(op, "-c");
        SP_OWN(argv[count++]);
        argv[count] = sp_strdup(op, settings[i]);
        SP_OWN(argv[count++]);
    }
    *ret_argv = argv;
    return NULL;
}

static bool runs(pid_t pid, const char *program)
{
    char path[64], name[LOCK_FILE_MAX_BYTES] = "";
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    SP_CLEANUP(os_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd >= 0 ? read(fd, name, sizeof(name) - 1) : -1;
    return size > 0 && strncmp(name, program, strlen(program)) == 0;
}

/*
 * PostgreSQL refuses to start while the process that its lock file names lives, even if that number was given to
 * another program since (after a reboot). A postgres is left to it, as somebody may have started one by hand.
 */
static void remove_stale_lock(const char *path)
{
    char text[LOCK_FILE_MAX_BYTES] = "";
    SP_CLEANUP(os_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
        return;
    pid_t pid = (pid_t)strtol(text, NULL, 10);
    if (pid > 0 && kill(pid, 0) == 0 && !runs(pid, "postgres"))
        unlink(path);
}

static struct sp_err *remove_stale_locks(struct sp_op *op, const struct folders *folders, const char *cluster)
{
    const char *paths[] = {sp_format(op, "%s/postmaster.pid", cluster),
                           sp_format(op, "%s/.s.PGSQL.5432.lock", folders->run)};
    for (size_t i = 0; i < SP_COUNT(paths); i++) {
        SP_OWN(paths[i]);
        remove_stale_lock(paths[i]);
    }
    return NULL;
}

struct sp_err *postgres_prepare(struct sp_op *op, const struct folders *folders, int64_t workers, struct child *child,
                                const char **ret_url)
{
    int installed, major;
    const char *cluster = sp_format(op, "%s/pg", folders->data);
    SP_OWN(cluster);
    SP_TRY(newest_postgres(op, &installed));
    SP_TRY(cluster_major(op, cluster, &major));
    if (major == 0) {
        if (rmdir(cluster) != 0 && errno != ENOENT)
            return sp_fail(op, SP_INVALID, "%s holds something that is no database cluster (%s). Move it away.",
                           cluster, strerror(errno));
        major = installed;
        SP_TRY(make_cluster(op, cluster, major));
    }
    const char *program = sp_format(op, POSTGRES_ROOT "/%d/bin/postgres", major);
    SP_OWN(program);
    if (access(program, X_OK) != 0)
        return sp_fail(
            op, SP_INVALID,
            "The database in %s is of PostgreSQL %d, which is not installed (%d is). Install postgresql-%d, or "
            "dump it there with pg_dump, move the folder away, start, and pg_restore the dump.",
            cluster, major, installed, major);
    char **argv;
    SP_TRY(remove_stale_locks(op, folders, cluster));
    SP_TRY(postgres_args(op, folders, cluster, program, workers + OTHER_CONNECTIONS, &argv));
    *child = (struct child){.name = "postgresql",
                            .path = program,
                            .argv = argv,
                            .folder = folders->data,
                            .listen_fd = -1,
                            .lock_fd = folders->programs_fd,
                            .stop_signal = SIGINT,
                            .stop_timeout_ms = 30000};
    *ret_url = sp_format(op, "host=%s user=swissphoto dbname=swissphoto", folders->run);
    SP_OWN(*ret_url);
    return NULL;
}

/* Until it answers; recovery after a crash may take long, so only its end is a failure. */
static struct sp_err *wait_for_answer(struct sp_op *op, struct child *child, struct db_conn *db)
{
    for (;;) {
        struct sp_err *err = db_ping(op, db);
        if (!err)
            return NULL;
        if (waitpid(child->pid, NULL, WNOHANG) == child->pid) {
            child->pid = 0;
            return sp_wrap(op, err, "PostgreSQL ended while it started; its words are above");
        }
        if (stop_is_pending())
            return sp_wrap(op, err, "Stopped while PostgreSQL started");
        pause_a_moment();
    }
}

struct sp_err *postgres_wait(struct sp_op *op, const struct folders *folders, struct child *child, const char *url)
{
    (void)url;
    const char *admin = sp_format(op, "host=%s user=swissphoto dbname=postgres", folders->run);
    SP_OWN(admin);
    struct db_conn *db;
    SP_TRY(db_open(op, admin, "swissphoto", &db));
    struct sp_err *err = wait_for_answer(op, child, db);
    if (!err)
        err = db_create_database(op, db, "swissphoto");
    db_close(db);
    return err;
}

struct sp_err *redis_prepare(struct sp_op *op, const struct folders *folders, struct child *child, const char **ret_url)
{
    const struct redis_program *program = NULL;
    for (size_t i = 0; !program && i < SP_COUNT(redis_programs); i++)
        if (access(redis_programs[i].path, X_OK) == 0)
            program = &redis_programs[i];
    if (!program)
        return sp_fail(op, SP_INVALID,
                       "Neither Valkey nor Redis is installed. Install Debian's package, or set --redis-url.");
    const char *folder = sp_format(op, "%s/redis", folders->data);
    const char *socket = sp_format(op, "%s/redis.sock", folders->run);
    SP_OWN(folder);
    SP_OWN(socket);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return sp_fail_errno(op, "mkdir %s", folder);
    /* nothing in it is the truth: no snapshots, no log; full is an error, not a silent eviction */
    const char *text[] = {
        program->name, "--port",      "0",      "--unixsocket",       socket,       "--unixsocketperm",
        "700",         "--save",      "",       "--appendonly",       "no",         "--dir",
        folder,        "--maxmemory", "64mb",   "--maxmemory-policy", "noeviction", "--daemonize",
        "no",          "--loglevel",  "warning"};
    char **argv;
    SP_NEW_ARRAY(op, argv, SP_COUNT(text) + 1);
    for (size_t i = 0; i < SP_COUNT(text); i++) {
        argv[i] = sp_strdup(op, text[i]);
        SP_OWN(argv[i]);
    }
    *child = (struct child){.name = "redis",
                            .path = program->path,
                            .argv = argv,
                            .folder = folders->data,
                            .listen_fd = -1,
                            .lock_fd = folders->programs_fd,
                            .stop_signal = SIGTERM,
                            .stop_timeout_ms = 5000};
    *ret_url = sp_format(op, "unix://%s", socket);
    SP_OWN(*ret_url);
    return NULL;
}
