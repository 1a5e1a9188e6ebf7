/* Parsing of the request target; see target.h. */
#include "http/target.h"

#include <string.h>
#include <strings.h>

#include "base/encode.h"
#include "base/err.h"
#include "base/op.h"

static struct sp_err *check_characters(struct sp_op *op, const char *raw)
{
    for (; *raw; raw++) {
        unsigned char c = (unsigned char)*raw;
        if (c <= ' ' || c >= 0x7f || c == '#')
            return sp_fail(op, SP_INVALID, "The request target has a character that must be percent-encoded.");
    }
    return NULL;
}

/* "http://host/path" -> "/path"; NULL: neither form. */
static const char *skip_authority(const char *raw)
{
    if (raw[0] == '/')
        return raw;
    size_t scheme = strncasecmp(raw, "http://", 7) == 0 ? 7 : strncasecmp(raw, "https://", 8) == 0 ? 8 : 0;
    if (!scheme)
        return NULL;
    const char *rest = raw + scheme + strcspn(raw + scheme, "/?");
    if (rest == raw + scheme)
        return NULL;
    return *rest ? rest : "/";
}

static struct sp_err *decode(struct sp_op *op, const char *text, size_t length, bool plus_is_space,
                             const char **ret_text)
{
    char *copy = sp_strndup(op, text, length);
    SP_OWN(copy);
    if (!sp_percent_decode(copy, plus_is_space))
        return sp_fail(op, SP_INVALID, "The request target has an escape that is no UTF-8 text.");
    *ret_text = copy;
    return NULL;
}

static struct sp_err *parse_path(struct sp_op *op, const char *path, size_t length, struct http_target *target)
{
    SP_TRY(decode(op, path, length, false, &target->path));
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += path[i] == '/';
    if (count > HTTP_SEGMENTS_MAX)
        return sp_fail(op, SP_INVALID, "The request target has more than %d segments.", HTTP_SEGMENTS_MAX);
    SP_NEW_ARRAY(op, target->segments, count);
    const char *end = path + length;
    for (const char *at = path; at < end;) {
        const char *start = at + 1; /* behind the slash */
        at = memchr(start, '/', (size_t)(end - start));
        if (!at)
            at = end;
        SP_TRY(decode(op, start, (size_t)(at - start), false, &target->segments[target->segment_count++]));
    }
    return NULL;
}

static struct sp_err *parse_query(struct sp_op *op, const char *query, struct http_target *target)
{
    size_t count = 1;
    for (const char *c = query; *c; c++)
        count += *c == '&';
    if (count > HTTP_QUERY_PAIRS_MAX)
        return sp_fail(op, SP_INVALID, "The query has more than %d parameters.", HTTP_QUERY_PAIRS_MAX);
    SP_NEW_ARRAY(op, target->query, count);
    while (*query) {
        size_t length = strcspn(query, "&");
        size_t name = strcspn(query, "&=");
        if (length) {
            struct http_pair *pair = &target->query[target->query_count++];
            size_t value = name < length ? name + 1 : length;
            SP_TRY(decode(op, query, name, true, &pair->name));
            SP_TRY(decode(op, query + value, length - value, true, &pair->value));
        }
        query += length + (query[length] == '&');
    }
    return NULL;
}

struct sp_err *http_target_parse(struct sp_op *op, const char *raw, struct http_target *ret_target)
{
    SP_TRY(check_characters(op, raw));
    const char *path = skip_authority(raw);
    if (!path)
        return sp_fail(op, SP_INVALID, "The request target must be a path.");
    size_t length = strcspn(path, "?");
    struct http_target target = {0};
    if (length == 0) /* "http://host?query" */
        SP_TRY(parse_path(op, "/", 1, &target));
    else
        SP_TRY(parse_path(op, path, length, &target));
    if (path[length] == '?')
        SP_TRY(parse_query(op, path + length + 1, &target));
    *ret_target = target;
    return NULL;
}

const char *http_target_query(const struct http_target *target, const char *name, size_t index)
{
    for (size_t i = 0; i < target->query_count; i++)
        if (strcmp(target->query[i].name, name) == 0 && index-- == 0)
            return target->query[i].value;
    return NULL;
}
