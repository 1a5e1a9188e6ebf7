/* multipart/form-data in pieces of every size, from the clients that matter, and against its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/op.h"
#include "http/multipart.h"
#include "http/server.h"

/* What the sink saw, as text: "[name|file|type]data…" */
static struct sp_buf seen;
static int fail_at; /* the sink's call that fails; 0: none */

static struct sp_err *count_down(void) { return fail_at && --fail_at == 0 ? sp_err_no_memory() : NULL; }

static struct sp_err *on_part(void *context, const struct http_part *part)
{
    sp_buf_printf(&seen, "[%s|%s|%s]", part->name, part->file_name ? part->file_name : "-",
                  part->content_type ? part->content_type : "-");
    return count_down();
}

static struct sp_err *on_data(void *context, const void *data, size_t size)
{
    assert_true(size > 0);
    sp_buf_append(&seen, data, size);
    return count_down();
}

/* The result's code, or -1 for success. */
static int feed(const char *type, const char *body, size_t size, size_t piece)
{
    const struct http_multipart_sink sink = {.part = on_part, .data = on_data};
    struct http_multipart *multipart;
    struct sp_op *op = sp_op_create(8 << 20);
    sp_buf_clear(&seen);
    struct sp_err *err = http_multipart_create(op, type, &sink, &multipart);
    for (size_t at = 0; !err && at < size; at += piece)
        err = http_multipart_feed(multipart, body + at, size - at < piece ? size - at : piece);
    if (!err)
        err = http_multipart_finish(multipart);
    int code = err ? (int)err->code : -1;
    sp_op_destroy(op);
    return code;
}

#define TYPE "multipart/form-data; boundary=xyz"
#define PART(headers, data) "--xyz\r\n" headers "\r\n\r\n" data "\r\n"
#define NAMED(name, data) PART("Content-Disposition: form-data; name=" name, data)
#define END "--xyz--\r\n"

static void expect(const char *body, const char *expected)
{
    for (size_t piece = 1; piece <= strlen(body); piece++) {
        assert_int_equal(feed(TYPE, body, strlen(body), piece), -1);
        assert_string_equal(seen.size ? seen.data : "", expected);
    }
}

static void parses_pieces_of_every_size(void **state)
{
    expect(NAMED("a", "1") NAMED("\"b\"", "") END, "[a|-|-]1[b|-|-]");
    expect(PART("Content-Disposition: form-data; name=\"f\"; filename=\"x.jpg\"\r\nContent-Type: image/jpeg",
                "\r\n--xy\r\n--xyx\r--xyz\n--xyz\r\r\n-\r\n--\r\n") END,
           "[f|x.jpg|image/jpeg]\r\n--xy\r\n--xyx\r--xyz\n--xyz\r\r\n-\r\n--\r\n");
    expect("preamble\r\n" NAMED("a", "1") "--xyz--epilogue\r\n--xyz\r\nnot a part", "[a|-|-]1");
    expect("--xyz \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--xyz--", "[a|-|-]1");
    expect(END, "");
    expect(PART("X-Other: 1\r\ncontent-disposition:form-data;name=a\r\nContent-Transfer-Encoding: binary", "\r") END,
           "[a|-|-]\r");
}

static void reads_names_as_clients_write_them(void **state)
{
    expect(NAMED("\"f\"; filename=\"a%22b%0D%0Ac%20d.jpg\"", "") END, "[f|a\"b\r\nc%20d.jpg|-]"); /* browsers, undici */
    expect(NAMED("\"f\"; filename=\"a\\\"b\\\\c.jpg\"", "") END, "[f|a\"b\\c.jpg|-]");            /* curl */
    expect(NAMED("\"f\"; filename=\"Zürich.jpg\"", "") END, "[f|Zürich.jpg|-]");
    expect(NAMED("\"f\"; filename=\"x\"; filename*=utf-8''Z%C3%BCrich.jpg", "") END, "[f|Zürich.jpg|-]");
    expect(NAMED("f; filename*=UTF-8''%ff; filename=plain", "") END, "[f|plain|-]");
    expect(NAMED("\"\"; filename=\"\"", "") END, "[||-]");
    expect(NAMED("f; filename=\"100%\"", "") END, "[f|100%|-]");
}

static void refuses_what_is_malformed(void **state)
{
    const char *bad[] = {
        "",
        "--xyz",
        "--xyz-",
        "--xyzz\r\n",
        "--xyz\rx",
        "--xyz\r\n",
        "--xyz\r\n\r\n",
        NAMED("a", "1"),
        PART("Content-Type: text/plain", "1") END,
        PART("Content-Disposition: attachment; name=a", "1") END,
        PART("Content-Disposition: form-data", "1") END,
        PART("Content-Disposition form-data; name=a", "1") END,
        PART(": form-data; name=a", "1") END,
        PART("Content-Disposition : form-data; name=a", "1") END,
        PART("Content-Disposition: form-data;\r\n name=a", "1") END,
        PART("Content-Disposition: form-data; name=a\nX: 1", "1") END,
        PART("Content-Disposition: form-data; name=\"\xff\"", "1") END,
        PART("Content-Disposition: form-data; name=a\r\nContent-Type: \xff", "1") END,
    };
    for (size_t i = 0; i < SP_COUNT(bad); i++)
        for (size_t piece = 1; piece < 40; piece += 13)
            assert_int_equal(feed(TYPE, bad[i], strlen(bad[i]), piece), SP_INVALID);
    static const char nul[] = "--xyz\r\nContent-Disposition: form-data; name=a\0b\r\n\r\n\r\n" END;
    assert_int_equal(feed(TYPE, nul, sizeof(nul) - 1, 100), SP_INVALID);
}

static void refuses_types(void **state)
{
    assert_int_equal(feed("multipart/mixed; boundary=xyz", END, strlen(END), 99), SP_UNSUPPORTED);
    assert_int_equal(feed("multipart/form-data", END, strlen(END), 99), SP_INVALID);
    assert_int_equal(feed("multipart/form-data; boundary=\"\"", END, strlen(END), 99), SP_INVALID);
    char type[HTTP_BOUNDARY_MAX + 64] = "multipart/form-data; boundary=";
    memset(type + strlen(type), 'b', HTTP_BOUNDARY_MAX);
    assert_int_equal(feed(type, "x", 1, 99), SP_INVALID); /* the boundary is taken, the body is none */
    strcat(type, "b");
    assert_int_equal(feed(type, "x", 1, 99), SP_INVALID);
}

static void keeps_its_limits(void **state)
{
    static char body[4 << 20];
    size_t size = 0;
    for (int i = 0; i < HTTP_PARTS_MAX; i++)
        size += (size_t)sprintf(body + size, NAMED("a", "1"));
    strcpy(body + size, END);
    assert_int_equal(feed(TYPE, body, strlen(body), 4096), -1);
    strcpy(body + size, NAMED("a", "1") END);
    assert_int_equal(feed(TYPE, body, strlen(body), 4096), SP_TOO_LARGE);

    const char *start = "--xyz\r\nContent-Disposition: form-data; name=a\r\nX: ";
    size_t rest = HTTP_PART_HEADER_BYTES_MAX - (strlen(start) - strlen("--xyz\r\n")) - strlen("\r\n\r\n");
    sprintf(body, "%s%0*d\r\n\r\n1\r\n" END, start, (int)rest, 7);
    assert_int_equal(feed(TYPE, body, strlen(body), 999), -1);
    sprintf(body, "%s%0*d\r\n\r\n1\r\n" END, start, (int)rest + 1, 7);
    assert_int_equal(feed(TYPE, body, strlen(body), 999), SP_TOO_LARGE);

    sprintf(body, NAMED("a", "%0*d") END, HTTP_TEXT_PART_BYTES_MAX, 7);
    assert_int_equal(feed(TYPE, body, strlen(body), 70000), -1);
    sprintf(body, NAMED("a", "%0*d") END, HTTP_TEXT_PART_BYTES_MAX + 1, 7);
    assert_int_equal(feed(TYPE, body, strlen(body), 70000), SP_TOO_LARGE);
    sprintf(body, NAMED("a; filename=x", "%0*d") END, HTTP_TEXT_PART_BYTES_MAX + 1, 7);
    assert_int_equal(feed(TYPE, body, strlen(body), 70000), -1); /* a file has the route's limit */
}

static void passes_the_sinks_errors_on(void **state)
{
    const char *body = NAMED("a", "1") NAMED("b", "2") END;
    for (int call = 1; call <= 4; call++) {
        fail_at = call;
        assert_int_equal(feed(TYPE, body, strlen(body), 1000), SP_UNAVAILABLE);
    }
    fail_at = 0;
    assert_int_equal(feed(TYPE, body, strlen(body), 1000), -1);
}

static int setup(void **state)
{
    sp_buf_init(&seen, 8 << 20);
    return 0;
}

static int teardown(void **state)
{
    sp_buf_finish(&seen);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_pieces_of_every_size),
        cmocka_unit_test(reads_names_as_clients_write_them),
        cmocka_unit_test(refuses_what_is_malformed),
        cmocka_unit_test(refuses_types),
        cmocka_unit_test(keeps_its_limits),
        cmocka_unit_test(passes_the_sinks_errors_on),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
