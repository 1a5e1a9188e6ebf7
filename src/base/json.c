/* JSON in by yyjson, out by hand; see json.h. */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/op.h"

/* yyjson's realloc has the old size, so an arena can serve it. */
static void *arena_malloc(void *ctx, size_t size) { return sp_alloc(ctx, size, 1); }

static void *arena_realloc(void *ctx, void *old, size_t old_size, size_t size)
{
    if (size <= old_size)
        return old;
    void *block = sp_alloc(ctx, size, 1);
    if (block && old)
        memcpy(block, old, old_size);
    return block;
}

static void arena_free(void *ctx, void *block) { (void)ctx, (void)block; }

static bool too_deep(const char *text, size_t size)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > SP_JSON_DEPTH_MAX)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct sp_err *check_object(struct sp_op *op, yyjson_val *object)
{
    size_t count = yyjson_obj_size(object), index, max, n = 0;
    const char **keys = sp_alloc(op, count, sizeof(*keys));
    SP_OWN(keys);
    yyjson_val *key, *value;
    yyjson_obj_foreach (object, index, max, key, value) {
        (void)value;
        if (strlen(yyjson_get_str(key)) != yyjson_get_len(key))
            return sp_fail(op, SP_INVALID, "The JSON body holds a U+0000 character");
        keys[n++] = yyjson_get_str(key);
    }
    qsort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < n; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            return sp_fail(op, SP_INVALID, "The JSON body has the key \"%.100s\" twice", keys[i]);
    return NULL;
}

/* Every value of a document stands in one array; containers first. */
static struct sp_err *check_values(struct sp_op *op, yyjson_doc *doc)
{
    yyjson_val *value = yyjson_doc_get_root(doc);
    size_t count = yyjson_doc_get_val_count(doc);
    for (size_t i = 0; i < count; i++, value++) {
        if (yyjson_is_str(value) && memchr(yyjson_get_str(value), '\0', yyjson_get_len(value)))
            return sp_fail(op, SP_INVALID, "The JSON body holds a U+0000 character");
        if (yyjson_is_obj(value))
            SP_TRY(check_object(op, value));
    }
    return NULL;
}

struct sp_err *sp_json_parse(struct sp_op *op, const char *text, size_t size, yyjson_val **ret_root)
{
    if (too_deep(text, size))
        return sp_fail(op, SP_INVALID, "The JSON body is nested more than %d levels deep", SP_JSON_DEPTH_MAX);
    const yyjson_alc allocator = {arena_malloc, arena_realloc, arena_free, op};
    yyjson_read_err problem;
    /* without YYJSON_READ_INSITU the text is copied and not written to */
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text, size, YYJSON_READ_NOFLAG, &allocator, &problem);
    if (!doc && problem.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return sp_err_no_memory();
    if (!doc)
        return sp_fail(op, SP_INVALID, "The body is not valid JSON: %s at byte %zu", problem.msg, problem.pos);
    SP_TRY(check_values(op, doc));
    *ret_root = yyjson_doc_get_root(doc);
    return NULL;
}

bool sp_json_integer(yyjson_val *value, int64_t *ret_integer)
{
    int64_t integer;
    if (yyjson_is_uint(value)) {
        uint64_t raw = yyjson_get_uint(value);
        if (raw > (uint64_t)SP_JSON_INTEGER_MAX)
            return false;
        integer = (int64_t)raw;
    } else if (yyjson_is_sint(value)) {
        integer = yyjson_get_sint(value);
    } else if (yyjson_is_real(value)) {
        double real = yyjson_get_real(value);
        if (!(fabs(real) <= (double)SP_JSON_INTEGER_MAX) || real != floor(real))
            return false;
        integer = (int64_t)real;
    } else {
        return false;
    }
    if (integer > SP_JSON_INTEGER_MAX || integer < -SP_JSON_INTEGER_MAX)
        return false;
    *ret_integer = integer;
    return true;
}

void sp_json_init(struct sp_json_writer *writer, struct sp_buf *buf) { *writer = (struct sp_json_writer){.buf = buf}; }

char *sp_json_text(struct sp_op *op, yyjson_val *value)
{
    const yyjson_alc allocator = {arena_malloc, arena_realloc, arena_free, op};
    return yyjson_val_write_opts(value, YYJSON_WRITE_NOFLAG, &allocator, NULL, NULL);
}

static void before_value(struct sp_json_writer *writer)
{
    if (writer->need_comma)
        sp_buf_putc(writer->buf, ',');
    writer->need_comma = true;
}

static void open_container(struct sp_json_writer *writer, char c)
{
    before_value(writer);
    sp_buf_putc(writer->buf, c);
    writer->need_comma = false;
}

static void close_container(struct sp_json_writer *writer, char c)
{
    sp_buf_putc(writer->buf, c);
    writer->need_comma = true;
}

void sp_json_begin_object(struct sp_json_writer *writer) { open_container(writer, '{'); }
void sp_json_end_object(struct sp_json_writer *writer) { close_container(writer, '}'); }
void sp_json_begin_array(struct sp_json_writer *writer) { open_container(writer, '['); }
void sp_json_end_array(struct sp_json_writer *writer) { close_container(writer, ']'); }

/* Appends runs of plain characters at once; escapes what RFC 8259 section 7 demands, and '<' against HTML sniffers. */
static void quoted(struct sp_buf *buf, const char *text)
{
    sp_buf_putc(buf, '"');
    const char *run = text;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\' && c != '<')
            continue;
        sp_buf_append(buf, run, (size_t)(text - run));
        run = text + 1;
        if (c == '"' || c == '\\')
            sp_buf_append(buf, (char[]){'\\', (char)c}, 2);
        else if (c == '\n')
            sp_buf_append(buf, "\\n", 2);
        else
            sp_buf_printf(buf, "\\u%04x", c);
    }
    sp_buf_append(buf, run, (size_t)(text - run));
    sp_buf_putc(buf, '"');
}

void sp_json_key(struct sp_json_writer *writer, const char *key)
{
    before_value(writer);
    quoted(writer->buf, key);
    sp_buf_putc(writer->buf, ':');
    writer->need_comma = false;
}

void sp_json_null(struct sp_json_writer *writer)
{
    before_value(writer);
    sp_buf_append(writer->buf, "null", 4);
}

void sp_json_bool(struct sp_json_writer *writer, bool value)
{
    before_value(writer);
    sp_buf_puts(writer->buf, value ? "true" : "false");
}

void sp_json_int(struct sp_json_writer *writer, int64_t value)
{
    before_value(writer);
    sp_buf_printf(writer->buf, "%lld", (long long)value);
}

void sp_json_double(struct sp_json_writer *writer, double value)
{
    if (!isfinite(value)) {
        sp_json_null(writer);
        return;
    }
    before_value(writer);
    char text[32];
    snprintf(text, sizeof(text), "%.15g", value); /* the shortest that reads back the same, nearly always */
    double back = strtod(text, NULL);
    if (back < value || back > value)
        snprintf(text, sizeof(text), "%.17g", value);
    sp_buf_puts(writer->buf, text);
}

void sp_json_string(struct sp_json_writer *writer, const char *text)
{
    if (!text) {
        sp_json_null(writer);
        return;
    }
    before_value(writer);
    quoted(writer->buf, text);
}

void sp_json_time(struct sp_json_writer *writer, sp_time_ms time)
{
    char text[SP_ISO_TIME_BYTES];
    sp_time_format(time, text);
    sp_json_string(writer, text);
}

void sp_json_uuid(struct sp_json_writer *writer, const struct sp_uuid *uuid)
{
    char text[SP_UUID_TEXT_BYTES];
    sp_uuid_format(uuid, text);
    sp_json_string(writer, text);
}

void sp_json_raw(struct sp_json_writer *writer, const char *json, size_t size)
{
    before_value(writer);
    sp_buf_append(writer->buf, json, size);
}
