/* Named texts into structs: what query parameters and forms look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/op.h"
#include "sample.h"

struct pair {
    const char *name, *value;
};

/* The least that is valid; a test's own pairs stand before and win. */
static const struct pair least[] = {
    {"flag", "true"},
    {"count", "3"},
    {"ratio", "-12.5e0"},
    {"name", "anna"},
    {"email", "a@b.ch"},
    {"id", "00000000-0000-4000-8000-000000000001"},
    {"at", "2024-05-01T12:00:00+02:00"},
    {"color", "green"},
    {"points", "[{\"label\":\"p\",\"x\":1}]"},
};

static const char *get(void *context, const struct schema_field *field, size_t index)
{
    const struct pair *own = context;
    size_t seen = 0;
    for (; own->name; own++)
        if (strcmp(own->name, field->name) == 0 && seen++ == index)
            return own->value;
    for (size_t i = 0; seen == 0 && index == 0 && i < SP_COUNT(least); i++)
        if (strcmp(least[i].name, field->name) == 0)
            return least[i].value;
    return NULL;
}

static struct sp_err *read_pairs(struct sp_op *op, struct pair *pairs, struct sample *ret_sample)
{
    *ret_sample = (struct sample){0};
    return schema_read_texts(op, &sample, &(struct schema_texts){get, pairs}, ret_sample);
}

static void reads_every_kind(void **state)
{
    struct sample value;
    struct pair pairs[] = {
        {"optFlag", "false"},
        {"ids", "00000000-0000-4000-8000-000000000002"},
        {"ids", "00000000-0000-4000-8000-000000000003"},
        {"counts", "4"},
        {"optColor", "blue"},
        {"extra", "{\"k\": 1}"},
        {"corner", "{\"label\":\"c\",\"x\":2}"},
        {"more", "{\"label\":\"m\",\"x\":3}"},
        {"more", "{\"label\":\"n\",\"x\":4}"},
        {NULL, NULL},
    };
    assert_null(read_pairs(*state, pairs, &value));
    assert_true(value.flag);
    assert_int_equal(value.count, 3);
    assert_true(value.ratio < -12.4 && value.ratio > -12.6);
    assert_int_equal(value.at, 1714557600000);
    assert_string_equal(value.points.items[0].label, "p");
    assert_true(value.opt_flag.set && !value.opt_flag.value);
    assert_int_equal(value.ids->count, 2);
    assert_int_equal(value.ids->items[1].bytes[15], 3);
    assert_true(value.counts->items[0].set && value.counts->items[0].value == 4);
    assert_string_equal(value.extra, "{\"k\":1}");
    assert_int_equal(value.corner->x, 2);
    assert_int_equal(value.more->count, 2);
    assert_string_equal(value.more->items[1].label, "n");
}

static void refuses(void **state)
{
    const struct {
        const char *name, *value, *path, *code;
    } cases[] = {
        {"flag", "1", "flag", "invalid_type"},
        {"flag", "TRUE", "flag", "invalid_type"},
        {"flag", "", "flag", "invalid_type"},
        {"count", "", "count", "invalid_type"},
        {"count", "+3", "count", "invalid_type"},
        {"count", "3 ", "count", "invalid_type"},
        {"count", "3.0", "count", "invalid_type"},
        {"count", "99999999999999999999", "count", "invalid_type"},
        {"count", "10", "count", "too_big"},
        {"ratio", "nan", "ratio", "invalid_type"},
        {"ratio", "0x10", "ratio", "invalid_type"},
        {"ratio", "1e999", "ratio", "invalid_type"},
        {"ratio", "91", "ratio", "too_big"},
        {"name", "\xff", "name", "invalid_format"},
        {"name", "annabe", "name", "too_big"},
        {"color", "pink", "color", "invalid_value"},
        {"ids", "x", "ids.0", "invalid_format"},
        {"points", "[{\"label\":\"p\"}]", "points.0.x", "invalid_type"},
        {"points", "{\"label\":\"p\"}", "points.0.x", "invalid_type"},
        {"points", "[{", "points", "invalid_format"},
        {"length", "1:60:00", "length", "invalid_type"},
        {"length", "00:00:00.", "length", NULL},
        {"length", "-5", "length", "too_small"},
    };
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sample value;
        struct pair pairs[] = {{cases[i].name, cases[i].value}, {NULL, NULL}};
        struct sp_err *err = read_pairs(*state, pairs, &value);
        if (!cases[i].code) {
            assert_null(err);
            continue;
        }
        assert_non_null(err);
        assert_string_equal(err->issues->path, cases[i].path);
        assert_string_equal(err->issues->code, cases[i].code);
    }
}

static void reads_durations_of_old_clients(void **state)
{
    const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"0", 0}, {"1500", 1500}, {"00:00:00.000000", 0}, {"0:01:02.5", 62500}, {"01:00:00", 3600000}};
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sample value;
        struct pair pairs[] = {{"length", cases[i].text}, {NULL, NULL}};
        assert_null(read_pairs(*state, pairs, &value));
        assert_true(value.length.set);
        assert_int_equal(value.length.value, cases[i].ms);
    }
}

static void bounds_repeated_names(void **state)
{
    struct sample value;
    struct pair pairs[] = {{"counts", "1"}, {"counts", "2"}, {"counts", "3"}, {"counts", "4"}, {NULL, NULL}};
    struct sp_err *err = read_pairs(*state, pairs, &value);
    assert_non_null(err);
    assert_string_equal(err->issues->code, "too_big");
}

static int set_up(void **state)
{
    *state = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_op_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_every_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_durations_of_old_clients, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bounds_repeated_names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
