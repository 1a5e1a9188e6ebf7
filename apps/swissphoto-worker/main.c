/*
 * swissphoto-worker: runs the jobs. One thread carries rows to Redis (relay), and each queue has as many consumer
 * threads as api/jobs.yaml says. SIGTERM lets the jobs that run finish for a few seconds; what is left runs elsewhere
 * when its lease has expired.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "domain/job.h"
#include "gen/db/instance.h"
#include "gen/job/handlers.h"
#include "gen/job/kinds.h"
#include "gen/job/handlers.inc"
#include "media/decoder.h"
#include "options/options.h"
#include "queue/consumer.h"
#include "queue/relay.h"
#include "store/store.h"

enum { THREADS_MAX = 64, THREAD_STACK_BYTES = 512 * 1024, STOP_GRACE_SECONDS = 5, NAME_MAX_BYTES = 64 };

struct worker {
    struct options options;
    struct job_services services;
    atomic_bool stop;
    pthread_t threads[THREADS_MAX];
    struct consumer_config consumers[THREADS_MAX];
    char names[THREADS_MAX][NAME_MAX_BYTES];
    unsigned thread_count;
};

static struct worker worker;

static struct sp_err *run_job(struct sp_op *op, struct db_conn *db, enum job_kind kind, struct sp_opt_uuid subject,
                              void *context)
{
    struct job_context ctx = {.op = op, .db = db, .subject = subject, .services = context};
    return job_handlers[kind](&ctx);
}

static void *consume(void *argument)
{
    const struct consumer_config *config = argument;
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct sp_err *err = op ? consumer_run(op, config) : sp_err_no_memory();
    if (err)
        sp_log_err(SP_LOG_ERROR, op, err, "a consumer ended");
    sp_op_destroy(op);
    return NULL;
}

static void *relay(void *argument)
{
    (void)argument;
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    const struct relay_config config = {worker.options.database_url, worker.options.redis_url, &worker.stop};
    struct sp_err *err = op ? relay_run(op, &config) : sp_err_no_memory();
    if (err)
        sp_log_err(SP_LOG_ERROR, op, err, "the relay ended");
    sp_op_destroy(op);
    return NULL;
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

/* Unique among all workers: host, process and thread. */
static void name_consumer(unsigned index)
{
    char host[32] = "";
    gethostname(host, sizeof(host) - 1);
    snprintf(worker.names[index], NAME_MAX_BYTES, "%.31s-%d-%u", host, (int)getpid(), index);
}

static struct sp_err *start_consumers(struct sp_op *op)
{
    for (size_t queue = 0; queue < JOB_QUEUE_COUNT; queue++) {
        for (unsigned i = 0; i < job_queues[queue].concurrency && worker.thread_count < THREADS_MAX; i++) {
            unsigned index = worker.thread_count;
            name_consumer(index);
            worker.consumers[index] = (struct consumer_config){
                .database_url = worker.options.database_url,
                .redis_url = worker.options.redis_url,
                .queue = (enum job_queue)queue,
                .name = worker.names[index],
                .stop = &worker.stop,
                .run = run_job,
                .context = &worker.services,
            };
            SP_TRY(start_thread(op, consume, &worker.consumers[index]));
        }
    }
    return NULL;
}

/* Joined one by one within the grace; a job that runs longer is left to its lease. */
static void stop_threads(void)
{
    atomic_store(&worker.stop, true);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_GRACE_SECONDS;
    for (unsigned i = 0; i < worker.thread_count; i++) {
        if (pthread_timedjoin_np(worker.threads[i], NULL, &until) == 0)
            continue;
        sp_log(SP_LOG_WARN, NULL, "a job did not end in time; it runs again later", NULL);
        _exit(0);
    }
}

static const char *or_below(struct sp_op *op, const char *set, const char *data, const char *name)
{
    return *set ? set : sp_format(op, "%s/%s", data, name);
}

static struct sp_err *open_store(struct sp_op *op)
{
    const struct options *options = &worker.options;
    struct db_conn *db;
    SP_TRY(db_open(op, options->database_url, "swissphoto-worker", &db));
    struct q_instance_get_row *instance;
    struct sp_err *err = q_instance_get(op, db, &instance);
    db_close(db);
    if (err)
        return err;
    const struct store_config config = {
        .originals = or_below(op, options->originals, options->data, "originals"),
        .derivatives = or_below(op, options->derivatives, options->data, "derivatives"),
        .instance_id = instance->id,
    };
    SP_OWN(config.originals);
    SP_OWN(config.derivatives);
    return store_create(op, &config, &worker.services.store);
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
    const struct media_decoder_config config = {program, worker.options.decoder_unsafe_no_sandbox};
    return media_decoder_create(op, &config, &worker.services.decoder);
}

static struct sp_err *run(struct sp_op *op, int argc, char **argv)
{
    enum sp_log_level level;
    SP_TRY(options_read(op, argc, argv, &worker.options));
    if (!sp_log_level_parse(worker.options.log_level, &level))
        return sp_fail(op, SP_INVALID, "Option log-level must be debug, info, warn or error");
    sp_log_init("swissphoto-worker", level);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    worker.services.instance_zone = worker.options.instance_time_zone;
    SP_TRY(open_store(op));
    SP_TRY(open_decoder(op));
    SP_TRY(start_thread(op, relay, NULL));
    SP_TRY(start_consumers(op));
    sp_log(SP_LOG_INFO, NULL, "working", NULL);
    int number;
    while (sigwait(&signals, &number) != 0)
        continue;
    sp_log(SP_LOG_INFO, NULL, "stopping", "signal", strsignal(number), NULL);
    stop_threads();
    media_decoder_destroy(worker.services.decoder);
    store_destroy(worker.services.store);
    return NULL;
}

int main(int argc, char **argv)
{
    umask(077);
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
