/* JSON into structs: kinds, limits, absent and null, the path of an issue, and what happens without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/heap.h"
#include "base/op.h"
#include "sample.h"

static struct sp_err *read_text(struct sp_op *op, const char *text, struct sample **ret_sample)
{
    char *json = sp_strdup(op, text);
    SP_OWN(json);
    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    yyjson_val *root;
    SP_TRY(sp_json_parse(op, json, strlen(json), &root));
    return schema_read_json(op, &sample, root, ret_sample);
}

/* The least valid text, with keys added, or (as in {'count':10}) with one value replaced. */
static struct sp_err *read_more(struct sp_op *op, const char *more, struct sample **ret_sample)
{
    return read_text(op, sp_format(op, LEAST, more), ret_sample);
}

static struct sp_err *read_replaced(struct sp_op *op, const char *from, const char *to)
{
    struct sample *value;
    const char *text = sp_format(op, LEAST, ""), *at = strstr(text, from);
    assert_non_null(at);
    return read_text(op, sp_format(op, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)), &value);
}

static void assert_issue(const struct sp_err *err, const char *path, const char *code)
{
    assert_non_null(err);
    assert_int_equal(err->code, SP_INVALID);
    assert_string_equal(err->message, "Validation failed");
    assert_non_null(err->issues);
    assert_string_equal(err->issues->path, path);
    assert_string_equal(err->issues->code, code);
}

static void reads_every_kind(void **state)
{
    struct sample *value;
    assert_null(read_more(*state,
                          ",'optFlag':false,'optCount':9,'optColor':'blue','note':'n','born':'2020-02-29',"
                          "'length':1500,'corner':{'label':'c','x':2},'ids':['00000000-0000-4000-8000-000000000002'],"
                          "'counts':[1,null],'stacks':[['a','2'],null],'extra':{'k':[1,'two']},'unknown':[]",
                          &value));
    assert_true(value->flag);
    assert_int_equal(value->count, 3);
    assert_true(value->ratio > 0.49 && value->ratio < 0.51);
    assert_string_equal(value->name, "anna");
    assert_int_equal(value->at, 1714564800000);
    assert_int_equal(value->color, GREEN);
    assert_int_equal(value->points.count, 1);
    assert_string_equal(value->points.items[0].label, "p");
    assert_true(value->opt_flag.set && !value->opt_flag.value);
    assert_true(value->opt_count.set && value->opt_count.value == 9);
    assert_true(value->opt_color.set && value->opt_color.value == BLUE);
    assert_string_equal(value->born, "2020-02-29");
    assert_int_equal(value->length.value, 1500);
    assert_int_equal(value->corner->x, 2);
    assert_int_equal(value->ids->items[0].bytes[15], 2);
    assert_true(value->counts->items[0].set && !value->counts->items[1].set);
    assert_string_equal(value->stacks->items[0].items[1], "2");
    assert_null(value->stacks->items[1].items);
    assert_string_equal(value->extra, "{\"k\":[1,\"two\"]}");
}

static void absent_is_not_null(void **state)
{
    struct sample *value;
    assert_null(read_more(*state, "", &value));
    assert_false(value->opt_flag.set || value->opt_count.set || value->opt_color.set || value->note_null);
    assert_true(!value->note && !value->corner && !value->ids && !value->more && !value->extra);
    assert_null(read_more(*state, ",'note':null,'optCount':null", &value));
    assert_true(value->note_null);
    assert_null(value->note);
    assert_false(value->opt_count.set);
    assert_issue(read_more(*state, ",'optFlag':null", &value), "optFlag", "invalid_type");
    assert_issue(read_replaced(*state, "'count':3,", ""), "count", "invalid_type");
    assert_issue(read_replaced(*state, "'count':3", "'count':null"), "count", "invalid_type");
}

static void limits_are_inclusive(void **state)
{
    const struct {
        const char *from, *to, *path, *code;
    } cases[] = {
        {"'count':3", "'count':9", NULL, NULL},
        {"'count':3", "'count':3.0", NULL, NULL},
        {"'count':3", "'count':10", "count", "too_big"},
        {"'count':3", "'count':-1", "count", "too_small"},
        {"'count':3", "'count':1.5", "count", "invalid_type"},
        {"'count':3", "'count':'3'", "count", "invalid_type"},
        {"'ratio':0.5", "'ratio':90", NULL, NULL},
        {"'ratio':0.5", "'ratio':90.001", "ratio", "too_big"},
        {"'flag':true", "'flag':1", "flag", "invalid_type"},
        {"anna", "ännäé", NULL, NULL}, /* code points, not bytes */
        {"anna", "annabe", "name", "too_big"},
        {"anna", "", "name", "too_small"},
        {"a@b.ch", "a@b@ch", "email", "invalid_format"},
        {"00000000-0000-4000-8000-000000000001", "1", "id", "invalid_format"},
        {"2024-05-01T12:00:00Z", "yesterday", "at", "invalid_format"},
        {"green", "Green", "color", "invalid_value"},
        {"[{'label':'p','x':1}]", "[]", "points", "too_small"},
        {"[{'label':'p','x':1}]", "{}", "points", "invalid_type"},
        {"[{'label':'p','x':1}]", "[{'label':'p','x':1},{'label':'p'}]", "points.1.x", "invalid_type"},
        {"[{'label':'p','x':1}]", "[7]", "points.0", "invalid_type"},
        {"'x':1}]", "'x':1}],'ids':['00000000-0000-4000-8000-000000000001','x']", "ids.1", "invalid_format"},
        {"'x':1}]", "'x':1}],'counts':[1,2,3,4]", "counts", "too_big"},
        {"'x':1}]", "'x':1}],'corner':null", "corner", "invalid_type"},
        {"'x':1}]", "'x':1}],'born':'2023-02-29'", "born", "invalid_format"},
    };
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_err *err = read_replaced(*state, cases[i].from, cases[i].to);
        if (cases[i].path)
            assert_issue(err, cases[i].path, cases[i].code);
        else
            assert_null(err);
    }
}

static void tells_several_issues_but_not_thousands(void **state)
{
    struct sp_op *op = *state;
    struct sample *value = NULL;
    struct sp_err *err = read_text(op, "{}", &value);
    assert_issue(err, "flag", "invalid_type");
    assert_string_equal(err->issues->next->path, "count");
    assert_null(value);
    const char *points_text = "{'label':'toolong','x':1}";
    for (int i = 1; i < 40; i++)
        points_text = sp_format(op, "%s,{'label':'toolong','x':1}", points_text);
    err = read_replaced(op, "{'label':'p','x':1}", points_text);
    int count = 0;
    for (const struct sp_issue *issue = err->issues; issue; issue = issue->next)
        count++;
    assert_int_equal(count, 20);
}

static void refuses_what_is_no_object(void **state)
{
    struct sample *value;
    assert_issue(read_text(*state, "[]", &value), "", "invalid_type");
    assert_issue(read_text(*state, "null", &value), "", "invalid_type");
}

/* Whatever allocation fails, the answer is an error and never half a struct. */
static void survives_without_memory(void **state)
{
    struct sample *value = NULL;
    for (long n = 1; !value; n++) {
        assert_true(n < 200);
        struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
        assert_non_null(op);
        sp_heap_fail_nth(n);
        struct sp_err *err = read_more(op, ",'ids':[],'corner':{'label':'c','x':2}", &value);
        sp_heap_fail_nth(0);
        assert_true((err == NULL) == (value != NULL));
        sp_op_destroy(op);
    }
}

static void budget_is_an_error(void **state)
{
    for (size_t budget = 1024; budget < 16384; budget += 64) {
        struct sp_op *op = sp_op_create(budget);
        struct sample *value = NULL;
        if (!op)
            continue;
        struct sp_err *err = read_more(op, ",'counts':[1,2,3],'extra':{'a':'b'}", &value);
        assert_true((err == NULL) == (value != NULL));
        sp_op_destroy(op);
    }
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
        cmocka_unit_test_setup_teardown(absent_is_not_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_are_inclusive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_several_issues_but_not_thousands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_no_object, set_up, tear_down),
        cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(budget_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
