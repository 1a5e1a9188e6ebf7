/* See relay.h. */
#include "queue/relay.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/job.h"
#include "gen/job/kinds.h"
#include "queue/backoff.h"
#include "queue/queue.h"
#include "queue/redis.h"
#include "queue/stream.h"

/* A NOTIFY wakes the relay at once; the waits are for what nobody tells: a wiped Redis, a lost leader. */
enum { WAIT_MAX_MS = 5000, WAIT_MIN_MS = 20, HOUSEKEEP_EVERY_MS = 10000, TROUBLE_MS = 500, TROUBLE_MAX_MS = 5000 };

struct relay {
    struct queue *queue;
    struct db_conn *db;
    struct redis *redis;
    bool leads; /* holds the advisory lock on its present connection */
    int64_t next_keep_ms, next_housekeep_ms;
    unsigned troubles; /* failed turns in a row: the first one is logged */
};

static struct sp_err *keep_leases(struct sp_op *op, struct relay *relay, int64_t now)
{
    if (now < relay->next_keep_ms)
        return NULL;
    int64_t ids[RUNNING_MAX];
    const struct sp_i64_list list = {ids, running_list(&relay->queue->running, now, ids)};
    if (list.count > 0)
        SP_TRY(q_jobs_keep(op, relay->db, QUEUE_LEASE_MS, list, relay->queue->worker));
    relay->next_keep_ms = now + QUEUE_KEEP_EVERY_MS;
    return NULL;
}

static struct sp_err *try_to_lead(struct sp_op *op, struct relay *relay)
{
    bool locked;
    SP_TRY(db_advisory_try_lock(op, relay->db, DB_LOCK_RELAY, &locked));
    if (locked)
        SP_TRY(db_listen(op, relay->db, "job"));
    relay->leads = locked;
    return NULL;
}

static struct sp_err *schedule(struct sp_op *op, struct relay *relay)
{
    for (size_t i = 0; i < JOB_KIND_COUNT; i++) {
        const struct job_kind_info *info = &job_kinds[i];
        if (info->every_ms == 0)
            continue;
        const struct q_job_schedule_in in = {info->name, info->queue, info->max_attempts, (double)info->every_ms};
        SP_TRY(q_job_schedule(op, relay->db, &in));
    }
    return NULL;
}

static struct sp_err *housekeep(struct sp_op *op, struct relay *relay, int64_t now)
{
    int64_t recovered;
    if (now < relay->next_housekeep_ms)
        return NULL;
    SP_TRY(q_jobs_recover(op, relay->db, &recovered));
    if (recovered > 0)
        sp_log(SP_LOG_WARN, op, "jobs of a worker that ended are tried again", NULL);
    SP_TRY(schedule(op, relay));
    relay->next_housekeep_ms = now + HOUSEKEEP_EVERY_MS;
    return NULL;
}

/* Rows are marked and added in one transaction: if Redis fails, the marks go back. A row added twice is claimed once,
 * and a claim waits for this transaction. */
static struct sp_err *publish_rows(struct sp_op *op, struct relay *relay, const char *epoch, size_t *ret_count)
{
    struct q_jobs_to_publish_rows rows;
    SP_TRY(q_jobs_to_publish(op, relay->db, epoch, &rows));
    for (size_t i = 0; i < rows.count; i++)
        SP_TRY(stream_add(op, relay->redis, rows.items[i].queue, rows.items[i].id));
    *ret_count = rows.count;
    return NULL;
}

static struct sp_err *wait_for_work(struct sp_op *op, struct relay *relay, const char *epoch)
{
    struct q_job_next_due_row *next;
    SP_TRY(q_job_next_due(op, relay->db, epoch, &next));
    int64_t wait = WAIT_MAX_MS;
    if (next->due_in_ms.set && next->due_in_ms.value < wait)
        wait = next->due_in_ms.value < WAIT_MIN_MS ? WAIT_MIN_MS : next->due_in_ms.value;
    bool notified;
    return db_wait_notify(op, relay->db, (int)wait, relay->queue->stop.fd, &notified);
}

static struct sp_err *publish(struct sp_op *op, struct relay *relay)
{
    const char *epoch;
    size_t count = 0;
    SP_TRY(stream_epoch(op, relay->redis, &epoch));
    SP_TRY(db_begin(op, relay->db));
    SP_TRY(db_end(op, relay->db, publish_rows(op, relay, epoch, &count)));
    return count > 0 ? NULL : wait_for_work(op, relay, epoch);
}

static struct sp_err *turn(struct sp_op *op, struct relay *relay)
{
    int64_t now = sp_clock_mono_ms();
    SP_TRY(keep_leases(op, relay, now));
    if (!relay->leads)
        SP_TRY(try_to_lead(op, relay));
    if (!relay->leads) {
        queue_stop_wait(&relay->queue->stop, WAIT_MAX_MS);
        return NULL;
    }
    SP_TRY(housekeep(op, relay, now));
    return publish(op, relay);
}

static void after_turn(struct sp_op *op, struct relay *relay, const struct sp_err *err)
{
    if (!err) {
        if (relay->troubles > 0)
            sp_log(SP_LOG_INFO, op, "the queue works again", NULL);
        relay->troubles = 0;
        return;
    }
    if (relay->troubles++ == 0)
        sp_log_err(SP_LOG_WARN, op, err, "the queue waits for the database or Redis");
    relay->leads = false; /* a new connection has no lock; on the old one it is taken once more */
    queue_stop_wait(&relay->queue->stop, (int)backoff_ms(TROUBLE_MS, TROUBLE_MAX_MS, relay->troubles));
}

struct sp_err *relay_run(struct sp_op *op, struct queue *queue)
{
    struct relay relay = {.queue = queue};
    SP_TRY(db_open(op, queue->database_url, "swissphoto-relay", &relay.db));
    struct sp_err *err = redis_open(op, queue->redis_url, queue->redis_prefix, &queue->stop, &relay.redis);
    struct sp_op *each = err ? NULL : sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!err && !each)
        err = sp_err_no_memory();
    while (!err && !queue_stop_is_raised(&queue->stop)) {
        after_turn(each, &relay, turn(each, &relay));
        sp_op_reset(each);
    }
    sp_op_destroy(each);
    redis_close(relay.redis);
    db_close(relay.db);
    return err;
}
