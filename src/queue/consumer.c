/* See consumer.h. */
#include "queue/consumer.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/job.h"
#include "queue/redis.h"
#include "queue/stream.h"

enum { BLOCK_MS = 1000, LEASE_MARGIN_MS = 15000, TAKE_OVER_EVERY_MS = 15000, BACKOFF_MAX_MS = 3600000 };

struct consumer {
    const struct consumer_config *config;
    struct db_conn *db;
    struct redis *redis;
    int64_t next_take_over_ms, longest_lease_ms;
    bool troubled;
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

/* Doubled with each attempt, plus up to a quarter by chance, so that many do not come back at once. */
static double delay_after(const struct job_kind_info *info, int32_t attempts)
{
    int64_t delay = info->backoff_ms;
    for (int32_t i = 1; i < attempts && delay < BACKOFF_MAX_MS; i++)
        delay *= 2;
    uint16_t chance = 0;
    (void)!getrandom(&chance, sizeof(chance), 0);
    return (double)(delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS) * (1 + chance / 262144.0);
}

static struct sp_err *settle(struct sp_op *op, struct consumer *consumer, int64_t id,
                             const struct q_job_claim_row *claimed, const struct job_kind_info *info,
                             const struct sp_err *err)
{
    const char *name = consumer->config->name;
    if (!err)
        return q_job_complete(op, consumer->db, id, name);
    sp_log_err(SP_LOG_WARN, op, err, "a job failed");
    const char *text = err->detail ? sp_format(op, "%s (%s)", err->message, err->detail) : err->message;
    SP_OWN(text);
    bool again = sp_code_info(err->code)->retry && claimed->attempts < claimed->max_attempts;
    if (!again)
        return q_job_fail(op, consumer->db, text, id, name);
    const struct q_job_retry_in in = {text, delay_after(info, claimed->attempts), id, name};
    return q_job_retry(op, consumer->db, &in);
}

static struct sp_err *run_claimed(struct sp_op *op, struct consumer *consumer, int64_t id,
                                  const struct q_job_claim_row *claimed)
{
    enum job_kind kind;
    if (!kind_of(claimed->kind, &kind))
        return q_job_fail(op, consumer->db, "This worker does not know this kind of job.", id, consumer->config->name);
    const struct job_kind_info *info = &job_kinds[kind];
    op->deadline_ms = sp_clock_mono_ms() + info->timeout_ms;
    struct sp_err *err = consumer->config->run(op, consumer->db, kind, claimed->subject_id, consumer->config->context);
    op->deadline_ms = 0;
    return settle(op, consumer, id, claimed, info, err);
}

/* A row that is not waiting any more was taken by somebody else or is gone: nothing to do for this entry. */
static struct sp_err *run_entry(struct sp_op *op, struct consumer *consumer, const struct stream_entry *entry)
{
    const struct consumer_config *config = consumer->config;
    struct q_job_claim_row *claimed;
    SP_TRY(q_job_claim(op, consumer->db, config->name, (double)consumer->longest_lease_ms, entry->job_id, &claimed));
    if (claimed)
        SP_TRY(run_claimed(op, consumer, entry->job_id, claimed));
    return stream_done(op, consumer->redis, job_queues[config->queue].name, entry->entry_id);
}

static struct sp_err *next_entry(struct sp_op *op, struct consumer *consumer, struct stream_entry *entry)
{
    const char *queue = job_queues[consumer->config->queue].name;
    int64_t now = sp_clock_mono_ms();
    if (now >= consumer->next_take_over_ms) {
        SP_TRY(stream_take_over(op, consumer->redis, queue, consumer->config->name, consumer->longest_lease_ms, entry));
        if (entry->entry_id)
            return NULL;
        consumer->next_take_over_ms = now + TAKE_OVER_EVERY_MS;
    }
    return stream_read(op, consumer->redis, queue, consumer->config->name, BLOCK_MS, entry);
}

static struct sp_err *turn(struct sp_op *op, struct consumer *consumer)
{
    struct stream_entry entry;
    SP_TRY(next_entry(op, consumer, &entry));
    return entry.entry_id ? run_entry(op, consumer, &entry) : NULL;
}

static void after_turn(struct sp_op *op, struct consumer *consumer, const struct sp_err *err)
{
    if (err) {
        if (!consumer->troubled)
            sp_log_err(SP_LOG_WARN, op, err, "a consumer waits for the database or Redis");
        db_rollback(op, consumer->db);
        const struct timespec second = {1, 0};
        nanosleep(&second, NULL);
    }
    consumer->troubled = err != NULL;
}

static int64_t longest_lease(enum job_queue queue)
{
    int64_t longest = 0;
    for (size_t i = 0; i < JOB_KIND_COUNT; i++)
        if (strcmp(job_kinds[i].queue, job_queues[queue].name) == 0 && job_kinds[i].timeout_ms > longest)
            longest = job_kinds[i].timeout_ms;
    return longest + LEASE_MARGIN_MS;
}

struct sp_err *consumer_run(struct sp_op *op, const struct consumer_config *config)
{
    struct consumer consumer = {.config = config, .longest_lease_ms = longest_lease(config->queue)};
    SP_TRY(db_open(op, config->database_url, "swissphoto-worker", &consumer.db));
    struct sp_err *err = redis_open(op, config->redis_url, &consumer.redis);
    struct sp_op *each = err ? NULL : sp_op_create(SP_OP_BUDGET_DEFAULT);
    while (each && !atomic_load(config->stop)) {
        after_turn(each, &consumer, turn(each, &consumer));
        sp_op_reset(each);
    }
    if (!err && !each)
        err = sp_err_no_memory();
    sp_op_destroy(each);
    redis_close(consumer.redis);
    db_close(consumer.db);
    return err;
}
