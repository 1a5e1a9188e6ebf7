/*
 * The connection breaks: unseen while nothing depended on it, said once where something did. Run by:
 * tools/with_postgres.sh
 */
#include <pthread.h>

#include "database.h"

static void test_idle_it_is_made_again_unseen(void **state)
{
    (void)state;
    assert_ok(db_ping(world.op, world.db));
    cut_the_line();
    assert_ok(db_script(world.op, world.db, "select 1"));
    assert_ok(db_begin(world.op, world.db));
    assert_ok(db_commit(world.op, world.db));
    cut_the_line();
    assert_ok(db_ping(world.op, world.db));
    cut_the_line();
    assert_ok(db_begin(world.op, world.db));
    db_rollback(world.op, world.db);
}

static void test_a_deadline_counts_on_the_new_one_as_well(void **state)
{
    (void)state;
    world.op->deadline_ms = sp_clock_mono_ms() + 600000;
    assert_true(holds(world.db, "current_setting('statement_timeout') = '10min'"));
    cut_the_line();
    assert_true(holds(world.db, "current_setting('statement_timeout') = '10min'"));
}

/* Nothing of a broken transaction may run by itself on a new connection. */
static void test_a_transaction_is_over(void **state)
{
    (void)state;
    sql("create table part (id integer)");
    assert_ok(db_begin(world.op, world.db));
    assert_ok(db_script(world.op, world.db, "insert into part values (1)"));
    cut_the_line();
    struct sp_err *err = db_script(world.op, world.db, "insert into part values (2)");
    assert_fails(err, SP_UNAVAILABLE, LOST);
    assert_fails(db_script(world.op, world.db, "insert into part values (3)"), SP_UNAVAILABLE, LOST);
    assert_ptr_equal(db_end(world.op, world.db, err), err);
    assert_false(holds(world.other, "exists (select from part)"));
    assert_ok(db_begin(world.op, world.db));
    assert_ok(db_script(world.op, world.db, "insert into part values (4)"));
    assert_ok(db_end(world.op, world.db, NULL));
    assert_true(holds(world.other, "exists (select from part)"));
}

static void test_a_commit_after_a_loss_that_was_seen_fails(void **state)
{
    (void)state;
    assert_ok(db_begin(world.op, world.db));
    cut_the_line();
    assert_fails(db_script(world.op, world.db, "select 1"), SP_UNAVAILABLE, LOST);
    assert_fails(db_commit(world.op, world.db), SP_UNAVAILABLE, LOST);
    assert_false(db_commit_is_uncertain(world.db)); /* it was never sent */
    assert_ok(db_begin(world.op, world.db));
    assert_ok(db_commit(world.op, world.db));
}

static void test_a_commit_into_a_broken_line_is_uncertain(void **state)
{
    (void)state;
    assert_ok(db_begin(world.op, world.db));
    assert_ok(db_script(world.op, world.db, "select 1"));
    cut_the_line();
    assert_fails(db_commit(world.op, world.db), SP_UNAVAILABLE, NO_ANSWER);
    assert_true(db_commit_is_uncertain(world.db));
    assert_ok(db_begin(world.op, world.db));
    assert_false(db_commit_is_uncertain(world.db));
    assert_ok(db_commit(world.op, world.db));
}

static void test_a_rollback_into_a_broken_line(void **state)
{
    (void)state;
    assert_ok(db_begin(world.op, world.db));
    cut_the_line();
    db_rollback(world.op, world.db);
    assert_ok(db_script(world.op, world.db, "select 1"));
}

static void test_a_lost_session_lock_is_told_once(void **state)
{
    bool locked;
    (void)state;
    assert_ok(db_advisory_try_lock(world.op, world.db, DB_LOCK_RELAY, &locked));
    assert_true(locked);
    cut_the_line();
    assert_fails(db_script(world.op, world.db, "select 1"), SP_UNAVAILABLE, LOST);
    assert_ok(db_script(world.op, world.db, "select 1"));
    assert_ok(db_advisory_try_lock(world.op, world.other, DB_LOCK_RELAY, &locked));
    assert_true(locked); /* it went with the session */
    sql("select pg_advisory_unlock_all()");
}

static void test_a_lock_that_was_not_got_is_nothing_to_lose(void **state)
{
    bool locked;
    (void)state;
    assert_ok(db_advisory_try_lock(world.op, world.other, DB_LOCK_RELAY, &locked));
    assert_ok(db_advisory_try_lock(world.op, world.db, DB_LOCK_RELAY, &locked));
    assert_false(locked);
    cut_the_line();
    assert_ok(db_script(world.op, world.db, "select 1"));
    sql("select pg_advisory_unlock_all()");
}

static void test_a_lost_listen_is_told_once(void **state)
{
    bool notified;
    (void)state;
    assert_ok(db_listen(world.op, world.db, "things"));
    cut_the_line();
    assert_fails(db_wait_notify(world.op, world.db, 0, -1, &notified), SP_UNAVAILABLE, LOST);
    assert_ok(db_listen(world.op, world.db, "things"));
    sql("notify things");
    assert_ok(db_wait_notify(world.op, world.db, 10000, -1, &notified));
    assert_true(notified);
}

/* Once the statement below is under way, on a connection of this thread's own. */
static void *cut_a_busy_line(void *op)
{
    struct db_conn *db;
    static const char text[] = "do $$ declare victim integer; begin loop"
                               " select pid into victim from pg_stat_activity where application_name = 'under test' "
                               "and datname = current_database() and %s;"
                               " exit when found; perform pg_stat_clear_snapshot(), pg_sleep(0.005); end loop;"
                               " perform pg_terminate_backend(victim, 10000); end $$";
    struct sp_err *err = db_open(op, world.url, "cutter", &db);
    if (!err)
        err = db_script(op, db, sp_format(op, text, "query like '%pg\\_sleep%'"));
    db_close(db);
    return err;
}

static void test_under_a_statement_it_is_told_once(void **state)
{
    bool locked;
    pthread_t cutter;
    void *err;
    (void)state;
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    assert_ok(db_advisory_try_lock(world.op, world.db, DB_LOCK_RELAY, &locked));
    pthread_create(&cutter, NULL, cut_a_busy_line, op);
    assert_fails(db_script(world.op, world.db, "select pg_sleep(30)"), SP_UNAVAILABLE, NO_ANSWER);
    pthread_join(cutter, &err);
    assert_null(err);
    assert_ok(db_script(world.op, world.db, "select 1"));
    sp_op_destroy(op);
}

static void *cut_a_waiting_line(void *op)
{
    struct db_conn *db;
    struct sp_err *err = db_open(op, world.url, "cutter", &db);
    if (!err)
        err = db_script(op, db,
                        "select pg_sleep(0.1), pg_terminate_backend(pid, 10000) from pg_stat_activity"
                        " where application_name = 'under test' and datname = current_database()");
    db_close(db);
    return err;
}

static void test_under_a_wait_it_is_told_once(void **state)
{
    bool notified;
    pthread_t cutter;
    void *err;
    (void)state;
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    assert_ok(db_listen(world.op, world.db, "things"));
    pthread_create(&cutter, NULL, cut_a_waiting_line, op);
    int64_t begin = sp_clock_mono_ms();
    struct sp_err *told = db_wait_notify(world.op, world.db, 30000, -1, &notified);
    pthread_join(cutter, &err);
    assert_null(err);
    if (!told) /* the server's farewell ended the wait, its closing is what the next call sees */
        told = db_ping(world.op, world.db);
    assert_fails(told, SP_UNAVAILABLE, LOST);
    assert_true(sp_clock_mono_ms() - begin < 10000);
    assert_ok(db_listen(world.op, world.db, "things"));
    sp_op_destroy(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_idle_it_is_made_again_unseen),
        TEST(test_a_deadline_counts_on_the_new_one_as_well),
        TEST(test_a_transaction_is_over),
        TEST(test_a_commit_after_a_loss_that_was_seen_fails),
        TEST(test_a_commit_into_a_broken_line_is_uncertain),
        TEST(test_a_rollback_into_a_broken_line),
        TEST(test_a_lost_session_lock_is_told_once),
        TEST(test_a_lock_that_was_not_got_is_nothing_to_lose),
        TEST(test_a_lost_listen_is_told_once),
        TEST(test_under_a_statement_it_is_told_once),
        TEST(test_under_a_wait_it_is_told_once),
    };
    if (!getenv("SWISSPHOTO_TEST_DATABASE")) {
        puts(NEEDS_A_DATABASE);
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
