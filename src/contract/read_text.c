/* Named texts (path, query, headers, fields of a form) into structs, by their tables. Any thread. */
#include "contract/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/op.h"
#include "contract/reader.h"

/* Far above any parameter; what is longer is no number. */
enum { NUMBER_MAX_CHARACTERS = 40 };

static bool parse_integer(const char *text, int64_t *ret_integer)
{
    const char *digits = text + (*text == '-');
    size_t count = strspn(digits, "0123456789");
    if (count == 0 || count > 16 || digits[count] != '\0')
        return false;
    *ret_integer = strtoll(text, NULL, 10);
    return true;
}

static bool parse_number(const char *text, double *ret_number)
{
    size_t length = strspn(text, "0123456789+-.eE");
    if (length == 0 || length > NUMBER_MAX_CHARACTERS || text[length] != '\0')
        return false;
    char *end;
    double number = strtod(text, &end);
    if (*end != '\0' || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

/* "00:01:02.500000": what older phone apps send for a video's length. */
static bool parse_clock(const char *text, int64_t *ret_ms)
{
    unsigned hours, minutes, seconds, ms = 0;
    int used = 0;
    if (strspn(text, "0123456789:.") != strlen(text) ||
        sscanf(text, "%4u:%2u:%2u%n", &hours, &minutes, &seconds, &used) != 3 || minutes > 59 || seconds > 59)
        return false;
    if (text[used] == '.') {
        size_t digits = strspn(text + used + 1, "0123456789");
        char fraction[4] = "000";
        memcpy(fraction, text + used + 1, digits < 3 ? digits : 3);
        ms = (unsigned)strtoul(fraction, NULL, 10);
        used += 1 + (int)digits;
    }
    if (text[used] != '\0')
        return false;
    *ret_ms = (((int64_t)hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
    return true;
}

static void read_json_text(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                           const char *text, void *ret_value)
{
    yyjson_val *json;
    struct sp_err *err = sp_json_parse(reader->op, text, strlen(text), &json);
    if (err)
        schema_issue(reader, path, "invalid_format", "%s", err->message);
    else
        schema_read_value(reader, path, type, json, ret_value);
}

static void read_one(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                     const char *text, void *ret_value)
{
    int64_t integer;
    double number;
    switch (type->kind) {
    case SCHEMA_BOOLEAN:
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            *(bool *)ret_value = *text == 't';
        else
            schema_issue(reader, path, "invalid_type", "Must be true or false");
        return;
    case SCHEMA_INTEGER:
    case SCHEMA_DURATION:
        if (parse_integer(text, &integer) || (type->kind == SCHEMA_DURATION && parse_clock(text, &integer)))
            schema_read_integer(reader, path, type, integer, ret_value);
        else
            schema_issue(reader, path, "invalid_type", "Must be a whole number");
        return;
    case SCHEMA_NUMBER:
        if (parse_number(text, &number))
            schema_read_number(reader, path, type, number, ret_value);
        else
            schema_issue(reader, path, "invalid_type", "Must be a number");
        return;
    case SCHEMA_JSON:
    case SCHEMA_OBJECT:
    case SCHEMA_ARRAY:
        read_json_text(reader, path, type, text, ret_value);
        return;
    default:
        if (sp_utf8_valid(text, strlen(text)))
            schema_read_text(reader, path, type, text, ret_value);
        else
            schema_issue(reader, path, "invalid_format", "Must be UTF-8");
    }
}

static size_t count_values(const struct schema_texts *texts, const struct schema_field *field)
{
    size_t count = 0;
    while (texts->get(texts->context, field, count))
        count++;
    return count;
}

static void read_list(struct schema_reader *reader, const struct schema_path *path, const struct schema_field *field,
                      const struct schema_texts *texts, void *ret_value)
{
    const struct schema_type *type = field->type;
    const char *first = texts->get(texts->context, field, 0);
    if (type->item->kind == SCHEMA_OBJECT && first[strspn(first, " \t\r\n")] == '[') {
        read_json_text(reader, path, type, first, ret_value);
        return;
    }
    size_t count = count_values(texts, field);
    if (!schema_count_fits(reader, path, type, count))
        return;
    struct schema_list list = {schema_alloc(reader, count, type->size), count};
    for (size_t i = 0; i < count && !reader->stopped; i++) {
        const struct schema_path here = {path, NULL, i};
        void *at = schema_place_item(type, list.items, i), *object = NULL;
        bool is_object = type->item->kind == SCHEMA_OBJECT; /* which is read by pointer, but stands in the list */
        read_one(reader, &here, type->item, texts->get(texts->context, field, i), is_object ? &object : at);
        if (object)
            memcpy(at, object, type->size);
    }
    memcpy(ret_value, &list, sizeof(list));
}

static void read_field(struct schema_reader *reader, const struct schema_field *field, const struct schema_texts *texts,
                       void *ret_struct)
{
    const struct schema_path path = {NULL, field->name, 0};
    const char *text = texts->get(texts->context, field, 0);
    if (!text) {
        if (!(field->flags & SCHEMA_OPTIONAL))
            schema_issue(reader, &path, "invalid_type", "Is missing");
        return;
    }
    void *at = schema_place(reader, field, ret_struct);
    if (!at)
        return;
    if (field->type->kind == SCHEMA_ARRAY)
        read_list(reader, &path, field, texts, at);
    else
        read_one(reader, &path, field->type, text, at);
}

struct sp_err *schema_read_texts(struct sp_op *op, const struct schema_type *object, const struct schema_texts *texts,
                                 void *ret_struct)
{
    struct schema_reader reader = {.op = op};
    for (unsigned i = 0; i < object->count && !reader.stopped; i++)
        read_field(&reader, &object->fields[i], texts, ret_struct);
    return reader.err;
}
