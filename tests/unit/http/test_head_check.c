/* Rules for request heads, and the look at the bytes between the fields (libmicrohttpd 0.9.75). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "http/head_check.h"

/* "Name: value\nName: value" -> the status of the refusal, 0 when accepted. */
static int check(const char *version, const char *text, struct http_head *ret_head)
{
    static char copy[64 << 10];
    static struct http_field fields[512];
    size_t count = 0;
    snprintf(copy, sizeof(copy), "%s", text);
    for (char *line = copy; line && *line;) {
        char *end = strchr(line, '\n'), *colon = strstr(line, ": ");
        if (end)
            *end = '\0';
        assert_non_null(colon);
        *colon = '\0';
        fields[count++] = (struct http_field){line, colon + 2};
        line = end ? end + 1 : NULL;
    }
    const struct http_refusal *refusal = http_head_check(version, fields, count, ret_head);
    return refusal ? refusal->status : 0;
}

static void accepts_and_reads(void **state)
{
    struct http_head head;
    assert_int_equal(check("HTTP/1.1", "Host: [::1]:80\nContent-Length: 0012\nExpect: 100-Continue", &head), 0);
    assert_int_equal(head.content_length, 12);
    assert_true(head.expects_continue);
    assert_false(head.chunked);
    assert_string_equal(http_head_value(&head, "HOST"), "[::1]:80");
    assert_null(http_head_value(&head, "hos"));
    assert_int_equal(check("HTTP/1.1", "host: x\ntransfer-encoding: Chunked", &head), 0);
    assert_true(head.chunked);
    assert_int_equal(head.content_length, -1);
    assert_int_equal(check("HTTP/1.0", "Content-Length: 9223372036854775807\nExpect: 100-continue", &head), 0);
    assert_int_equal(head.content_length, INT64_MAX);
    assert_false(head.expects_continue);
}

static void refuses(void **state)
{
    const struct {
        int status;
        const char *version, *text;
    } rows[] = {
        {400, "HTTP/1.1", ""},
        {400, "HTTP/1.1", "Host: a\nHost: a"},
        {400, "HTTP/1.1", "Host: a b"},
        {400, "HTTP/1.1", "Host: a\nContent-Length: 1\nContent-Length: 1"},
        {400, "HTTP/1.1", "Host: a\nContent-Length: 9223372036854775808"},
        {400, "HTTP/1.1", "Host: a\nContent-Length: 1 "},
        {400, "HTTP/1.1", "Host: a\nContent-Length: -1"},
        {400, "HTTP/1.1", "Host: a\nContent-Length: "},
        {400, "HTTP/1.1", "Host: a\nContent-Length: 1\nTransfer-Encoding: chunked"},
        {501, "HTTP/1.1", "Host: a\nTransfer-Encoding: gzip"},
        {501, "HTTP/1.1", "Host: a\nTransfer-Encoding: chunked, chunked"},
        {501, "HTTP/1.1", "Host: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked"},
        {400, "HTTP/1.0", "Host: a\nTransfer-Encoding: chunked"},
        {400, "HTTP/1.1", "Host: a\nTransfer-Encoding : chunked"},
        {400, "HTTP/1.1", "Host: a\nX\xc3\xa4: 1"},
        {400, "HTTP/1.1", "Host: a\nX(: 1"},
        {400, "HTTP/1.1", "Host: a\n: 1"},
        {400, "HTTP/1.1", "Host: a\nX: \x01"},
        {400, "HTTP/1.1", "Host: a\nX: a\rb"},
        {417, "HTTP/1.1", "Host: a\nExpect: the best"},
    };
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct http_head head = {.content_length = 77};
        assert_int_equal(check(rows[i].version, rows[i].text, &head), rows[i].status);
        assert_int_equal(head.content_length, 77);
    }
}

static void bounds_number_and_size(void **state)
{
    static char many[64 << 10], large[HTTP_HEADER_BYTES_MAX + 64] = "Host: a\nX: ";
    struct http_head head;
    strcpy(many, "Host: a");
    for (int i = 1; i < HTTP_HEADERS_MAX; i++)
        strcat(many, "\nX: 1");
    assert_int_equal(check("HTTP/1.1", many, &head), 0);
    strcat(many, "\nX: 1");
    assert_int_equal(check("HTTP/1.1", many, &head), 431);
    size_t overhead = strlen("Host") + strlen("a") + strlen("X") + 2 * 4;
    memset(large + strlen("Host: a\nX: "), 'x', HTTP_HEADER_BYTES_MAX - overhead);
    assert_int_equal(check("HTTP/1.1", large, &head), 0);
    strcat(large, "x");
    assert_int_equal(check("HTTP/1.1", large, &head), 431);
}

/* Zeroes what libmicrohttpd zeroes and finds the fields as it does. */
static bool strict(const char *raw, size_t size)
{
    static char head[4096];
    struct http_field fields[16];
    size_t count = 0;
    memcpy(head, raw, size);
    for (size_t i = 0; i < size; i++)
        if (head[i] == '\n') {
            head[i] = '\0';
            if (i && head[i - 1] == '\r')
                head[i - 1] = '\0';
        }
    const char *at = head + strlen(head); /* behind the version */
    while (at < head + size && count < 16) {
        while (at < head + size && *at == '\0')
            at++;
        if (at == head + size)
            break;
        char *colon = strchr(at, ':');
        if (!colon)
            return false;
        *colon = '\0';
        fields[count].name = at;
        at = colon + 1 + strspn(colon + 1, " \t");
        fields[count++].value = at;
        at += strlen(at);
    }
    return http_head_is_strict(head, fields, count, head + size);
}

#define STRICT(text) strict(text, sizeof(text) - 1)

static void sees_lines_that_are_not_strict(void **state)
{
    assert_true(STRICT("HTTP/1.1\r\nHost: x\r\nA:b\r\nB: \t c\r\nEmpty:\r\n\r\n"));
    assert_true(STRICT("HTTP/1.1\r\n\r\n"));
    assert_false(STRICT("HTTP/1.1\nHost: x\r\n\r\n"));
    assert_false(STRICT("HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"));
    assert_false(STRICT("HTTP/1.1\r\nHost: x\r\nA: b\r\n\n"));
    assert_false(STRICT("HTTP/1.1\r\nHost: x\r\nA: b\n\n"));
    assert_false(STRICT("HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"));
    assert_false(STRICT("HTTP/1.1\r\nHost: x\r\nA: b\0\0C: d\r\nE: f\r\n\r\n\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(bounds_number_and_size),
        cmocka_unit_test(sees_lines_that_are_not_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
