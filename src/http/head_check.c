/* Strictness for request heads; see head_check.h. */
#include "http/head_check.h"

#include <string.h>
#include <strings.h>

enum { BLANKS_MAX = 1024 };

static const struct http_refusal bad_name = {400, "A header's name has a character that is not allowed there."};
static const struct http_refusal bad_value = {400, "A header's value has a control character."};
static const struct http_refusal too_many = {431, "The request has too many headers."};
static const struct http_refusal too_large = {431, "The request's headers are too large."};
static const struct http_refusal bad_length = {400, "Content-Length must be one plain number."};
static const struct http_refusal bad_coding = {501, "The only Transfer-Encoding that is supported is one \"chunked\"."};
static const struct http_refusal both_framings = {400, "Transfer-Encoding and Content-Length exclude each other."};
static const struct http_refusal old_chunked = {400, "HTTP/1.0 has no Transfer-Encoding."};
static const struct http_refusal bad_host = {400, "A request needs exactly one valid Host header."};
static const struct http_refusal bad_expect = {417, "The only expectation that is supported is 100-continue."};

/* RFC 9110 section 5.6.2 */
static bool is_token(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++) {
        char c = *text;
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!alnum && !strchr("!#$%&'*+-.^_`|~", c))
            return false;
    }
    return true;
}

static bool has_control(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

static bool is_host(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= ' ' || c >= 0x7f || strchr("/?#@\\\"<>,", c))
            return false;
    }
    return true;
}

static bool parse_length(const char *text, int64_t *ret_length)
{
    int64_t length = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(length, 10, &length) ||
            __builtin_add_overflow(length, *text - '0', &length))
            return false;
    }
    *ret_length = length;
    return true;
}

static const struct http_refusal *check_fields(const struct http_field *fields, size_t count)
{
    size_t bytes = 0;
    if (count > HTTP_HEADERS_MAX)
        return &too_many;
    for (size_t i = 0; i < count; i++) {
        bytes += strlen(fields[i].name) + strlen(fields[i].value) + 4;
        if (bytes > HTTP_HEADER_BYTES_MAX)
            return &too_large;
        if (!is_token(fields[i].name))
            return &bad_name;
        if (has_control(fields[i].value))
            return &bad_value;
    }
    return NULL;
}

const struct http_refusal *http_head_check(const char *version, const struct http_field *fields, size_t count,
                                           struct http_head *ret_head)
{
    const struct http_refusal *refusal = check_fields(fields, count);
    if (refusal)
        return refusal;
    struct http_head head = {.fields = fields, .field_count = count, .content_length = -1};
    bool old = strcmp(version, "HTTP/1.0") == 0;
    unsigned hosts = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = fields[i].name, *value = fields[i].value;
        if (strcasecmp(name, "content-length") == 0) {
            if (head.content_length >= 0 || !parse_length(value, &head.content_length))
                return &bad_length;
        } else if (strcasecmp(name, "transfer-encoding") == 0) {
            if (head.chunked || strcasecmp(value, "chunked") != 0)
                return &bad_coding;
            head.chunked = true;
        } else if (strcasecmp(name, "host") == 0) {
            if (hosts++ || !is_host(value))
                return &bad_host;
        } else if (strcasecmp(name, "expect") == 0) {
            if (strcasecmp(value, "100-continue") != 0)
                return &bad_expect;
            head.expects_continue = !old;
        }
    }
    if (head.chunked && head.content_length >= 0)
        return &both_framings;
    if (head.chunked && old)
        return &old_chunked;
    if (!hosts && !old)
        return &bad_host;
    *ret_head = head;
    return NULL;
}

/* Two zeroed bytes (CR, LF) at at; they are only read below end. */
static bool line_ends(const char *at, const char *end) { return end - at >= 2 && at[0] == '\0' && at[1] == '\0'; }

bool http_head_is_strict(const char *version, const struct http_field *fields, size_t count, const char *end)
{
    const char *at = version + strlen(version);
    for (size_t i = 0; i < count; i++) {
        if (!line_ends(at, end) || fields[i].name != at + 2)
            return false;
        const char *colon = fields[i].name + strlen(fields[i].name);
        if (fields[i].value <= colon || fields[i].value - colon > BLANKS_MAX || fields[i].value >= end)
            return false;
        for (const char *blank = colon + 1; blank < fields[i].value; blank++)
            if (*blank != ' ' && *blank != '\t')
                return false;
        at = fields[i].value + strlen(fields[i].value);
    }
    return line_ends(at, end) && line_ends(at + 2, end) && at + 4 == end;
}

const char *http_head_value(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (strcasecmp(head->fields[i].name, name) == 0)
            return head->fields[i].value;
    return NULL;
}
