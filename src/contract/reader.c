/* Issues, storage and the scalar kinds, for both readers. Any thread. */
#include "contract/reader.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/op.h"
#include "contract/email.h"

enum { PATH_STEPS_MAX = 2 * SP_JSON_DEPTH_MAX, ENUM_MESSAGE_TEXTS_MAX = 12, DATE_LENGTH = 10 };

static const char *path_text(struct sp_op *op, const struct schema_path *path)
{
    const char *text = "";
    for (int steps = 0; path && text && steps < PATH_STEPS_MAX; path = path->up, steps++) {
        const char *dot = *text ? "." : "";
        text = path->name ? sp_format(op, "%s%s%s", path->name, dot, text)
                          : sp_format(op, "%zu%s%s", path->index, dot, text);
    }
    return text ? text : "";
}

void schema_issue(struct schema_reader *reader, const struct schema_path *path, const char *code, const char *format,
                  ...)
{
    if (reader->stopped)
        return;
    va_list args;
    va_start(args, format);
    const char *message = sp_vformat(reader->op, format, args);
    va_end(args);
    reader->err = sp_err_issue(reader->op, reader->err, path_text(reader->op, path), code, message ? message : "");
    reader->stopped = ++reader->issues == SCHEMA_ISSUES_MAX || reader->err->code != SP_INVALID;
}

void *schema_alloc(struct schema_reader *reader, size_t count, size_t size)
{
    void *memory = sp_alloc(reader->op, count, size);
    if (!memory) {
        reader->err = sp_err_no_memory();
        reader->stopped = true;
    }
    return memory;
}

size_t schema_value_offset(enum schema_kind kind)
{
    switch (kind) {
    case SCHEMA_BOOLEAN:
        return offsetof(struct sp_opt_bool, value);
    case SCHEMA_INTEGER:
    case SCHEMA_DURATION:
        return offsetof(struct sp_opt_i64, value);
    case SCHEMA_NUMBER:
        return offsetof(struct sp_opt_f64, value);
    case SCHEMA_TIME:
        return offsetof(struct sp_opt_time, value);
    case SCHEMA_UUID:
        return offsetof(struct sp_opt_uuid, value);
    case SCHEMA_ENUM:
        return offsetof(struct schema_opt_enum, value);
    default:
        return 0;
    }
}

void *schema_place(struct schema_reader *reader, const struct schema_field *field, void *structure)
{
    char *at = (char *)structure + field->at;
    if (!(field->flags & (SCHEMA_OPTIONAL | SCHEMA_NULLABLE)))
        return at;
    if (field->type->kind == SCHEMA_ARRAY) {
        void *list = schema_alloc(reader, 1, sizeof(struct schema_list));
        memcpy(at, &list, sizeof(list));
        return list;
    }
    size_t offset = schema_value_offset(field->type->kind);
    if (offset)
        *(bool *)at = true;
    return at + offset;
}

void *schema_place_item(const struct schema_type *array, void *items, size_t index)
{
    char *at = (char *)items + index * array->size;
    size_t offset = array->nullable_items ? schema_value_offset(array->item->kind) : 0;
    if (offset)
        *(bool *)at = true;
    return at + offset;
}

bool schema_count_fits(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *array,
                       size_t count)
{
    if ((int64_t)count > array->max)
        schema_issue(reader, path, "too_big", "Must have at most %lld items", (long long)array->max);
    else if ((int64_t)count < array->min)
        schema_issue(reader, path, "too_small", "Must have at least %lld items", (long long)array->min);
    else
        return true;
    return false;
}

void schema_read_integer(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                         int64_t integer, void *ret_value)
{
    if (integer > type->max)
        schema_issue(reader, path, "too_big", "Must be at most %lld", (long long)type->max);
    else if (integer < type->min)
        schema_issue(reader, path, "too_small", "Must be at least %lld", (long long)type->min);
    else
        *(int64_t *)ret_value = integer;
}

void schema_read_number(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                        double number, void *ret_value)
{
    if (number > (double)type->max)
        schema_issue(reader, path, "too_big", "Must be at most %lld", (long long)type->max);
    else if (number < (double)type->min)
        schema_issue(reader, path, "too_small", "Must be at least %lld", (long long)type->min);
    else
        *(double *)ret_value = number;
}

static void read_plain(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                       const char *text, void *ret_value)
{
    int64_t length = (int64_t)sp_utf8_length(text);
    if (length > type->max)
        schema_issue(reader, path, "too_big", "Must have at most %lld characters", (long long)type->max);
    else if (length < type->min && type->min == 1)
        schema_issue(reader, path, "too_small", "Must not be empty");
    else if (length < type->min)
        schema_issue(reader, path, "too_small", "Must have at least %lld characters", (long long)type->min);
    else
        *(const char **)ret_value = text;
}

static void read_enum(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                      const char *text, void *ret_value)
{
    int found = schema_enum_find(type, text);
    if (found >= 0) {
        *(unsigned *)ret_value = (unsigned)found;
        return;
    }
    const char *list = type->texts[0];
    for (unsigned i = 1; i < type->count && i < ENUM_MESSAGE_TEXTS_MAX && list; i++)
        list = sp_format(reader->op, "%s, %s", list, type->texts[i]);
    schema_issue(reader, path, "invalid_value", "Must be one of: %s%s", list ? list : "",
                 type->count > ENUM_MESSAGE_TEXTS_MAX ? " …" : "");
}

static bool is_date(const char *text)
{
    sp_time_ms time;
    return strlen(text) == DATE_LENGTH && sp_time_parse(text, &time);
}

void schema_read_text(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                      const char *text, void *ret_value)
{
    switch (type->kind) {
    case SCHEMA_TEXT:
        read_plain(reader, path, type, text, ret_value);
        return;
    case SCHEMA_ENUM:
        read_enum(reader, path, type, text, ret_value);
        return;
    case SCHEMA_EMAIL:
        if (!schema_is_email(text))
            break;
        *(const char **)ret_value = text;
        return;
    case SCHEMA_DATE:
        if (!is_date(text))
            break;
        *(const char **)ret_value = text;
        return;
    case SCHEMA_TIME:
        if (!sp_time_parse(text, ret_value))
            break;
        return;
    case SCHEMA_UUID:
        if (!sp_uuid_parse(text, ret_value))
            break;
        return;
    default:
        sp_assert(!"a kind whose JSON is no string");
    }
    static const char *const wanted[] = {[SCHEMA_EMAIL] = "an e-mail address",
                                         [SCHEMA_DATE] = "a date, YYYY-MM-DD",
                                         [SCHEMA_TIME] = "an ISO 8601 date and time with its zone",
                                         [SCHEMA_UUID] = "a UUID"};
    schema_issue(reader, path, "invalid_format", "Must be %s", wanted[type->kind]);
}
