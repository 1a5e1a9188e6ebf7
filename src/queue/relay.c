/* See relay.h. */
#include "queue/relay.h"

#include <time.h>

#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/job.h"
#include "gen/job/kinds.h"
#include "queue/redis.h"
#include "queue/stream.h"

enum { WAIT_MAX_MS = 2000, RECOVER_EVERY_TURNS = 5 };

struct relay {
    struct db_conn *db;
    struct redis *redis;
    bool leads;    /* holds the advisory lock on its present connection */
    bool troubled; /* the last turn failed: said once */
    unsigned turn;
};

/* Rows are marked and added in one transaction: if Redis fails, the marks go back. A row added twice is claimed once.
 */
static struct sp_err *publish_rows(struct sp_op *op, struct relay *relay, const char *epoch, size_t *ret_count)
{
    struct q_jobs_to_publish_rows rows;
    SP_TRY(q_jobs_to_publish(op, relay->db, epoch, &rows));
    for (size_t i = 0; i < rows.count; i++)
        SP_TRY(stream_add(op, relay->redis, rows.items[i].queue, rows.items[i].id));
    *ret_count = rows.count;
    return NULL;
}

static struct sp_err *publish(struct sp_op *op, struct relay *relay, size_t *ret_count)
{
    const char *epoch;
    SP_TRY(stream_epoch(op, relay->redis, &epoch));
    SP_TRY(db_begin(op, relay->db));
    return db_end(op, relay->db, publish_rows(op, relay, epoch, ret_count));
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

static struct sp_err *lead(struct sp_op *op, struct relay *relay)
{
    SP_TRY(db_advisory_try_lock(op, relay->db, DB_LOCK_RELAY, &relay->leads));
    return relay->leads ? db_listen(op, relay->db, "job") : NULL;
}

static struct sp_err *housekeep(struct sp_op *op, struct relay *relay)
{
    int64_t recovered;
    SP_TRY(q_jobs_recover(op, relay->db, &recovered));
    if (recovered > 0)
        sp_log(SP_LOG_WARN, op, "jobs of a worker that ended are tried again", NULL);
    return schedule(op, relay);
}

static struct sp_err *wait_for_work(struct sp_op *op, struct relay *relay)
{
    struct q_job_next_due_row *next;
    SP_TRY(q_job_next_due(op, relay->db, &next));
    int64_t wait = WAIT_MAX_MS;
    if (next->due_in_ms.set && next->due_in_ms.value < wait)
        wait = next->due_in_ms.value < 0 ? 0 : next->due_in_ms.value;
    bool notified;
    /* a row that is due but paused or published would make this spin: at least a moment */
    return db_wait_notify(op, relay->db, wait < 200 ? 200 : (int)wait, &notified);
}

static struct sp_err *turn(struct sp_op *op, struct relay *relay)
{
    if (!relay->leads)
        SP_TRY(lead(op, relay));
    bool notified;
    if (!relay->leads)
        return db_wait_notify(op, relay->db, WAIT_MAX_MS, &notified);
    if (relay->turn++ % RECOVER_EVERY_TURNS == 0)
        SP_TRY(housekeep(op, relay));
    size_t published = 0;
    SP_TRY(publish(op, relay, &published));
    return published ? NULL : wait_for_work(op, relay);
}

static void pause_ms(long ms)
{
    const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&wait, NULL);
}

static void after_turn(struct sp_op *op, struct relay *relay, const struct sp_err *err)
{
    if (err) {
        if (!relay->troubled)
            sp_log_err(SP_LOG_WARN, op, err, "the queue waits for its database or Redis");
        relay->leads = false; /* a new connection has no lock */
        pause_ms(1000);
    } else if (relay->troubled) {
        sp_log(SP_LOG_INFO, op, "the queue works again", NULL);
    }
    relay->troubled = err != NULL;
}

struct sp_err *relay_run(struct sp_op *op, const struct relay_config *config)
{
    struct relay relay = {0};
    SP_TRY(db_open(op, config->database_url, "swissphoto-relay", &relay.db));
    struct sp_err *err = redis_open(op, config->redis_url, &relay.redis);
    if (err) {
        db_close(relay.db);
        return err;
    }
    struct sp_op *each = sp_op_create(SP_OP_BUDGET_DEFAULT);
    while (each && !atomic_load(config->stop)) {
        after_turn(each, &relay, turn(each, &relay));
        sp_op_reset(each);
    }
    sp_op_destroy(each);
    redis_close(relay.redis);
    db_close(relay.db);
    return each ? NULL : sp_err_no_memory();
}
