/* Prepared statements: every type there and back, the check of columns. Run by: tools/with_postgres.sh */
#include <limits.h>
#include <math.h>

#include "database.h"
#include "statement.h"

static struct db_args args;
static struct db_result *result;

static void begin_args(void) { db_args_init(&args, world.op); }

static struct sp_err *run(const struct db_stmt *stmt) { return db_run(world.op, world.db, stmt, &args, &result); }

/* ---- there and back; the server's own text of it says that both sides mean the same ---- */

static void test_bool(void **state)
{
    STMT(stmt, 1, "select $1::bool, $1::text", {"value", BOOL, true}, {"text", TEXT, true});
    (void)state;
    for (int value = 0; value < 2; value++) {
        begin_args();
        db_put_bool(&args, value);
        assert_ok(run(&stmt));
        assert_int_equal(db_get_bool(result, 0, 0), value);
        assert_string_equal(db_get_text(result, 0, 1), value ? "true" : "false");
    }
}

static void test_integers(void **state)
{
    STMT(stmt, 2, "select $1::int4, $2::int8, $1::text, $2::text", {"a", INT4, true}, {"b", INT8, true},
         {"c", TEXT, true}, {"d", TEXT, true});
    static const int32_t small[] = {0, 1, -1, 258, INT32_MAX, INT32_MIN};
    static const int64_t large[] = {0, 1, -1, 0x0102030405060708, INT64_MAX, INT64_MIN};
    (void)state;
    for (size_t i = 0; i < SP_COUNT(small); i++) {
        begin_args();
        db_put_i32(&args, small[i]);
        db_put_i64(&args, large[i]);
        assert_ok(run(&stmt));
        assert_true(db_get_i32(result, 0, 0) == small[i]);
        assert_true(db_get_i64(result, 0, 1) == large[i]);
        assert_string_equal(db_get_text(result, 0, 2), sp_format(world.op, "%d", small[i]));
        assert_string_equal(db_get_text(result, 0, 3), sp_format(world.op, "%lld", (long long)large[i]));
    }
}

static void test_numbers(void **state)
{
    STMT(stmt, 1, "select $1::float8, ($1::float8)::float4, $1::text", {"a", FLOAT8, true}, {"b", FLOAT4, true},
         {"c", TEXT, true});
    static const double values[] = {0, -1.5, 0.1, 46.947975, 1e30, INFINITY};
    (void)state;
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        begin_args();
        db_put_f64(&args, values[i]);
        assert_ok(run(&stmt));
        assert_true(db_get_f64(result, 0, 0) == values[i]);
        assert_true(db_get_f64(result, 0, 1) == (double)(float)values[i]);
        assert_true(strtod(db_get_text(result, 0, 2), NULL) == values[i]);
    }
    begin_args();
    db_put_f64(&args, NAN);
    assert_ok(run(&stmt));
    assert_true(isnan(db_get_f64(result, 0, 0)) && isnan(db_get_f64(result, 0, 1)));
}

static void test_text(void **state)
{
    STMT(stmt, 1, "select $1::text, $1::varchar, octet_length($1::text)", {"a", TEXT, true}, {"b", VARCHAR, true},
         {"c", INT4, true});
    static const char *const values[] = {"", "x", "'; drop table thing; --", "Zürich \"\\\n\t", "\xf0\x9f\x8f\x94"};
    (void)state;
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        begin_args();
        db_put_text(&args, values[i]);
        assert_ok(run(&stmt));
        assert_string_equal(db_get_text(result, 0, 0), values[i]);
        assert_string_equal(db_get_text(result, 0, 1), values[i]);
        assert_int_equal(db_get_i32(result, 0, 2), strlen(values[i]));
    }
    begin_args();
    db_put_text(&args, "\xff");
    assert_fails(run(&stmt), SP_INVALID, "A text is not valid UTF-8.");
}

static void test_json(void **state)
{
    STMT(stmt, 2, "select $1::jsonb, $2::json, $1->>'a'", {"a", JSONB, true}, {"b", JSON, true}, {"c", TEXT, false});
    (void)state;
    begin_args();
    db_put_jsonb(&args, "{\"a\": \"\\\"ü\"}");
    db_put_text(&args, "[1,  2]");
    assert_ok(run(&stmt));
    assert_string_equal(db_get_jsonb(result, 0, 0), "{\"a\": \"\\\"ü\"}");
    assert_string_equal(db_get_text(result, 0, 1), "[1,  2]");
    assert_string_equal(db_get_text(result, 0, 2), "\"ü");
}

static void test_times(void **state)
{
    STMT(stmt, 1,
         "select $1::timestamptz, $1 at time zone 'UTC',"
         " to_char($1 at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
         {"a", TIMESTAMPTZ, true}, {"b", TIMESTAMP, true}, {"c", TEXT, true});
    static const sp_time_ms values[] = {
        0,
        1,
        -1,
        -999,
        -1000,
        -86400000,
        946684800000,
        946684799999,
        946684800001,
        1714566896789,
        -62135596800000, /* 0001-01-01 */
        253402300799999,
    };
    (void)state;
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        char text[SP_ISO_TIME_BYTES];
        sp_time_format(values[i], text);
        begin_args();
        db_put_time(&args, values[i]);
        assert_ok(run(&stmt));
        assert_true(db_get_time(result, 0, 0) == values[i]);
        assert_true(db_get_time(result, 0, 1) == values[i]);
        assert_string_equal(db_get_text(result, 0, 2), text);
    }
}

static void test_microseconds_are_cut_downwards(void **state)
{
    STMT(stmt, 0,
         "select '1999-12-31T23:59:59.9999Z'::timestamptz, '1969-12-31T23:59:59.9985Z'::timestamptz,"
         " '2024-01-01T00:00:00.0019Z'::timestamptz - interval '1 ms'",
         {"a", TIMESTAMPTZ, true}, {"b", TIMESTAMPTZ, true}, {"c", TIMESTAMPTZ, true});
    (void)state;
    begin_args();
    assert_ok(run(&stmt));
    assert_true(db_get_time(result, 0, 0) == 946684799999);
    assert_true(db_get_time(result, 0, 1) == -2);
    assert_true(db_get_time(result, 0, 2) == 1704067200000);
}

static void test_dates(void **state)
{
    STMT(stmt, 1, "select $1::date, $1::text", {"a", DATE, true}, {"b", TEXT, true});
    static const char *const values[] = {"0001-01-01", "1582-10-15", "1900-03-01", "1969-12-31", "1970-01-01",
                                         "1999-12-31", "2000-01-01", "2000-02-29", "2024-02-29", "9999-12-31"};
    (void)state;
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        const char *date;
        begin_args();
        db_put_date(&args, values[i]);
        assert_ok(run(&stmt));
        assert_ok(db_get_date(world.op, result, 0, 0, &date));
        assert_string_equal(date, values[i]);
        assert_string_equal(db_get_text(result, 0, 1), values[i]);
    }
}

static void test_what_is_no_date_is_refused(void **state)
{
    STMT(stmt, 2, "select $1::date, $2::date", {"a", DATE, false}, {"b", DATE, false});
    static const char *const values[] = {"",           "2023-02-29", "2024-13-01",           "2024-1-1",
                                         "20240531xx", "2024-05-3x", "2024-05-31T00:00:00Z", "yesterday"};
    (void)state;
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        const char *quoted = sp_format(world.op, "\"%s\" is not a date", values[i]);
        begin_args();
        db_put_date(&args, "2024-05-31");
        db_put_date(&args, values[i]);
        assert_fails(run(&stmt), SP_INVALID, quoted);
        begin_args();
        db_put_date(&args, values[i]);
        db_put_date(&args, NULL); /* one that is absent does not excuse it */
        assert_fails(run(&stmt), SP_INVALID, quoted);
    }
}

static void test_uuid_and_bytes(void **state)
{
    STMT(stmt, 2, "select $1::uuid, $2::bytea, $1::text, encode($2, 'hex')", {"a", UUID, true}, {"b", BYTEA, true},
         {"c", TEXT, true}, {"d", TEXT, true});
    static const uint8_t bytes[] = {0, 1, 0xff, 0, '\\'};
    const struct sp_uuid uuid = {
        {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x46, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
    (void)state;
    for (size_t size = 0; size <= sizeof(bytes); size += sizeof(bytes)) {
        begin_args();
        db_put_uuid(&args, &uuid);
        db_put_bytes(&args, (struct sp_bytes){bytes, size});
        assert_ok(run(&stmt));
        struct sp_uuid back = db_get_uuid(result, 0, 0);
        assert_true(sp_uuid_equal(&back, &uuid));
        struct sp_bytes data = db_get_bytes(result, 0, 1);
        assert_int_equal(data.size, size);
        assert_non_null(data.data);
        assert_memory_equal(data.data, bytes, size);
        assert_string_equal(db_get_text(result, 0, 2), "00112233-4455-4677-8899-aabbccddeeff");
        assert_string_equal(db_get_text(result, 0, 3), size ? "0001ff005c" : "");
    }
}

static void test_text_list(void **state)
{
    STMT(stmt, 1, "select $1::text[], cardinality($1::text[])", {"a", TEXT_LIST, true}, {"b", INT4, true});
    const char *items[] = {"", "a,b", "{\"}", "NULL", "Zürich"};
    (void)state;
    for (size_t count = 0; count <= SP_COUNT(items); count++) {
        struct sp_text_list list;
        begin_args();
        db_put_text_list(&args, (struct sp_text_list){items, count});
        assert_ok(run(&stmt));
        assert_int_equal(db_get_i32(result, 0, 1), count);
        assert_ok(db_get_text_list(world.op, result, 0, 0, &list));
        assert_int_equal(list.count, count);
        assert_non_null(list.items);
        for (size_t i = 0; i < count; i++)
            assert_string_equal(list.items[i], items[i]);
    }
}

static void test_a_null_in_a_list(void **state)
{
    STMT(stmt, 0, "select array['a', null, 'b'], array[null, '00000000-0000-0000-0000-000000000001']::uuid[]",
         {"a", TEXT_LIST, true}, {"b", UUID_LIST, true});
    struct sp_text_list texts;
    struct sp_uuid_list uuids;
    (void)state;
    begin_args();
    assert_ok(run(&stmt));
    assert_ok(db_get_text_list(world.op, result, 0, 0, &texts));
    assert_int_equal(texts.count, 3);
    assert_null(texts.items[1]);
    assert_string_equal(texts.items[2], "b");
    assert_ok(db_get_uuid_list(world.op, result, 0, 1, &uuids));
    assert_int_equal(uuids.count, 2);
    assert_int_equal(uuids.items[1].bytes[15], 1);
}

static void test_uuid_list(void **state)
{
    STMT(stmt, 1, "select $1::uuid[], $1::uuid[]::text[]", {"a", UUID_LIST, true}, {"b", TEXT_LIST, true});
    struct sp_uuid items[] = {sp_uuid_v4(), sp_uuid_v4(), sp_uuid_v4()};
    (void)state;
    for (size_t count = 0; count <= SP_COUNT(items); count++) {
        struct sp_uuid_list list;
        struct sp_text_list texts;
        begin_args();
        db_put_uuid_list(&args, (struct sp_uuid_list){items, count});
        assert_ok(run(&stmt));
        assert_ok(db_get_uuid_list(world.op, result, 0, 0, &list));
        assert_ok(db_get_text_list(world.op, result, 0, 1, &texts));
        assert_int_equal(list.count, count);
        assert_int_equal(texts.count, count);
        for (size_t i = 0; i < count; i++) {
            char text[SP_UUID_TEXT_BYTES];
            sp_uuid_format(&items[i], text);
            assert_true(sp_uuid_equal(&list.items[i], &items[i]));
            assert_string_equal(texts.items[i], text);
        }
    }
}

static void test_lists_that_are_only_parameters(void **state)
{
    STMT(stmt, 2, "select array_to_string($1::int8[], ' '), coalesce(encode(($2::bytea[])[2], 'hex'), '-')",
         {"a", TEXT, true}, {"b", TEXT, true});
    int64_t numbers[] = {1, -1, INT64_MIN};
    struct sp_bytes pieces[] = {{(const uint8_t *)"", 0}, {(const uint8_t *)"a\0b", 3}};
    (void)state;
    begin_args();
    db_put_i64_list(&args, (struct sp_i64_list){numbers, 3});
    db_put_bytes_list(&args, (struct sp_bytes_list){pieces, 2});
    assert_ok(run(&stmt));
    assert_string_equal(db_get_text(result, 0, 0), "1 -1 -9223372036854775808");
    assert_string_equal(db_get_text(result, 0, 1), "610062");
    begin_args();
    db_put_i64_list(&args, (struct sp_i64_list){numbers, 0});
    db_put_bytes_list(&args, (struct sp_bytes_list){pieces, 0});
    assert_ok(run(&stmt));
    assert_string_equal(db_get_text(result, 0, 0), "");
    assert_string_equal(db_get_text(result, 0, 1), "-");
}

static void test_null_both_ways(void **state)
{
    STMT(stmt, 11,
         "select $1::text, $2::jsonb, $3::date, $4::uuid, $5::bytea, $6::uuid[], $7::text[], $8::int4,"
         " $9::int8[] is null, $10::bytea[] is null, num_nulls($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::bool)",
         {"a", TEXT, false}, {"b", JSONB, false}, {"c", DATE, false}, {"d", UUID, false}, {"e", BYTEA, false},
         {"f", UUID_LIST, false}, {"g", TEXT_LIST, false}, {"h", INT4, false}, {"i", BOOL, true}, {"j", BOOL, true},
         {"k", INT4, true});
    const char *date = "x";
    struct sp_uuid_list uuids = {.count = 1};
    struct sp_text_list texts = {.count = 1};
    (void)state;
    begin_args();
    db_put_text(&args, NULL);
    db_put_jsonb(&args, NULL);
    db_put_date(&args, NULL);
    db_put_uuid(&args, NULL);
    db_put_bytes(&args, (struct sp_bytes){0});
    db_put_uuid_list(&args, (struct sp_uuid_list){0});
    db_put_text_list(&args, (struct sp_text_list){0});
    db_put_null(&args);
    db_put_i64_list(&args, (struct sp_i64_list){0});
    db_put_bytes_list(&args, (struct sp_bytes_list){0});
    db_put_null(&args);
    assert_ok(run(&stmt));
    assert_int_equal(db_get_i32(result, 0, 10), 11);
    for (int column = 0; column < 8; column++)
        assert_true(db_is_null(result, 0, column));
    assert_false(db_is_null(result, 0, 8));
    assert_null(db_get_text(result, 0, 0));
    assert_null(db_get_jsonb(result, 0, 1));
    assert_ok(db_get_date(world.op, result, 0, 2, &date));
    assert_null(date);
    assert_null(db_get_bytes(result, 0, 4).data);
    assert_ok(db_get_uuid_list(world.op, result, 0, 5, &uuids));
    assert_true(!uuids.items && uuids.count == 0);
    assert_ok(db_get_text_list(world.op, result, 0, 6, &texts));
    assert_true(!texts.items && texts.count == 0);
}

static void test_parameters_may_be_temporaries(void **state)
{
    STMT(stmt, 2, "select $1::uuid, $2::uuid[]", {"a", UUID, true}, {"b", UUID_LIST, true});
    struct sp_uuid uuid = sp_uuid_v4(), same = uuid;
    (void)state;
    begin_args();
    db_put_uuid(&args, &same);
    db_put_uuid_list(&args, (struct sp_uuid_list){&same, 1});
    memset(&same, 0, sizeof(same));
    assert_ok(run(&stmt));
    struct sp_uuid back = db_get_uuid(result, 0, 0);
    assert_true(sp_uuid_equal(&back, &uuid));
}

/* ---- results ---- */

static void test_counts(void **state)
{
    STMT(make, 0, "create table counted as select i as id from generate_series(1, 5) i", {"", 0, false});
    STMT(read, 1, "select id from counted where id > $1 order by id", {"id", INT4, false});
    STMT(change, 1, "update counted set id = -id where id > $1", {"", 0, false});
    (void)state;
    struct db_stmt without = make, update = change; /* commands have no columns */
    without.column_count = update.column_count = 0;
    begin_args();
    assert_ok(run(&without));
    assert_int_equal(db_row_count(result), 0);
    db_put_i32(&args, 2);
    assert_ok(run(&read));
    assert_int_equal(db_row_count(result), 3);
    assert_int_equal(db_get_i32(result, 2, 0), 5);
    assert_ok(run(&update));
    assert_int_equal(db_affected(result), 3);
    assert_ok(run(&read));
    assert_int_equal(db_row_count(result), 0);
}

static void test_a_statement_is_prepared_once_a_connection(void **state)
{
    STMT(stmt, 0, "select 1", {"a", INT4, false});
    static const char prepared[] = "select count(*) = 1 from pg_prepared_statements where statement = 'select 1'";
    (void)state;
    begin_args();
    assert_ok(run(&stmt));
    assert_ok(run(&stmt));
    assert_true(holds(world.db, prepared));
    cut_the_line();
    assert_ok(run(&stmt));
    assert_true(holds(world.db, prepared));
}

static void test_columns_that_are_not_as_the_generator_saw_them(void **state)
{
    STMT(type, 0, "select 1::int8", {"a", INT4, false});
    STMT(fewer, 0, "select 1", {"a", INT4, false}, {"b", INT4, false});
    STMT(more, 0, "select 1, 2", {"a", INT4, false});
    STMT(null, 0, "select case when i < 3 then i end from generate_series(1, 3) i", {"a", INT4, true});
    (void)state;
    begin_args();
    result = NULL;
    assert_internal(run(&type), "the type of column a is 20 instead of 23");
    assert_internal(run(&fewer), "1 columns instead of 2");
    assert_internal(run(&more), "2 columns instead of 1");
    assert_internal(run(&null), "column a is NULL");
    assert_null(result);
}

static void test_what_no_memory_means(void **state)
{
    STMT(stmt, 1, "select $1::uuid", {"a", UUID, false});
    (void)state;
    struct sp_op *poor = sp_op_create(64);
    const struct sp_uuid uuid = {0};
    db_args_init(&args, poor);
    void *taken;
    do
        taken = sp_alloc(poor, 1, 1);
    while (taken);
    db_put_uuid(&args, &uuid);
    assert_ptr_equal(run(&stmt), sp_err_no_memory());
    sp_op_destroy(poor);
}

static void test_an_error_leaves_the_connection_usable(void **state)
{
    STMT(bad, 0, "select 1 / 0", {"a", INT4, false});
    STMT(wrong, 0, "select from nowhere", {"a", INT4, false});
    STMT(good, 0, "select 7", {"a", INT4, false});
    (void)state;
    begin_args();
    assert_internal(run(&bad), "22012");
    assert_internal(run(&wrong), "42P01");
    assert_internal(run(&wrong), "42P01"); /* it was not noted as prepared */
    assert_ok(run(&good));
    assert_int_equal(db_get_i32(result, 0, 0), 7);
    db_fail_nth(1);
    assert_fails(run(&good), SP_UNAVAILABLE, NO_ANSWER);
    assert_ok(run(&good));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bool),
        TEST(test_integers),
        TEST(test_numbers),
        TEST(test_text),
        TEST(test_json),
        TEST(test_times),
        TEST(test_microseconds_are_cut_downwards),
        TEST(test_dates),
        TEST(test_what_is_no_date_is_refused),
        TEST(test_uuid_and_bytes),
        TEST(test_text_list),
        TEST(test_a_null_in_a_list),
        TEST(test_uuid_list),
        TEST(test_lists_that_are_only_parameters),
        TEST(test_null_both_ways),
        TEST(test_parameters_may_be_temporaries),
        TEST(test_counts),
        TEST(test_a_statement_is_prepared_once_a_connection),
        TEST(test_columns_that_are_not_as_the_generator_saw_them),
        TEST(test_what_no_memory_means),
        TEST(test_an_error_leaves_the_connection_usable),
    };
    if (!getenv("SWISSPHOTO_TEST_DATABASE")) {
        puts(NEEDS_A_DATABASE);
        return 0;
    }
    return cmocka_run_group_tests(tests, set_up_group, tear_down_group);
}
