/* JSON in: what is refused beyond the grammar. JSON out: escapes, numbers, commas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/op.h"

static struct sp_op *op;

static int set_up(void **state) { return !(op = sp_op_create(SP_OP_BUDGET_DEFAULT)); }

static int tear_down(void **state)
{
    sp_op_destroy(op);
    return 0;
}

static struct sp_err *parse(const char *text)
{
    yyjson_val *root;
    return sp_json_parse(op, text, strlen(text), &root);
}

static void right_json_is_read(void **state)
{
    yyjson_val *root;
    static const char text[] = " {\"a\": [1, -2.5e3, true, null, \"\\u00e4\\ud83c\\udfd4 \xc3\xb6\"], \"b\": {}} ";
    assert_null(sp_json_parse(op, text, sizeof(text) - 1, &root));
    assert_string_equal(sp_json_text(op, root),
                        "{\"a\":[1,-2500.0,true,null,\"\xc3\xa4\xf0\x9f\x8f\x94 \xc3\xb6\"],\"b\":{}}");
}

static void wrong_json_is_refused_with_its_place(void **state)
{
    static const char *const wrong[] = {"",      " ",          "{",         "}",        "[1,]",        "{\"a\":1,}",
                                        "{a:1}", "'a'",        "01",        "+1",       ".5",          "1.",
                                        "NaN",   "Infinity",   "nul",       "\"\\x\"",  "\"\t\"",      "1 2",
                                        "[1]]",  "{\"a\":1}x", "\"\xff\"",  "\"\xc3\"", "\"\\ud800\"", "\xef\xbb\xbf{}",
                                        "/**/1", "[1 2]",      "{\"a\" 1}", "1e999"};
    for (size_t i = 0; i < SP_COUNT(wrong); i++) {
        struct sp_err *err = parse(wrong[i]);
        assert_non_null(err);
        assert_int_equal(err->code, SP_INVALID);
    }
    assert_non_null(strstr(parse("[1, 2, x]")->message, "byte 7"));
}

static void a_key_stands_once(void **state)
{
    assert_non_null(strstr(parse("{\"a\":1,\"b\":{\"key\":1,\"c\":2,\"key\":3}}")->message, "\"key\" twice"));
    assert_non_null(parse("[{\"a\":1,\"\\u0061\":2}]")); /* escaped is the same */
    assert_null(parse("[{\"a\":1},{\"a\":2,\"A\":3,\"\":4}]"));
}

static void there_is_no_nul(void **state)
{
    assert_non_null(parse("\"a\\u0000b\""));
    assert_non_null(parse("{\"a\\u0000b\":1}"));
    assert_non_null(parse("[[\"\\u0000\"]]"));
    yyjson_val *root;
    assert_non_null(sp_json_parse(op, "\"a\0b\"", 5, &root));
    assert_non_null(sp_json_parse(op, "1\0", 2, &root));
}

static void depth_has_an_end(void **state)
{
    char text[2 * SP_JSON_DEPTH_MAX + 8];
    for (int depth = SP_JSON_DEPTH_MAX; depth <= SP_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        assert_int_equal(parse(text) == NULL, depth <= SP_JSON_DEPTH_MAX);
    }
    assert_null(parse("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[\""));
}

static void the_budget_bounds_what_is_read(void **state)
{
    struct sp_op *small = sp_op_create(4096);
    char text[4001] = "[";
    for (size_t i = 1; i < sizeof(text) - 2; i++)
        text[i] = i % 2 ? '1' : ',';
    text[sizeof(text) - 2] = ']';
    yyjson_val *root;
    assert_ptr_equal(sp_json_parse(small, text, strlen(text), &root), sp_err_no_memory());
    sp_op_destroy(small);
}

static void integers_are_whole_and_safe(void **state)
{
    static const struct {
        const char *text;
        bool is_integer;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-7", true, -7},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"-0.0", true, 0},
        {"1.5", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
        {"null", false, 0},
        {"1e300", false, 0},
        {"9007199254740991", true, SP_JSON_INTEGER_MAX},
        {"9007199254740992", false, 0},
        {"-9007199254740991", true, -SP_JSON_INTEGER_MAX},
        {"-9007199254740992", false, 0},
        {"18446744073709551615", false, 0},
        {"-9223372036854775808", false, 0},
        {"9007199254740991.0", true, SP_JSON_INTEGER_MAX},
    };
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        yyjson_val *root;
        int64_t value = 42;
        assert_null(sp_json_parse(op, cases[i].text, strlen(cases[i].text), &root));
        assert_int_equal(sp_json_integer(root, &value), cases[i].is_integer);
        assert_int_equal(value, cases[i].is_integer ? cases[i].value : 42);
    }
}

static void is_written(void **state)
{
    struct sp_buf buf;
    struct sp_json_writer json;
    const struct sp_uuid uuid = {
        {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}};
    sp_buf_init(&buf, 4096);
    sp_json_init(&json, &buf);
    sp_json_begin_object(&json);
    sp_json_key(&json, "empty");
    sp_json_begin_array(&json);
    sp_json_end_array(&json);
    sp_json_key(&json, "a\"b");
    sp_json_begin_array(&json);
    sp_json_null(&json);
    sp_json_bool(&json, true);
    sp_json_int(&json, -SP_JSON_INTEGER_MAX);
    sp_json_string(&json, NULL);
    sp_json_time(&json, 1714566896789);
    sp_json_uuid(&json, &uuid);
    sp_json_raw(&json, "{\"x\":1}", 7);
    sp_json_begin_object(&json);
    sp_json_end_object(&json);
    sp_json_end_array(&json);
    sp_json_key(&json, "last");
    sp_json_bool(&json, false);
    sp_json_end_object(&json);
    assert_null(sp_buf_check(op, &buf));
    assert_string_equal(buf.data,
                        "{\"empty\":[],\"a\\\"b\":[null,true,-9007199254740991,null,\"2024-05-01T12:34:56.789Z\","
                        "\"01234567-89ab-cdef-0123-456789abcdef\",{\"x\":1},{}],\"last\":false}");
    sp_buf_finish(&buf);
}

static void strings_come_back(void **state)
{
    char every[160] = "\"\\/</script>\xe2\x80\xa8\xc3\xa4\xf0\x9f\x8f\x94";
    for (char c = 1; c < 0x7f; c++)
        strncat(every, (char[]){c, '\0'}, 2);
    struct sp_buf buf;
    struct sp_json_writer json;
    sp_buf_init(&buf, 4096);
    sp_json_init(&json, &buf);
    sp_json_string(&json, every);
    yyjson_val *root;
    assert_null(sp_json_parse(op, buf.data, buf.size, &root));
    assert_string_equal(yyjson_get_str(root), every);
    assert_null(strchr(buf.data, '<')); /* no sniffer finds a tag */
    assert_null(strchr(buf.data, '\n'));
    sp_buf_finish(&buf);
}

static void doubles_come_back(void **state)
{
    const double values[] = {
        0, 1, -1.5, 0.1, 1.0 / 3, 46.95, 1e-300, 1e300, 123456789.123456789, 5e-324, 1.7976931348623157e308};
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        struct sp_buf buf;
        struct sp_json_writer json;
        yyjson_val *root;
        sp_buf_init(&buf, 100);
        sp_json_init(&json, &buf);
        sp_json_double(&json, values[i]);
        assert_null(sp_json_parse(op, buf.data, buf.size, &root));
        assert_true(yyjson_get_num(root) >= values[i] && yyjson_get_num(root) <= values[i]);
        sp_buf_finish(&buf);
    }
    struct sp_buf buf;
    struct sp_json_writer json;
    sp_buf_init(&buf, 100);
    sp_json_init(&json, &buf);
    sp_json_begin_array(&json);
    sp_json_double(&json, NAN);
    sp_json_double(&json, -INFINITY);
    sp_json_double(&json, 0.1);
    sp_json_end_array(&json);
    assert_string_equal(buf.data, "[null,null,0.1]");
    sp_buf_finish(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_json_is_read),
        cmocka_unit_test(wrong_json_is_refused_with_its_place),
        cmocka_unit_test(a_key_stands_once),
        cmocka_unit_test(there_is_no_nul),
        cmocka_unit_test(depth_has_an_end),
        cmocka_unit_test(the_budget_bounds_what_is_read),
        cmocka_unit_test(integers_are_whole_and_safe),
        cmocka_unit_test(is_written),
        cmocka_unit_test(strings_come_back),
        cmocka_unit_test(doubles_come_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
