/* Connections: transactions, what an error means, deadlines, locks, notifications. Run by: tools/with_postgres.sh */
#include <sys/eventfd.h>

#include "database.h"

static struct sp_err *fail_with(const char *state, const char *constraint)
{
    return db_script(world.op, world.db,
                     sp_format(world.op, "do $$ begin raise exception using errcode = '%s', constraint = '%s'; end $$",
                               state, constraint));
}

static void with_table(void)
{
    sql("drop table if exists thing; create table thing (id integer primary key, word text)");
}

static struct sp_err *insert(int id)
{
    return db_script(world.op, world.db, sp_format(world.op, "insert into thing values (%d)", id));
}

#define HAS(id) "exists (select from thing where id = " #id ")"

/* ---- transactions ---- */

static void test_commit_and_rollback(void **state)
{
    (void)state;
    with_table();
    assert_ok(db_begin(world.op, world.db));
    assert_ok(insert(1));
    assert_false(holds(world.other, HAS(1)));
    assert_ok(db_commit(world.op, world.db));
    assert_true(holds(world.other, HAS(1)));
    assert_ok(db_begin(world.op, world.db));
    assert_ok(insert(2));
    db_rollback(world.op, world.db);
    db_rollback(world.op, world.db); /* without a transaction: nothing */
    assert_ok(insert(3));
    assert_false(holds(world.other, HAS(2)));
    assert_true(holds(world.other, HAS(3)));
}

static void test_end_commits_only_without_an_error(void **state)
{
    (void)state;
    with_table();
    assert_ok(db_begin(world.op, world.db));
    assert_ok(insert(1));
    assert_ok(db_end(world.op, world.db, NULL));
    assert_ok(db_begin(world.op, world.db));
    assert_ok(insert(2));
    struct sp_err *mine = sp_fail(world.op, SP_FORBIDDEN, "no");
    assert_ptr_equal(db_end(world.op, world.db, mine), mine);
    assert_true(holds(world.other, HAS(1)));
    assert_false(holds(world.other, HAS(2)));
}

static void test_a_failed_transaction_fails_to_its_end(void **state)
{
    (void)state;
    with_table();
    assert_ok(db_begin(world.op, world.db));
    assert_ok(insert(1));
    assert_fails(insert(1), SP_CONFLICT, "This exists already.");
    assert_internal(insert(2), "25P02");
    assert_internal(db_commit(world.op, world.db), "commit");
    assert_false(db_commit_is_uncertain(world.db)); /* the server said no */
    assert_false(holds(world.other, "exists (select from thing)"));
    assert_ok(insert(3));
    assert_true(holds(world.other, HAS(3)));
}

/* ---- errors ---- */

static void test_every_state_has_a_meaning(void **state)
{
    static const struct {
        const char *state;
        enum sp_code code;
        const char *message;
    } rows[] = {
        {"23505", SP_CONFLICT, "This exists already."},
        {"23503", SP_UNAVAILABLE, "at the same moment"},
        {"40001", SP_UNAVAILABLE, "at the same moment"},
        {"40P01", SP_UNAVAILABLE, "at the same moment"},
        {"57014", SP_TIMEOUT, "took too long"},
        {"57P01", SP_UNAVAILABLE, NO_ANSWER},
        {"57P03", SP_UNAVAILABLE, NO_ANSWER},
        {"08006", SP_UNAVAILABLE, NO_ANSWER},
        {"53100", SP_NO_SPACE, "disk is full"},
        {"53300", SP_UNAVAILABLE, NO_ANSWER},
        {"22021", SP_INVALID, "UTF-8"},
        {"23514", SP_INTERNAL, "Internal server error"},
        {"42P01", SP_INTERNAL, "Internal server error"},
        {"XX000", SP_INTERNAL, "Internal server error"},
    };
    (void)state;
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct sp_err *err = fail_with(rows[i].state, "a_constraint");
        assert_fails(err, rows[i].code, rows[i].message);
        assert_non_null(strstr(err->detail, rows[i].state));
        assert_string_equal(db_conflict(world.db), rows[i].code == SP_CONFLICT ? "a_constraint" : "");
    }
}

static void test_a_conflict_names_its_constraint(void **state)
{
    (void)state;
    with_table();
    assert_string_equal(db_conflict(world.db), "");
    assert_ok(insert(1));
    assert_fails(insert(1), SP_CONFLICT, "This exists already.");
    assert_string_equal(db_conflict(world.db), "thing_pkey");
    assert_internal(db_script(world.op, world.db, "select from nowhere"), "42P01");
    assert_string_equal(db_conflict(world.db), "");
}

static void test_a_public_message_tells_nothing_of_the_statement(void **state)
{
    (void)state;
    struct sp_err *err = db_script(world.op, world.db, "select from nowhere");
    assert_non_null(err);
    assert_null(strstr(err->message, "nowhere"));
    assert_non_null(strstr(err->detail, "nowhere"));
}

static void test_who_changes_what_another_changed_may_retry(void **state)
{
    (void)state;
    with_table();
    assert_ok(insert(1));
    assert_ok(db_begin(world.op, world.db));
    assert_ok(db_script(world.op, world.db, "set transaction isolation level repeatable read; select from thing"));
    sql("update thing set word = 'other'");
    struct sp_err *err = db_script(world.op, world.db, "update thing set word = 'mine'");
    assert_fails(err, SP_UNAVAILABLE, "at the same moment");
    assert_true(sp_code_info(err->code)->retry);
    assert_ptr_equal(db_end(world.op, world.db, err), err);
    assert_ok(db_script(world.op, world.db, "update thing set word = 'mine'"));
}

static void test_no_server(void **state)
{
    struct db_conn *nobody;
    (void)state;
    assert_ok(db_open(world.op, "host=/nowhere user=x", "test", &nobody));
    for (int i = 0; i < 2; i++) {
        struct sp_err *err = db_ping(world.op, nobody);
        assert_fails(err, SP_UNAVAILABLE, NO_ANSWER);
        assert_non_null(strstr(err->detail, "/nowhere"));
    }
    assert_fails(db_begin(world.op, nobody), SP_UNAVAILABLE, NO_ANSWER);
    db_close(nobody);
    db_close(NULL);
}

static void test_the_nth_statement_fails_once(void **state)
{
    (void)state;
    with_table();
    db_fail_nth(2);
    assert_ok(insert(1));
    assert_fails(insert(2), SP_UNAVAILABLE, NO_ANSWER);
    assert_ok(insert(3));
    assert_false(holds(world.other, HAS(2)));
    assert_ok(db_begin(world.op, world.db));
    assert_ok(insert(4));
    db_fail_nth(1); /* the commit: rolled back, and known to be */
    assert_fails(db_commit(world.op, world.db), SP_UNAVAILABLE, NO_ANSWER);
    assert_false(db_commit_is_uncertain(world.db));
    assert_false(holds(world.other, HAS(4)));
    db_fail_nth(1);
    assert_fails(db_begin(world.op, world.db), SP_UNAVAILABLE, NO_ANSWER);
    assert_ok(db_begin(world.op, world.db));
    db_rollback(world.op, world.db);
}

/* ---- deadlines ---- */

static void test_a_statement_ends_at_the_deadline(void **state)
{
    (void)state;
    assert_ok(db_begin(world.op, world.other));
    assert_ok(db_advisory_xact_lock(world.op, world.other, DB_LOCK_FIRST_ADMIN));
    struct sp_op *hurried = sp_op_create(SP_OP_BUDGET_DEFAULT);
    hurried->deadline_ms = sp_clock_mono_ms() + 100;
    assert_ok(db_begin(hurried, world.db));
    struct sp_err *err = db_advisory_xact_lock(hurried, world.db, DB_LOCK_FIRST_ADMIN);
    assert_fails(err, SP_TIMEOUT, "took too long");
    assert_non_null(strstr(err->detail, "57014"));
    assert_fails(db_script(hurried, world.db, "select 1"), SP_TIMEOUT, "took too long"); /* it has passed */
    assert_ptr_equal(db_end(hurried, world.db, err), err);
    sp_op_destroy(hurried);
    db_rollback(world.op, world.other);
    assert_true(holds(world.db, "current_setting('statement_timeout') = '0'")); /* an operation without a deadline */
}

static void test_nothing_begins_after_the_deadline(void **state)
{
    (void)state;
    world.op->deadline_ms = sp_clock_mono_ms() - 1;
    assert_fails(db_ping(world.op, world.db), SP_TIMEOUT, "took too long");
    assert_fails(db_begin(world.op, world.db), SP_TIMEOUT, "took too long");
    world.op->deadline_ms = 0;
    assert_ok(db_begin(world.op, world.db));
    db_rollback(world.op, world.db);
}

/* ---- locks, notifications ---- */

static void test_a_session_lock_has_one_holder(void **state)
{
    bool locked;
    (void)state;
    assert_ok(db_advisory_try_lock(world.op, world.db, DB_LOCK_RELAY, &locked));
    assert_true(locked);
    assert_ok(db_advisory_try_lock(world.op, world.other, DB_LOCK_RELAY, &locked));
    assert_false(locked);
    assert_ok(db_advisory_try_lock(world.op, world.other, DB_LOCK_SCHEDULER, &locked));
    assert_true(locked);
    sql("select pg_advisory_unlock_all()");
}

static void test_a_transactions_lock_ends_with_it(void **state)
{
    bool locked = true;
    (void)state;
    assert_ok(db_begin(world.op, world.db));
    assert_ok(db_advisory_xact_lock(world.op, world.db, DB_LOCK_COLLECTOR));
    assert_ok(db_advisory_try_lock(world.op, world.other, DB_LOCK_COLLECTOR, &locked));
    assert_false(locked);
    assert_ok(db_commit(world.op, world.db));
    assert_ok(db_advisory_try_lock(world.op, world.other, DB_LOCK_COLLECTOR, &locked));
    assert_true(locked);
    sql("select pg_advisory_unlock_all()");
}

enum { LONG_MS = 30000, SHORT_MS = 10000 };

static bool wait_notify(int timeout_ms, int wake_fd)
{
    bool notified;
    assert_ok(db_wait_notify(world.op, world.db, timeout_ms, wake_fd, &notified));
    return notified;
}

static void test_a_notification_ends_the_wait(void **state)
{
    (void)state;
    assert_ok(db_listen(world.op, world.db, "things"));
    assert_false(wait_notify(0, -1));
    sql("notify elsewhere");
    assert_false(wait_notify(10, -1));
    sql("notify things");
    int64_t begin = sp_clock_mono_ms();
    assert_true(wait_notify(LONG_MS, -1));
    assert_true(sp_clock_mono_ms() - begin < SHORT_MS);
    assert_false(wait_notify(0, -1)); /* told once */
    sql("notify things; notify things, 'again'");
    assert_ok(db_script(world.op, world.db, "select 1")); /* they come along with an answer */
    assert_true(wait_notify(LONG_MS, -1));
    assert_false(wait_notify(0, -1));
}

static void test_a_wake_up_ends_the_wait(void **state)
{
    (void)state;
    assert_ok(db_listen(world.op, world.db, "things"));
    int wake = eventfd(1, EFD_CLOEXEC);
    int64_t begin = sp_clock_mono_ms();
    assert_false(wait_notify(LONG_MS, wake));
    assert_true(sp_clock_mono_ms() - begin < SHORT_MS);
    close(wake);
    sql("notify things");
    assert_true(wait_notify(LONG_MS, -1));
}

/* ---- the rest ---- */

static void test_a_database_is_made_once(void **state)
{
    struct db_conn *fresh;
    (void)state;
    const char *name = sp_format(world.op, "fresh_%d", (int)getpid());
    assert_ok(db_create_database(world.op, world.db, name));
    assert_ok(db_create_database(world.op, world.db, name));
    assert_ok(db_open(world.op, sp_format(world.op, "%s dbname=%s", world.url, name), "test", &fresh));
    assert_true(holds(fresh, sp_format(world.op, "current_database() = '%s'", name)));
    db_close(fresh);
}

static void test_what_a_session_is_set_to(void **state)
{
    (void)state;
    assert_true(holds(world.db, "current_setting('application_name') = 'under test'"
                                " and current_setting('client_encoding') = 'UTF8'"
                                " and current_setting('timezone') = 'UTC'"
                                " and current_setting('datestyle') like 'ISO%'"
                                " and current_setting('idle_in_transaction_session_timeout') = '1min'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commit_and_rollback),
        TEST(test_end_commits_only_without_an_error),
        TEST(test_a_failed_transaction_fails_to_its_end),
        TEST(test_every_state_has_a_meaning),
        TEST(test_a_conflict_names_its_constraint),
        TEST(test_a_public_message_tells_nothing_of_the_statement),
        TEST(test_who_changes_what_another_changed_may_retry),
        TEST(test_no_server),
        TEST(test_the_nth_statement_fails_once),
        TEST(test_a_statement_ends_at_the_deadline),
        TEST(test_nothing_begins_after_the_deadline),
        TEST(test_a_session_lock_has_one_holder),
        TEST(test_a_transactions_lock_ends_with_it),
        TEST(test_a_notification_ends_the_wait),
        TEST(test_a_wake_up_ends_the_wait),
        TEST(test_a_database_is_made_once),
        TEST(test_what_a_session_is_set_to),
    };
    if (!getenv("SWISSPHOTO_TEST_DATABASE")) {
        puts(NEEDS_A_DATABASE);
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
