/* Cookies, and parameters of header values as real clients write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/op.h"
#include "http/cookie.h"
#include "http/header_value.h"

static struct sp_op *op;

static void assert_text(const char *got, const char *expected)
{
    if (expected)
        assert_string_equal(got, expected);
    else
        assert_null(got);
}

static void reads_cookies(void **state)
{
    const char *header = "a=1; immich_access_token=tok=en ;q=\"quoted\";empty=;flag; a=2";
    assert_text(http_cookie_value(op, header, "a"), "1");
    assert_text(http_cookie_value(op, header, "immich_access_token"), "tok=en");
    assert_text(http_cookie_value(op, header, "q"), "quoted");
    assert_text(http_cookie_value(op, header, "empty"), "");
    assert_text(http_cookie_value(op, header, "flag"), NULL);
    assert_text(http_cookie_value(op, header, "access_token"), NULL);
    assert_text(http_cookie_value(op, header, "A"), NULL);
    assert_text(http_cookie_value(op, "", "a"), NULL);
    assert_text(http_cookie_value(op, ";;; =x; a", "a"), NULL);
    assert_text(http_cookie_value(op, "a=\"", "a"), "\"");
}

static void reads_parameters(void **state)
{
    const struct {
        const char *value, *name, *text;
    } rows[] = {
        {"form-data; name=\"a\"; filename=\"b.jpg\"", "filename", "b.jpg"},
        {"form-data; name=\"a\"; filename=\"b.jpg\"", "name", "a"},
        {"form-data; name=a; filename=b.jpg", "filename", "b.jpg"},
        {"form-data; filename=\"a\\\"b\\\\c\"", "filename", "a\"b\\c"},
        {"form-data; filename=\"C:\\dir\\file.jpg\"", "filename", "C:\\dir\\file.jpg"},
        {"form-data; filename=\"semi;colon\"; name=x", "name", "x"},
        {"form-data; filename=\"name=fake\"; name=real", "name", "real"},
        {"form-data; NAME = \"a\"", "name", "a"},
        {"form-data;name=\"a\"", "name", "a"},
        {"form-data; name=\"unclosed", "name", "unclosed"},
        {"form-data; name=\"", "name", ""},
        {"form-data; name=\"\"", "name", ""},
        {"form-data; name=", "name", ""},
        {"form-data; name", "name", NULL},
        {"form-data", "name", NULL},
        {"form-data; xname=a", "name", NULL},
        {"multipart/form-data; boundary=----WebKitFormBoundaryAbC", "boundary", "----WebKitFormBoundaryAbC"},
        {"multipart/form-data; charset=utf-8; boundary=\"a b\"", "boundary", "a b"},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        assert_text(http_value_parameter(op, rows[i].value, rows[i].name), rows[i].text);
}

static void reads_extended_parameters(void **state)
{
    const struct {
        const char *value, *text;
    } rows[] = {
        {"form-data; filename*=UTF-8''Z%C3%BCrich%20%22.jpg", "Zürich \".jpg"},
        {"form-data; filename=\"x\"; filename*=utf-8'de'a", "a"},
        {"form-data; filename*=iso-8859-1'en'%A3%20rates", "£ rates"},
        {"form-data; filename*=UTF-8''%ff", NULL},
        {"form-data; filename*=UTF-8''a%00b", NULL},
        {"form-data; filename*=UTF-8''a%2", NULL},
        {"form-data; filename*=UTF-16''a", NULL},
        {"form-data; filename*=plain", NULL},
        {"form-data; filename=\"a\"", NULL},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        assert_text(http_value_extended_parameter(op, rows[i].value, "filename"), rows[i].text);
}

static void writes_dispositions(void **state)
{
    assert_text(http_disposition(op, true, "a b.jpg"), "attachment; filename=\"a b.jpg\"; filename*=UTF-8''a%20b.jpg");
    assert_text(http_disposition(op, false, "a\"\r\n\\ü/%.jpg"),
                "inline; filename=\"a________.jpg\"; filename*=UTF-8''a%22%0D%0A%5C%C3%BC%2F%25.jpg");
}

static void compares_types(void **state)
{
    assert_true(http_value_is("multipart/form-data; boundary=x", "multipart/form-data"));
    assert_true(http_value_is(" Multipart/Form-Data", "multipart/form-data"));
    assert_false(http_value_is("multipart/form-data2", "multipart/form-data"));
    assert_false(http_value_is("multipart", "multipart/form-data"));
}

static int setup(void **state)
{
    op = sp_op_create(1 << 20);
    return op ? 0 : -1;
}

static int teardown(void **state)
{
    sp_op_destroy(op);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_cookies),
        cmocka_unit_test(reads_parameters),
        cmocka_unit_test(reads_extended_parameters),
        cmocka_unit_test(writes_dispositions),
        cmocka_unit_test(compares_types),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
