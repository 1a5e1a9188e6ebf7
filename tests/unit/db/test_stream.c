/* db_stream: rows one by one, and every way it can end. Run by: tools/with_postgres.sh */
#include "database.h"
#include "statement.h"

struct seen {
    int count, stop_at;
    int64_t sum;
    struct sp_err *error;
    size_t rows_max;
};

static struct sp_err *see(void *context, const struct db_result *row)
{
    struct seen *seen = context;
    seen->count++;
    seen->sum += db_get_i32(row, 0, 0);
    if (db_row_count(row) > seen->rows_max)
        seen->rows_max = db_row_count(row);
    return seen->count == seen->stop_at ? seen->error : NULL;
}

static struct sp_err *stream(const struct db_stmt *stmt, struct seen *seen)
{
    struct db_args args;
    db_args_init(&args, world.op);
    return db_stream(world.op, world.db, stmt, &args, see, seen);
}

static void test_rows_come_one_by_one(void **state)
{
    STMT(stmt, 0, "select i from generate_series(1, 1000) i", {"i", INT4, true});
    STMT(none, 0, "select 1 where false", {"i", INT4, true});
    struct seen seen = {0}, nothing = {0};
    (void)state;
    assert_ok(stream(&stmt, &seen));
    assert_int_equal(seen.count, 1000);
    assert_int_equal(seen.sum, 500500);
    assert_int_equal(seen.rows_max, 1);
    assert_ok(stream(&none, &nothing));
    assert_int_equal(nothing.count, 0);
}

/* Rows that do not fit into the operation's budget, let alone all at once. */
static void test_memory_does_not_grow_with_the_rows(void **state)
{
    STMT(stmt, 0, "select i, repeat('x', 1000) from generate_series(1, 20000) i", {"i", INT4, true}, {"t", TEXT, true});
    struct seen seen = {0};
    (void)state;
    size_t before = sp_arena_used(world.op->arena);
    assert_ok(stream(&stmt, &seen));
    assert_int_equal(seen.count, 20000);
    assert_true(sp_arena_used(world.op->arena) - before < 4096);
}

static void test_an_error_of_each_ends_the_stream(void **state)
{
    STMT(stmt, 0, "select i from generate_series(1, 1000) i", {"i", INT4, true});
    struct seen seen = {.stop_at = 3, .error = sp_fail(world.op, SP_FORBIDDEN, "enough")}, again = {0};
    (void)state;
    assert_ptr_equal(stream(&stmt, &seen), seen.error);
    assert_int_equal(seen.count, 3);
    assert_ok(stream(&stmt, &again));
    assert_int_equal(again.count, 1000);
}

static void test_an_error_of_the_server_ends_the_stream(void **state)
{
    STMT(stmt, 0, "select 1 / (1000 - i) from generate_series(1, 2000) i", {"i", INT4, true});
    struct seen seen = {0};
    (void)state;
    assert_internal(stream(&stmt, &seen), "22012");
    assert_int_equal(seen.count, 999);
    assert_true(holds(world.db, "true"));
}

static void test_the_columns_of_a_stream_are_checked(void **state)
{
    STMT(type, 0, "select 1::int8", {"i", INT4, true});
    STMT(null, 0, "select case when i < 3 then i end from generate_series(1, 9) i", {"i", INT4, true});
    struct seen seen = {0};
    (void)state;
    assert_internal(stream(&type, &seen), "the type of column i");
    assert_int_equal(seen.count, 0);
    assert_internal(stream(&null, &seen), "column i is NULL");
    assert_int_equal(seen.count, 2);
    assert_true(holds(world.db, "true"));
}

static struct sp_err *cut(void *context, const struct db_result *row)
{
    int *count = context;
    (void)row;
    if (++*count == 1)
        cut_the_line();
    return NULL;
}

static void test_a_stream_that_breaks_off(void **state)
{
    STMT(stmt, 0, "select i, repeat('x', 10000) from generate_series(1, 5000) i", {"i", INT4, true}, {"t", TEXT, true});
    int count = 0;
    struct seen seen = {0};
    (void)state;
    struct db_args args;
    db_args_init(&args, world.op);
    assert_fails(db_stream(world.op, world.db, &stmt, &args, cut, &count), SP_UNAVAILABLE, NO_ANSWER);
    assert_in_range(count, 1, 4999);
    assert_ok(stream(&stmt, &seen));
    assert_int_equal(seen.count, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows_come_one_by_one),
        TEST(test_memory_does_not_grow_with_the_rows),
        TEST(test_an_error_of_each_ends_the_stream),
        TEST(test_an_error_of_the_server_ends_the_stream),
        TEST(test_the_columns_of_a_stream_are_checked),
        TEST(test_a_stream_that_breaks_off),
    };
    if (!getenv("SWISSPHOTO_TEST_DATABASE")) {
        puts(NEEDS_A_DATABASE);
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
