/* See consumer.h. */
#include "queue/consumer.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/job.h"
#include "queue/backoff.h"
#include "queue/queue.h"
#include "queue/redis.h"
#include "queue/stream.h"

enum {
    BLOCK_MS = 20000,
    TAKE_OVER_EVERY_MS = 15000,
    ENTRY_IDLE_MS = 30000, /* handed out and still not claimed: who had it is dead. One that is claimed is dropped */
    IDLE_CLOSE_MS = 60000,
    RETRY_MAX_MS = 3600000,
    AWAY_MS = 60000,      /* until a job that found a part away looks again */
    AWAY_PAUSE_MS = 1000, /* until the next job finds out the same */
    TROUBLE_MS = 500,
    TROUBLE_MAX_MS = 5000,
    SETTLE_MARGIN_MS = 10000, /* the lease is kept beyond the handler's own time */
};

struct consumer {
    const struct consumer_config *config;
    struct queue *queue;
    struct db_conn *db;
    struct redis *redis;
    int64_t next_take_over_ms, last_job_ms;
    bool part_is_away; /* the last job said so: logged once */
    unsigned troubles; /* failed turns in a row: the first one is logged */
};

/* A claimed row. */
struct job {
    int64_t id;
    const struct q_job_claim_row *row;
    enum job_kind kind;
    const struct job_kind_info *info;
};

static bool kind_of(const char *name, enum job_kind *ret_kind)
{
    for (size_t i = 0; i < JOB_KIND_COUNT; i++) {
        if (strcmp(job_kinds[i].name, name) == 0) {
            *ret_kind = (enum job_kind)i;
            return true;
        }
    }
    return false;
}

static void log_failure(struct sp_op *op, const struct job *job, const struct sp_err *err, bool again)
{
    char subject[SP_UUID_TEXT_BYTES] = "-";
    if (job->row->subject_id.set)
        sp_uuid_format(&job->row->subject_id.value, subject);
    const char *what = sp_format(op, "%s of %s failed in attempt %d of %d, %s", job->info->name, subject,
                                 job->row->attempts, job->row->max_attempts, again ? "comes again" : "is given up");
    sp_log_err(again ? SP_LOG_WARN : SP_LOG_ERROR, op, err, what ? what : "a job failed");
}

static struct sp_err *retry(struct sp_op *op, struct consumer *consumer, int64_t id, const char *error, int32_t refund,
                            int64_t delay_ms)
{
    const struct q_job_retry_in in = {
        .refund = refund, .error = error, .delay_ms = (double)delay_ms, .id = id, .worker = consumer->queue->worker};
    return q_job_retry(op, consumer->db, &in);
}

static struct sp_err *call_handler(struct sp_op *op, struct consumer *consumer, const struct job *job,
                                   const struct sp_err *gave_up)
{
    const struct consumer_config *config = consumer->config;
    op->deadline_ms = sp_clock_mono_ms() + job->info->timeout_ms;
    struct sp_err *err = config->run(op, consumer->db, job->kind, job->row->subject_id, gave_up, config->context);
    op->deadline_ms = 0;
    db_rollback(op, consumer->db); /* of a handler that forgot it */
    return err;
}

static struct sp_err *give_up(struct sp_op *op, struct consumer *consumer, const struct job *job,
                              const struct sp_err *err, const char *text)
{
    SP_TRY(call_handler(op, consumer, job, err));
    return q_job_fail(op, consumer->db, text, job->id, consumer->queue->worker);
}

/* No job can do its work at the moment: this one is put back as it was, and the next one is not hurried. */
static struct sp_err *put_back(struct sp_op *op, struct consumer *consumer, const struct job *job,
                               const struct sp_err *err, const char *text)
{
    if (!consumer->part_is_away)
        sp_log_err(SP_LOG_WARN, op, err, "jobs are put back until this is over");
    consumer->part_is_away = true;
    SP_TRY(retry(op, consumer, job->id, text, 1, backoff_ms(AWAY_MS, AWAY_MS, 1)));
    queue_stop_wait(&consumer->queue->stop, AWAY_PAUSE_MS);
    return NULL;
}

static struct sp_err *settle_failure(struct sp_op *op, struct consumer *consumer, const struct job *job,
                                     const struct sp_err *err)
{
    const struct consumer_config *config = consumer->config;
    const char *text = err->detail ? sp_format(op, "%s (%s)", err->message, err->detail) : err->message;
    SP_OWN(text);
    if (config->is_blameless(op, err, config->context))
        return put_back(op, consumer, job, err, text);
    consumer->part_is_away = false;
    bool again = sp_code_info(err->code)->retry && job->row->attempts < job->row->max_attempts;
    log_failure(op, job, err, again);
    if (again)
        return retry(op, consumer, job->id, text, 0,
                     backoff_ms(job->info->backoff_ms, RETRY_MAX_MS, (unsigned)job->row->attempts));
    return give_up(op, consumer, job, err, text);
}

static struct sp_err *settle(struct sp_op *op, struct consumer *consumer, const struct job *job,
                             const struct sp_err *err)
{
    int64_t done;
    if (err)
        return settle_failure(op, consumer, job, err);
    consumer->part_is_away = false;
    SP_TRY(q_job_complete(op, consumer->db, job->id, consumer->queue->worker, &done));
    return done > 0 ? NULL : q_job_renew(op, consumer->db, job->id, consumer->queue->worker);
}

/* A job that ended its worker in every attempt is not run once more. */
static struct sp_err *try_handler(struct sp_op *op, struct consumer *consumer, const struct job *job)
{
    if (job->row->attempts > job->row->max_attempts)
        return sp_fail(op, SP_INTERNAL, "The server failed each time it worked on this.");
    return call_handler(op, consumer, job, NULL);
}

static struct sp_err *run_claimed(struct sp_op *op, struct consumer *consumer, struct job *job)
{
    struct running_jobs *running = &consumer->queue->running;
    unsigned slot = consumer->config->slot;
    if (!kind_of(job->row->kind, &job->kind)) /* a newer worker's */
        return retry(op, consumer, job->id, "This worker does not know this kind of job.", 1, AWAY_MS);
    job->info = &job_kinds[job->kind];
    running_begin(running, slot, job->id, sp_clock_mono_ms() + job->info->timeout_ms + SETTLE_MARGIN_MS);
    struct sp_err *err = settle(op, consumer, job, try_handler(op, consumer, job));
    running_end(running, slot);
    return err;
}

/* A row that cannot be claimed was taken by somebody else, is gone, or may not run yet. */
static struct sp_err *run_entry(struct sp_op *op, struct consumer *consumer, const struct stream_entry *entry)
{
    struct job job = {.id = entry->job_id};
    struct q_job_claim_row *row;
    consumer->last_job_ms = sp_clock_mono_ms();
    SP_TRY(q_job_claim(op, consumer->db, consumer->queue->worker, QUEUE_LEASE_MS, job.id, &row));
    job.row = row;
    SP_TRY(row ? run_claimed(op, consumer, &job) : q_job_unpublish(op, consumer->db, job.id));
    return stream_done(op, consumer->redis, job_queues[consumer->config->takes].name, entry->entry_id);
}

static struct sp_err *next_entry(struct sp_op *op, struct consumer *consumer, struct stream_entry *entry)
{
    const char *queue = job_queues[consumer->config->takes].name;
    int64_t now = sp_clock_mono_ms();
    if (now >= consumer->next_take_over_ms) {
        SP_TRY(stream_take_over(op, consumer->redis, queue, ENTRY_IDLE_MS, entry));
        if (entry->entry_id)
            return NULL;
        consumer->next_take_over_ms = now + TAKE_OVER_EVERY_MS;
    }
    return stream_read(op, consumer->redis, queue, BLOCK_MS, entry);
}

/* An idle connection costs the database megabytes. */
static struct sp_err *close_when_idle(struct sp_op *op, struct consumer *consumer)
{
    if (consumer->last_job_ms == 0 || sp_clock_mono_ms() - consumer->last_job_ms < IDLE_CLOSE_MS)
        return NULL;
    struct db_conn *fresh;
    SP_TRY(db_open(op, consumer->queue->database_url, "swissphoto-worker", &fresh)); /* connects on first use */
    db_close(consumer->db);
    consumer->db = fresh;
    consumer->last_job_ms = 0;
    return NULL;
}

static struct sp_err *turn(struct sp_op *op, struct consumer *consumer)
{
    struct stream_entry entry;
    SP_TRY(next_entry(op, consumer, &entry));
    return entry.entry_id ? run_entry(op, consumer, &entry) : close_when_idle(op, consumer);
}

static void after_turn(struct sp_op *op, struct consumer *consumer, const struct sp_err *err)
{
    if (!err) {
        consumer->troubles = 0;
        return;
    }
    /* the relay says once for all that a part is away; what is special to this thread is said once, too */
    if (consumer->troubles++ == 0 && err->code != SP_UNAVAILABLE)
        sp_log_err(SP_LOG_WARN, op, err, "a consumer is in trouble");
    queue_stop_wait(&consumer->queue->stop, (int)backoff_ms(TROUBLE_MS, TROUBLE_MAX_MS, consumer->troubles));
}

struct sp_err *consumer_run(struct sp_op *op, const struct consumer_config *config)
{
    struct consumer consumer = {.config = config, .queue = config->queue};
    const struct queue *queue = config->queue;
    SP_TRY(db_open(op, queue->database_url, "swissphoto-worker", &consumer.db));
    struct sp_err *err = redis_open(op, queue->redis_url, queue->redis_prefix, &queue->stop, &consumer.redis);
    struct sp_op *each = err ? NULL : sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!err && !each)
        err = sp_err_no_memory();
    while (!err && !queue_stop_is_raised(&queue->stop)) {
        after_turn(each, &consumer, turn(each, &consumer));
        sp_op_reset(each);
    }
    sp_op_destroy(each);
    redis_close(consumer.redis);
    db_close(consumer.db);
    return err;
}
