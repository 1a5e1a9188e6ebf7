/* Migrations: forwards, once, whole or not at all. Run by: tools/with_postgres.sh */
#include <pthread.h>

#include "database.h"

static const struct db_migration all[] = {
    {1, "0001_first", "aa", "create table first (id integer); insert into first values (1);"},
    {2, "0002_second", "bb", "alter table first add column word text;"},
    {3, "0003_third", "cc", "create table third (id integer); insert into third values (1);"},
};

static struct sp_err *migrate(const struct db_migration *migrations, size_t count, int *ret_applied)
{
    return db_migrate(world.op, world.db, migrations, count, ret_applied);
}

static int with_empty_database(void **state)
{
    if (set_up(state))
        return -1;
    sql("drop schema public cascade; create schema public");
    return 0;
}

static void test_each_is_applied_once(void **state)
{
    int applied = -1;
    (void)state;
    assert_ok(migrate(all, 2, &applied));
    assert_int_equal(applied, 2);
    assert_true(holds(world.other, "select array_agg(version || name || checksum order by version)"
                                   " = '{10001_firstaa,20002_secondbb}' from schema_migration"));
    assert_ok(migrate(all, 2, &applied));
    assert_int_equal(applied, 0);
    assert_ok(migrate(all, 3, &applied));
    assert_int_equal(applied, 1);
    assert_true(holds(world.other, "select count(*) = 1 and bool_and(word is null) from first"));
}

static void test_one_that_was_changed_is_refused(void **state)
{
    int applied = -1;
    (void)state;
    assert_ok(migrate(all, 2, &applied));
    struct db_migration changed[] = {all[0], all[1], all[2]};
    changed[1].checksum = "b2";
    assert_fails(migrate(changed, 3, &applied), SP_INVALID, "Migration 2 (0002_second) of the database differs");
    changed[1] = (struct db_migration){4, "0004_other", "bb", "select 1"};
    assert_fails(migrate(changed, 3, &applied), SP_INVALID, "Migration 4 (0004_other) of the database differs");
    assert_int_equal(applied, 2);
    assert_true(holds(world.other, "to_regclass('third') is null"));
}

static void test_a_newer_database_is_refused(void **state)
{
    int applied = -1;
    (void)state;
    assert_ok(migrate(all, 3, &applied));
    assert_fails(migrate(all, 2, &applied), SP_INVALID, "newer than this program (migration 3)");
}

static void test_one_that_fails_leaves_nothing_behind(void **state)
{
    int applied = -1;
    (void)state;
    struct db_migration broken[] = {all[0], all[1], all[2]};
    broken[1].sql = "create table half (id integer); select from nowhere; create table other_half (id integer)";
    assert_internal(migrate(broken, 3, &applied), "42P01");
    assert_int_equal(applied, -1);
    assert_true(holds(world.other, "to_regclass('half') is null and to_regclass('third') is null"
                                   " and (select max(version) = 1 from schema_migration)"));
    assert_ok(migrate(all, 3, &applied)); /* mended */
    assert_int_equal(applied, 2);
}

static void test_a_migration_whose_record_fails_is_undone(void **state)
{
    int applied = -1;
    (void)state;
    assert_ok(migrate(all, 1, &applied));
    sql("alter table schema_migration add check (version < 2)");
    assert_internal(migrate(all, 2, &applied), "23514");
    assert_true(holds(world.other, "not exists (select from information_schema.columns where table_name = 'first'"
                                   " and column_name = 'word')"));
}

/* Whichever statement the line breaks at, trying again ends in the same schema. */
static void test_failing_anywhere_it_can_be_tried_again(void **state)
{
    bool failed = true;
    (void)state;
    for (long n = 1; failed; n++) {
        int applied = -1;
        sql("drop schema public cascade; create schema public");
        db_fail_nth(n);
        failed = migrate(all, 3, &applied) != NULL;
        db_fail_nth(0);
        assert_int_equal(applied, failed ? -1 : 3);
        assert_ok(migrate(all, 3, &applied));
        assert_true(holds(world.other, "(select count(*) from first) = 1 and (select count(*) from third) = 1"
                                       " and (select count(*) from schema_migration) = 3"));
        assert_true(n < 100);
        assert_true(failed || n > 10); /* begin, lock, table, script and commit, three times and once more */
    }
}

enum { STARTERS = 4 };

static struct starter {
    pthread_t thread;
    struct sp_err *err;
    int applied;
} starters[STARTERS];

static void *start(void *argument)
{
    struct starter *starter = argument;
    struct db_conn *db;
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    starter->err = db_open(op, world.url, "starter", &db);
    if (!starter->err)
        starter->err = db_migrate(op, db, all, SP_COUNT(all), &starter->applied);
    if (starter->err)
        print_error("%s (%s)\n", starter->err->message, starter->err->detail ? starter->err->detail : "-");
    db_close(db);
    sp_op_destroy(op);
    return NULL;
}

static void test_who_start_at_once_do_it_once(void **state)
{
    int applied = 0;
    (void)state;
    for (int i = 0; i < STARTERS; i++)
        pthread_create(&starters[i].thread, NULL, start, &starters[i]);
    for (int i = 0; i < STARTERS; i++) {
        pthread_join(starters[i].thread, NULL);
        assert_null(starters[i].err);
        applied += starters[i].applied;
    }
    assert_int_equal(applied, SP_COUNT(all));
    assert_true(holds(world.other, "(select count(*) from third) = 1"));
}

#define EMPTY(name) cmocka_unit_test_setup_teardown(name, with_empty_database, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY(test_each_is_applied_once),
        EMPTY(test_one_that_was_changed_is_refused),
        EMPTY(test_a_newer_database_is_refused),
        EMPTY(test_one_that_fails_leaves_nothing_behind),
        EMPTY(test_a_migration_whose_record_fails_is_undone),
        EMPTY(test_failing_anywhere_it_can_be_tried_again),
        EMPTY(test_who_start_at_once_do_it_once),
    };
    if (!getenv("SWISSPHOTO_TEST_DATABASE")) {
        puts(NEEDS_A_DATABASE);
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
