/*
 * swissphoto-worker: runs the jobs. One thread carries rows to Redis (relay), and each queue has as many consumer
 * threads as api/jobs.yaml says. What is away is waited for. SIGTERM lets the jobs that run finish for a few seconds;
 * what is left is given back and runs again later.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/op.h"
#include "base/uuid.h"
#include "db/db.h"
#include "domain/job.h"
#include "gen/db/instance.h"
#include "gen/db/job.h"
#include "gen/db/job_asset.h"
#include "gen/job/handlers.h"
#include "gen/job/handlers.inc"
#include "gen/job/kinds.h"
#include "media/decoder.h"
#include "options/options.h"
#include "queue/backoff.h"
#include "queue/consumer.h"
#include "queue/queue.h"
#include "queue/relay.h"
#include "store/store.h"

enum { THREADS_MAX = RUNNING_MAX, THREAD_STACK_BYTES = 512 * 1024, STOP_GRACE_S = 5, GIVE_BACK_MS = 2000 };
enum { WAIT_MS = 500, WAIT_MAX_MS = 10000, ARENAS_MAX = 2 };

struct worker {
    struct options options;
    struct job_services services;
    struct queue queue;
    sigset_t signals;
    pthread_t threads[THREADS_MAX];
    struct consumer_config consumers[THREADS_MAX];
    unsigned thread_count;
    atomic_bool failed; /* a thread ended of its own accord */
};

static struct worker worker;

static struct sp_err *run_job(struct sp_op *op, struct db_conn *db, enum job_kind kind, struct sp_opt_uuid subject,
                              const struct sp_err *gave_up, void *context)
{
    struct job_context ctx = {.op = op, .db = db, .subject = subject, .gave_up = gave_up, .services = context};
    return job_handlers[kind](&ctx);
}

/* A disk that is full or not mounted is no job's fault. */
static bool is_blameless(struct sp_op *op, const struct sp_err *err, void *context)
{
    const struct job_services *services = context;
    if (err->code != SP_UNAVAILABLE)
        return err->code == SP_NO_SPACE;
    return store_check(op, services->store, STORE_ORIGINALS) || store_check(op, services->store, STORE_DERIVATIVES);
}

/* A worker that lost one of its threads only looks alive: it ends, and the supervisor starts another one. */
static void *thread_ended(struct sp_op *op, struct sp_err *err)
{
    if (err) {
        sp_log_err(SP_LOG_ERROR, op, err, "a thread cannot go on");
        atomic_store(&worker.failed, true);
        kill(getpid(), SIGTERM);
    }
    sp_op_destroy(op);
    return NULL;
}

static void *consume(void *argument)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return thread_ended(op, op ? consumer_run(op, argument) : sp_err_no_memory());
}

static void *relay(void *argument)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return thread_ended(op, op ? relay_run(op, argument) : sp_err_no_memory());
}

static struct sp_err *start_thread(struct sp_op *op, void *(*body)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    int failed = pthread_create(&worker.threads[worker.thread_count], &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    if (failed)
        return sp_fail_internal(op, "pthread_create: %s", strerror(failed));
    worker.thread_count++;
    return NULL;
}

static struct sp_err *start_threads(struct sp_op *op)
{
    SP_TRY(start_thread(op, relay, &worker.queue));
    for (size_t takes = 0; takes < JOB_QUEUE_COUNT; takes++) {
        for (unsigned i = 0; i < job_queues[takes].concurrency && worker.thread_count < THREADS_MAX; i++) {
            unsigned slot = worker.thread_count;
            worker.consumers[slot] = (struct consumer_config){
                .queue = &worker.queue,
                .takes = (enum job_queue)takes,
                .slot = slot,
                .run = run_job,
                .is_blameless = is_blameless,
                .context = &worker.services,
            };
            SP_TRY(start_thread(op, consume, &worker.consumers[slot]));
        }
    }
    return NULL;
}

static struct sp_err *give_back(struct sp_op *op)
{
    struct db_conn *db;
    int64_t count;
    SP_TRY(db_open(op, worker.options.database_url, "swissphoto-worker", &db));
    op->deadline_ms = sp_clock_mono_ms() + GIVE_BACK_MS;
    struct sp_err *err = q_jobs_give_back(op, db, worker.queue.worker, &count);
    db_close(db);
    return err;
}

/* Joined one by one within the grace. Threads that still run then hold what would be destroyed: the process just ends.
 */
static void stop_threads(struct sp_op *op)
{
    struct timespec until;
    queue_stop_raise(&worker.queue.stop);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_GRACE_S;
    for (unsigned i = 0; i < worker.thread_count; i++) {
        if (pthread_clockjoin_np(worker.threads[i], NULL, CLOCK_MONOTONIC, &until) == 0)
            continue;
        struct sp_err *err = give_back(op);
        if (err)
            sp_log_err(SP_LOG_WARN, op, err, "a job that did not end in time runs again when its lease is over");
        else
            sp_log(SP_LOG_WARN, NULL, "a job did not end in time; it runs again", NULL);
        _exit(atomic_load(&worker.failed));
    }
}

static const char *or_below(struct sp_op *op, const char *set, const char *data, const char *name)
{
    return *set ? set : sp_format(op, "%s/%s", data, name);
}

static void warn_of_missing_roots(struct sp_op *op)
{
    for (int root = 0; root < STORE_ROOT_COUNT; root++) {
        struct sp_err *err = store_check(op, worker.services.store, (enum store_root)root);
        if (err)
            sp_log_err(SP_LOG_WARN, op, err, "jobs wait until this folder is back");
    }
}

static struct sp_err *open_store(struct sp_op *op, const struct q_instance_get_row *instance)
{
    const struct options *options = &worker.options;
    const struct store_config config = {
        .originals = or_below(op, options->originals, options->data, "originals"),
        .derivatives = or_below(op, options->derivatives, options->data, "derivatives"),
        .instance_id = instance->id,
        .is_new = instance->is_new,
    };
    SP_OWN(config.originals);
    SP_OWN(config.derivatives);
    SP_TRY(store_create(op, &config, &worker.services.store));
    warn_of_missing_roots(op);
    return NULL;
}

static struct sp_err *open_decoder(struct sp_op *op)
{
    char self[4096];
    const char *program = worker.options.decoder;
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (!*program && length > 0) {
        self[length] = '\0';
        char *slash = strrchr(self, '/');
        program = sp_format(op, "%.*s/swissphoto-decode", slash ? (int)(slash - self) : 0, self);
        SP_OWN(program);
    }
    if (access(program, X_OK) != 0)
        return sp_fail(op, SP_INVALID, "The decoder %s cannot be run. Set --decoder.", program);
    const struct media_decoder_config config = {.program = program,
                                                .unsafe_no_sandbox = worker.options.decoder_unsafe_no_sandbox};
    SP_TRY(media_decoder_create(op, &config, &worker.services.decoder));
    return media_decoder_probe(op, worker.services.decoder);
}

/* SIGTERM or SIGINT within wait_ms (negative: for ever); 0: none came. */
static int wait_for_signal(int64_t wait_ms)
{
    const struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    int number;
    do
        number = wait_ms < 0 ? sigwaitinfo(&worker.signals, NULL) : sigtimedwait(&worker.signals, NULL, &wait);
    while (number < 0 && wait_ms < 0);
    return number < 0 ? 0 : number;
}

/* Waits for the database, says so once. ret_instance is NULL when a signal came first. */
static struct sp_err *meet_database(struct sp_op *op, struct db_conn *db, struct q_instance_get_row **ret_instance)
{
    for (unsigned tries = 1;; tries++) {
        struct sp_err *err = q_instance_get(op, db, ret_instance);
        if (!err || err->code != SP_UNAVAILABLE)
            return err;
        *ret_instance = NULL;
        if (tries == 1)
            sp_log_err(SP_LOG_WARN, NULL, err, "waiting for the database");
        if (wait_for_signal(backoff_ms(WAIT_MS, WAIT_MAX_MS, tries)))
            return NULL;
    }
}

static struct sp_err *check_zone(struct sp_op *op, struct db_conn *db)
{
    struct q_job_zone_check_row *row;
    const char *zone = worker.options.instance_time_zone;
    struct sp_err *err = q_job_zone_check(op, db, zone, &row);
    if (err && err->code == SP_INTERNAL)
        return sp_wrap_as(op, err, SP_INVALID, "Option instance-time-zone: the database knows no time zone %s", zone);
    worker.services.instance_zone = zone;
    return err;
}

/* Unique among all workers, ever: a container's pid and host are the same after each start. */
static struct sp_err *name_worker(struct sp_op *op, const struct sp_uuid *instance_id)
{
    char host[32] = "", id[SP_UUID_TEXT_BYTES], chance[SP_UUID_TEXT_BYTES];
    const struct sp_uuid uuid = sp_uuid_v4();
    gethostname(host, sizeof(host) - 1);
    sp_uuid_format(&uuid, chance);
    sp_uuid_format(instance_id, id);
    worker.queue.worker = sp_format(op, "%s-%d-%.8s", host, (int)getpid(), chance);
    worker.queue.redis_prefix = sp_format(op, "swissphoto:%s:", id);
    SP_OWN(worker.queue.worker);
    SP_OWN(worker.queue.redis_prefix);
    return NULL;
}

/* False in ret_ready: a signal came before the database did. */
static struct sp_err *prepare(struct sp_op *op, bool *ret_ready)
{
    struct db_conn *db;
    struct q_instance_get_row *instance = NULL;
    SP_TRY(db_open(op, worker.options.database_url, "swissphoto-worker", &db));
    struct sp_err *err = meet_database(op, db, &instance);
    if (!err && instance)
        err = check_zone(op, db);
    db_close(db);
    *ret_ready = instance != NULL;
    if (err || !instance)
        return err;
    SP_TRY(name_worker(op, &instance->id));
    SP_TRY(open_store(op, instance));
    return open_decoder(op);
}

static struct sp_err *work(struct sp_op *op)
{
    worker.queue.database_url = worker.options.database_url;
    worker.queue.redis_url = worker.options.redis_url;
    running_init(&worker.queue.running);
    SP_TRY(queue_stop_init(op, &worker.queue.stop));
    struct sp_err *err = start_threads(op);
    if (!err) {
        sp_log(SP_LOG_INFO, NULL, "working", "worker", worker.queue.worker, NULL);
        sp_log(SP_LOG_INFO, NULL, "stopping", "signal", strsignal(wait_for_signal(-1)), NULL);
    }
    stop_threads(op);
    queue_stop_finish(&worker.queue.stop);
    if (!err && atomic_load(&worker.failed))
        err = sp_fail(op, SP_INTERNAL, "A thread ended of its own accord");
    return err;
}

static struct sp_err *run(struct sp_op *op, int argc, char **argv)
{
    enum sp_log_level level;
    bool ready;
    SP_TRY(options_read(op, argc, argv, &worker.options));
    if (!sp_log_level_parse(worker.options.log_level, &level))
        return sp_fail(op, SP_INVALID, "Option log-level must be debug, info, warn or error");
    sp_log_init("swissphoto-worker", level);
    /* blocked here, so that every thread inherits it and wait_for_signal alone takes them */
    sigemptyset(&worker.signals);
    sigaddset(&worker.signals, SIGTERM);
    sigaddset(&worker.signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &worker.signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct sp_err *err = prepare(op, &ready);
    if (!err && ready)
        err = work(op);
    media_decoder_destroy(worker.services.decoder);
    store_destroy(worker.services.store);
    return err;
}

int main(int argc, char **argv)
{
    umask(077);
    mallopt(M_ARENA_MAX, ARENAS_MAX); /* one for each of the few threads would cost more than they contend */
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!op)
        return 71;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        const char *text;
        if (options_help(op, OPTION_WORKER, &text))
            return 1;
        printf("swissphoto-worker: runs the jobs of SwissPhoto. Options:\n%s", text);
        return 0;
    }
    struct sp_err *err = run(op, argc - 1, argv + 1);
    if (err)
        sp_log_err(SP_LOG_ERROR, NULL, err, "cannot run");
    int code = err ? sp_code_info(err->code)->exit_code : 0;
    sp_op_destroy(op);
    return code;
}
