/* Structs into JSON: what is missing is left out or null, and a forgotten required field is an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/op.h"
#include "sample.h"

static struct sample filled(void)
{
    static struct point points_items[] = {{"p", 1}, {"q", 2}};
    return (struct sample){
        .flag = true,
        .count = 3,
        .ratio = 0.25,
        .name = "anna",
        .email = "a@b.ch",
        .color = GREEN,
        .points = {points_items, 2},
    };
}

static struct sp_err *write_sample(struct sp_op *op, const struct sample *value, struct sp_buf *buf)
{
    struct sp_json_writer writer;
    sp_buf_init(buf, 65536);
    sp_json_init(&writer, buf);
    return schema_write(op, &sample, value, &writer);
}

static void leaves_out_or_writes_null(void **state)
{
    struct sample value = filled();
    struct sp_buf buf;
    assert_null(write_sample(*state, &value, &buf));
    assert_string_equal(buf.data,
                        "{\"flag\":true,\"count\":3,\"ratio\":0.25,\"name\":\"anna\",\"email\":\"a@b.ch\","
                        "\"id\":\"00000000-0000-0000-0000-000000000000\",\"at\":\"1970-01-01T00:00:00.000Z\","
                        "\"color\":\"green\",\"points\":[{\"label\":\"p\",\"x\":1},{\"label\":\"q\",\"x\":2}],"
                        "\"optCount\":null,\"note\":null}");
    sp_buf_finish(&buf);
}

static void writes_what_is_set(void **state)
{
    struct sample value = filled();
    struct sp_opt_i64 counts_items[] = {SP_SET(1), {0}};
    const char *texts[] = {"a", "2"};
    struct sp_text_list stacks_items[] = {{texts, 2}, {0}};
    value.opt_flag = (struct sp_opt_bool)SP_SET(false);
    value.opt_color = (struct opt_color)SP_SET(BLUE);
    value.note = "n\"";
    value.corner = &(struct point){"c", 9};
    value.ids = &(struct sp_uuid_list){0};
    value.counts = &(struct sp_opt_i64_list){counts_items, 2};
    value.stacks = &(struct sp_text_list_list){stacks_items, 2};
    value.extra = "{\"k\":1}";
    struct sp_buf buf;
    assert_null(write_sample(*state, &value, &buf));
    assert_non_null(strstr(buf.data, ",\"optFlag\":false,\"optCount\":null,\"optColor\":\"blue\",\"note\":\"n\\\"\","
                                     "\"corner\":{\"label\":\"c\",\"x\":9},\"ids\":[],\"counts\":[1,null],"
                                     "\"stacks\":[[\"a\",\"2\"],null],\"extra\":{\"k\":1}}"));
    sp_buf_finish(&buf);
}

static void names_a_forgotten_field(void **state)
{
    struct sample value = filled();
    value.email = NULL;
    struct sp_buf buf;
    struct sp_err *err = write_sample(*state, &value, &buf);
    assert_non_null(err);
    assert_int_equal(err->code, SP_INTERNAL);
    assert_non_null(strstr(err->detail, "email"));
    sp_buf_finish(&buf);
    value = filled();
    value.color = (enum color)7;
    assert_non_null(write_sample(*state, &value, &buf));
    sp_buf_finish(&buf);
    value = filled();
    value.points.items[1].label = NULL;
    assert_non_null(write_sample(*state, &value, &buf));
    value.points.items[1].label = "q";
    sp_buf_finish(&buf);
}

static void writes_a_bare_list(void **state)
{
    struct point items[] = {{"p", 1}};
    struct point_list list = {items, 1};
    struct sp_buf buf;
    struct sp_json_writer writer;
    sp_buf_init(&buf, 1000);
    sp_json_init(&writer, &buf);
    assert_null(schema_write(*state, &points, &list, &writer));
    assert_string_equal(buf.data, "[{\"label\":\"p\",\"x\":1}]");
    sp_buf_finish(&buf);
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
        cmocka_unit_test_setup_teardown(leaves_out_or_writes_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_what_is_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_a_forgotten_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_a_bare_list, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
