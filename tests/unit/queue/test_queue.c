/*
 * The queue as a whole: relay and consumers on real threads, a real PostgreSQL and a real Redis, with handlers of the
 * test's own. Run by: tools/with_postgres.sh tools/with_redis.sh meson test
 */
#include "queue/queue.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/job.h"
#include "gen/db/migrations.h"
#include "queue/consumer.h"
#include "queue/job.h"
#include "queue/redis.h"
#include "queue/relay.h"

enum { CONSUMERS = 2, SUBJECTS_MAX = 128, PATIENCE_MS = 20000 };

/* What the handler does with a job; NULL: nothing. */
typedef struct sp_err *behaviour(struct sp_op *op, const struct sp_err *gave_up);

static struct {
    struct sp_op *op;
    struct db_conn *db;
    const char *database_url, *redis_url;
    _Atomic(behaviour *) behave;
    atomic_bool part_is_away;
    atomic_int runs, gave_up, at_once, at_once_max;
    pthread_mutex_t lock;
    struct sp_uuid seen[SUBJECTS_MAX];
    int seen_count;
    char gave_up_message[100];
} world = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct worker {
    struct queue queue;
    struct consumer_config consumers[CONSUMERS];
    pthread_t threads[CONSUMERS + 1];
    int thread_count;
};

static void wait_ms(int ms) { (void)poll(NULL, 0, ms); }

#define assert_ok(expression)                                                                                          \
    do {                                                                                                               \
        struct sp_err *err_ = (expression);                                                                            \
        if (err_)                                                                                                      \
            print_error("%s (%s)\n", err_->message, err_->detail ? err_->detail : "-");                                \
        assert_null(err_);                                                                                             \
    } while (0)

static void sql(const char *text) { assert_ok(db_script(world.op, world.db, text)); }

/* Whether a condition in SQL is true now. */
static bool holds(const char *condition)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    const char *text =
        sp_format(op, "do $$ begin if not coalesce((%s), false) then raise exception 'no'; end if; end $$", condition);
    bool is_true = !db_script(op, world.db, text);
    sp_op_destroy(op);
    return is_true;
}

#define wait_until(condition)                                                                                          \
    do {                                                                                                               \
        int64_t end_ = sp_clock_mono_ms() + PATIENCE_MS;                                                               \
        while (!(condition)) {                                                                                         \
            if (sp_clock_mono_ms() > end_)                                                                             \
                fail_msg("waited in vain for %s", #condition);                                                         \
            wait_ms(5);                                                                                                \
        }                                                                                                              \
    } while (0)

static void redis(int argc, const char *const argv[])
{
    struct queue_stop never = {.fd = -1};
    struct redis *connection;
    assert_ok(redis_open(world.op, world.redis_url, "", &never, &connection));
    assert_ok(redis_command(world.op, connection, NULL, argc, argv));
    redis_close(connection);
}

static void flush_redis(void) { redis(1, (const char *const[]){"FLUSHALL"}); }

/* The handler of all kinds. */
static struct sp_err *run(struct sp_op *op, struct db_conn *db, enum job_kind kind, struct sp_opt_uuid subject,
                          const struct sp_err *gave_up, void *context)
{
    (void)db, (void)context, (void)kind;
    behaviour *behave = world.behave;
    pthread_mutex_lock(&world.lock);
    if (gave_up) {
        world.gave_up++;
        snprintf(world.gave_up_message, sizeof(world.gave_up_message), "%s", gave_up->message);
    } else {
        assert_true(sp_op_remaining_ms(op) <= job_kinds[kind].timeout_ms);
        if (subject.set && world.seen_count < SUBJECTS_MAX)
            world.seen[world.seen_count++] = subject.value;
        int now = ++world.at_once;
        if (now > world.at_once_max)
            world.at_once_max = now;
    }
    pthread_mutex_unlock(&world.lock);
    struct sp_err *err = behave ? behave(op, gave_up) : NULL;
    if (!gave_up) {
        world.at_once--;
        world.runs++;
    }
    return err;
}

static bool is_blameless(struct sp_op *op, const struct sp_err *err, void *context)
{
    (void)op, (void)err, (void)context;
    return world.part_is_away;
}

static void *consume(void *config)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct sp_err *err = consumer_run(op, config);
    assert_null(err);
    sp_op_destroy(op);
    return NULL;
}

static void *relay(void *queue)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct sp_err *err = relay_run(op, queue);
    assert_null(err);
    sp_op_destroy(op);
    return NULL;
}

static void start(struct worker *worker, const char *name, bool consumes)
{
    memset(worker, 0, sizeof(*worker));
    worker->queue = (struct queue){
        .database_url = world.database_url, .redis_url = world.redis_url, .redis_prefix = "test:", .worker = name};
    assert_ok(queue_stop_init(world.op, &worker->queue.stop));
    running_init(&worker->queue.running);
    pthread_create(&worker->threads[worker->thread_count++], NULL, relay, &worker->queue);
    for (int i = 0; consumes && i < CONSUMERS; i++) {
        worker->consumers[i] = (struct consumer_config){.queue = &worker->queue,
                                                        .takes = JOB_QUEUE_METADATA_EXTRACTION,
                                                        .slot = (unsigned)i,
                                                        .run = run,
                                                        .is_blameless = is_blameless};
        pthread_create(&worker->threads[worker->thread_count++], NULL, consume, &worker->consumers[i]);
    }
}

static void stop(struct worker *worker)
{
    queue_stop_raise(&worker->queue.stop);
    for (int i = 0; i < worker->thread_count; i++)
        pthread_join(worker->threads[i], NULL);
    queue_stop_finish(&worker->queue.stop);
}

static struct sp_uuid enqueue(void)
{
    struct sp_uuid subject = sp_uuid_v4();
    assert_ok(job_enqueue(world.op, world.db, JOB_METADATA, &subject));
    return subject;
}

#define DONE "not exists (select from job where kind = 'metadata')"

static struct sp_err *prepare_database(void)
{
    int applied;
    const char *url = getenv("SWISSPHOTO_TEST_DATABASE");
    const char *name = sp_format(world.op, "queue_%d", (int)getpid());
    struct db_conn *first;
    SP_TRY(db_open(world.op, url, "test", &first));
    SP_TRY(db_create_database(world.op, first, name));
    db_close(first);
    world.database_url = sp_format(world.op, "%s dbname=%s", url, name);
    SP_TRY(db_open(world.op, world.database_url, "test", &world.db));
    return db_migrate(world.op, world.db, db_migrations, db_migration_count, &applied);
}

static int set_up_group(void **state)
{
    (void)state;
    sp_log_init("test", SP_LOG_ERROR + 1);
    world.op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    world.redis_url = getenv("SWISSPHOTO_TEST_REDIS");
    struct sp_err *err = prepare_database();
    if (err)
        print_error("%s (%s)\n", err->message, err->detail);
    return err ? -1 : 0;
}

static int tear_down_group(void **state)
{
    (void)state;
    db_close(world.db);
    sp_op_destroy(world.op);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    world.behave = NULL;
    world.part_is_away = false;
    world.runs = world.gave_up = world.at_once = world.at_once_max = world.seen_count = 0;
    sql("truncate job, job_queue");
    flush_redis();
    return 0;
}

static void test_a_job_is_part_of_its_transaction(void **state)
{
    struct worker worker;
    (void)state;
    start(&worker, "w", true);
    assert_ok(db_begin(world.op, world.db));
    enqueue();
    db_rollback(world.op, world.db);
    assert_ok(db_begin(world.op, world.db));
    struct sp_uuid subject = enqueue();
    wait_ms(300);
    assert_int_equal(world.runs, 0);
    assert_ok(db_commit(world.op, world.db));
    wait_until(holds(DONE));
    stop(&worker);
    assert_int_equal(world.runs, 1);
    assert_true(sp_uuid_equal(&world.seen[0], &subject));
    assert_true(holds("(select completed_count from job_queue where name = 'metadataExtraction') = 1"));
}

static struct sp_err *take_a_moment(struct sp_op *op, const struct sp_err *gave_up)
{
    (void)op, (void)gave_up;
    wait_ms(2);
    return NULL;
}

static void test_two_workers_share_and_run_each_once(void **state)
{
    struct worker one, two;
    (void)state;
    world.behave = take_a_moment;
    start(&one, "one", true);
    start(&two, "two", true);
    for (int i = 0; i < 100; i++)
        enqueue();
    wait_until(holds(DONE));
    stop(&one);
    stop(&two);
    assert_int_equal(world.runs, 100);
    for (int i = 0; i < 100; i++)
        for (int j = 0; j < i; j++)
            assert_false(sp_uuid_equal(&world.seen[i], &world.seen[j]));
    assert_in_range(world.at_once_max, 2, 2 * CONSUMERS);
}

static void test_the_other_relay_takes_over(void **state)
{
    struct worker one, two;
    (void)state;
    start(&one, "one", false);
    wait_until(holds("exists (select from pg_locks where locktype = 'advisory')"));
    start(&two, "two", true);
    wait_until(holds("(select count(*) from pg_stat_activity where application_name = 'swissphoto-relay' "
                     "and datname = current_database()) = 2"));
    stop(&one);
    enqueue();
    wait_until(holds(DONE));
    stop(&two);
    assert_int_equal(world.runs, 1);
}

static atomic_bool may_end;

static struct sp_err *until_told(struct sp_op *op, const struct sp_err *gave_up)
{
    (void)op, (void)gave_up;
    wait_until(may_end);
    return NULL;
}

static void test_asked_for_twice(void **state)
{
    struct worker worker;
    (void)state;
    struct sp_uuid subject = enqueue();
    assert_ok(job_enqueue(world.op, world.db, JOB_METADATA, &subject));
    assert_true(holds("(select count(*) = 1 and not bool_or(again) from job where kind = 'metadata')"));
    may_end = false;
    world.behave = until_told;
    start(&worker, "w", true);
    wait_until(world.at_once == 1);
    for (int i = 0; i < 3; i++)
        assert_ok(job_enqueue(world.op, world.db, JOB_METADATA, &subject));
    assert_true(holds("(select count(*) = 1 and bool_and(again) from job where kind = 'metadata')"));
    may_end = true;
    wait_until(holds(DONE));
    stop(&worker);
    assert_int_equal(world.runs, 2);
    assert_int_equal(world.at_once_max, 1);
}

static struct sp_err *fail_for_now(struct sp_op *op, const struct sp_err *gave_up)
{
    return gave_up ? NULL : sp_err_detail(op, sp_fail(op, SP_UNAVAILABLE, "Not today"), "rain");
}

#define DUE_NOW "update job set run_after = clock_timestamp() where kind = 'metadata' and state = 'waiting'; notify job"

static void test_a_failure_is_tried_again_then_given_up(void **state)
{
    struct worker worker;
    (void)state;
    world.behave = fail_for_now;
    start(&worker, "w", true);
    enqueue();
    wait_until(
        holds("exists (select from job where state = 'waiting' and attempts = 1 and error = 'Not today (rain)')"));
    assert_true(holds("(select run_after - updated_at between interval '4.9 s' and interval '6.3 s' from job "
                      "where kind = 'metadata')"));
    for (int attempt = 2; attempt <= 5; attempt++) {
        sql(DUE_NOW);
        wait_until(world.runs == attempt);
        wait_until(holds("not exists (select from job where state = 'active')"));
    }
    wait_until(
        holds("exists (select from job where state = 'failed' and attempts = 5 and error = 'Not today (rain)')"));
    assert_int_equal(world.gave_up, 1);
    assert_string_equal(world.gave_up_message, "Not today");
    enqueue(); /* a dead letter does not stand in the way */
    wait_until(world.runs == 6);
    stop(&worker);
}

static struct sp_err *refuse(struct sp_op *op, const struct sp_err *gave_up)
{
    return gave_up ? NULL : sp_fail(op, SP_MEDIA, "Not a picture");
}

static void test_what_no_retry_mends_is_not_retried(void **state)
{
    struct worker worker;
    (void)state;
    world.behave = refuse;
    start(&worker, "w", true);
    enqueue();
    wait_until(holds("exists (select from job where state = 'failed' and attempts = 1 and error = 'Not a picture')"));
    stop(&worker);
    assert_int_equal(world.runs, 1);
    assert_int_equal(world.gave_up, 1);
}

static void test_an_attempt_without_a_needed_part_does_not_count(void **state)
{
    struct worker worker;
    (void)state;
    world.behave = fail_for_now;
    world.part_is_away = true;
    start(&worker, "w", true);
    enqueue();
    for (int i = 1; i <= 8; i++) {
        wait_until(world.runs == i);
        wait_until(holds("exists (select from job where kind = 'metadata' and state = 'waiting' and attempts = 0)"));
        sql(DUE_NOW);
    }
    world.behave = NULL;
    sql(DUE_NOW);
    wait_until(holds(DONE));
    stop(&worker);
    assert_int_equal(world.gave_up, 0);
}

#define PAUSE                                                                                                          \
    "insert into job_queue (name, is_paused) values ('metadataExtraction', true) "                                     \
    "on conflict (name) do update set is_paused = true"
#define RESUME "update job_queue set is_paused = false; notify job"

static void test_a_paused_queue_waits(void **state)
{
    struct worker first, second;
    (void)state;
    start(&first, "publisher", false);
    enqueue();
    wait_until(holds("exists (select from job where kind = 'metadata' and published is not null)"));
    sql(PAUSE); /* one is on the stream already, one is not */
    enqueue();
    start(&second, "w", true);
    wait_until(holds("not exists (select from job where kind = 'metadata' and published is not null)"));
    wait_ms(300);
    assert_int_equal(world.runs, 0);
    sql(RESUME);
    wait_until(holds(DONE));
    stop(&first);
    stop(&second);
    assert_int_equal(world.runs, 2);
}

static void test_redis_may_lose_everything(void **state)
{
    struct worker first, second;
    (void)state;
    start(&first, "publisher", false);
    for (int i = 0; i < 20; i++)
        enqueue();
    wait_until(holds("not exists (select from job where kind = 'metadata' and published is null)"));
    flush_redis();
    start(&second, "w", true);
    wait_until(holds(DONE));
    flush_redis(); /* while consumers wait on its streams */
    enqueue();
    wait_until(holds(DONE));
    stop(&first);
    stop(&second);
    assert_int_equal(world.runs, 21);
}

static void test_a_dead_workers_jobs_run_elsewhere(void **state)
{
    struct worker worker;
    (void)state;
    enqueue();
    enqueue();
    sql("update job set state = 'active', locked_by = 'gone', attempts = 1, published = 'x', "
        "locked_until = clock_timestamp() - interval '1 ms' where kind = 'metadata'");
    sql("update job set attempts = max_attempts where id = (select max(id) from job where kind = 'metadata')");
    start(&worker, "w", true);
    wait_until(holds("not exists (select from job where kind = 'metadata' and state <> 'failed')"));
    stop(&worker);
    assert_int_equal(world.runs, 1); /* the other one has ended its worker often enough */
    assert_int_equal(world.gave_up, 1);
    assert_true(holds("(select count(*) from job where state = 'failed') = 1"));
}

static void test_an_entry_whose_consumer_died_is_taken_over(void **state)
{
    struct worker publisher, worker;
    (void)state;
    start(&publisher, "publisher", false);
    enqueue();
    wait_until(holds("exists (select from job where kind = 'metadata' and published is not null)"));
    /* read by somebody who never comes back, half a minute ago */
    redis(9, (const char *const[]){"XREADGROUP", "GROUP", "workers", "worker", "COUNT", "1", "STREAMS",
                                   "test:job:metadataExtraction", ">"});
    redis(9, (const char *const[]){"EVAL",
                                   "local p = redis.call('XPENDING', KEYS[1], 'workers', '-', '+', 1)[1] "
                                   "return redis.call('XCLAIM', KEYS[1], 'workers', 'worker', 0, p[1], 'IDLE', 31000)",
                                   "1", "test:job:metadataExtraction", "", "", "", "", ""});
    start(&worker, "w", true);
    wait_until(holds(DONE));
    stop(&publisher);
    stop(&worker);
    assert_int_equal(world.runs, 1);
}

static void test_a_living_worker_keeps_its_leases(void **state)
{
    struct worker worker;
    (void)state;
    may_end = false;
    world.behave = until_told;
    start(&worker, "w", true);
    enqueue();
    wait_until(world.at_once == 1);
    sql("update job set locked_until = clock_timestamp() + interval '15 s' where kind = 'metadata'");
    wait_until(holds("exists (select from job where kind = 'metadata' and state = 'active' and attempts = 1 and "
                     "locked_until > clock_timestamp() + interval '20 s')"));
    may_end = true;
    wait_until(holds(DONE));
    stop(&worker);
    assert_int_equal(world.runs, 1);
}

static void test_a_job_that_was_taken_away_is_not_settled(void **state)
{
    struct worker worker;
    (void)state;
    may_end = false;
    world.behave = until_told;
    start(&worker, "w", true);
    enqueue();
    wait_until(world.at_once == 1);
    sql("update job set locked_by = 'another', locked_until = clock_timestamp() + interval '1 hour' where kind = "
        "'metadata'");
    may_end = true;
    wait_until(world.runs == 1);
    stop(&worker);
    assert_true(
        holds("exists (select from job where kind = 'metadata' and state = 'active' and locked_by = 'another')"));
    int64_t count;
    assert_ok(q_jobs_give_back(world.op, world.db, "another", &count));
    assert_int_equal(count, 1);
    assert_true(holds("exists (select from job where kind = 'metadata' and state = 'waiting' and attempts = 0)"));
}

static void test_an_unknown_kind_waits_for_a_newer_worker(void **state)
{
    struct worker worker;
    (void)state;
    sql("insert into job (kind, queue, dedupe_key, max_attempts) values ('transcode', 'metadataExtraction', '', 5)");
    start(&worker, "w", true);
    wait_until(holds("exists (select from job where kind = 'transcode' and state = 'waiting' and attempts = 0 and "
                     "error like '%does not know%' and run_after > clock_timestamp() + interval '50 s')"));
    stop(&worker);
    assert_int_equal(world.runs, 0);
}

static void test_an_idle_worker_stops_at_once(void **state)
{
    struct worker worker;
    (void)state;
    start(&worker, "w", true);
    enqueue();
    wait_until(holds(DONE));
    assert_true(holds("exists (select from job where kind = 'collect' and run_after > clock_timestamp())"));
    wait_ms(50); /* all wait again */
    int64_t begin = sp_clock_mono_ms();
    stop(&worker);
    assert_true(sp_clock_mono_ms() - begin < 1000);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_job_is_part_of_its_transaction),
        TEST(test_two_workers_share_and_run_each_once),
        TEST(test_the_other_relay_takes_over),
        TEST(test_asked_for_twice),
        TEST(test_a_failure_is_tried_again_then_given_up),
        TEST(test_what_no_retry_mends_is_not_retried),
        TEST(test_an_attempt_without_a_needed_part_does_not_count),
        TEST(test_a_paused_queue_waits),
        TEST(test_redis_may_lose_everything),
        TEST(test_a_dead_workers_jobs_run_elsewhere),
        TEST(test_an_entry_whose_consumer_died_is_taken_over),
        TEST(test_a_living_worker_keeps_its_leases),
        TEST(test_a_job_that_was_taken_away_is_not_settled),
        TEST(test_an_unknown_kind_waits_for_a_newer_worker),
        TEST(test_an_idle_worker_stops_at_once),
    };
    if (!getenv("SWISSPHOTO_TEST_DATABASE") || !getenv("SWISSPHOTO_TEST_REDIS")) {
        puts("1..0 # SKIP needs tools/with_postgres.sh and tools/with_redis.sh");
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
