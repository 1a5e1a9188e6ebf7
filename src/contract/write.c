/* Structs into JSON, by their tables. Any thread. */
#include "contract/schema.h"

#include <string.h>

#include "base/op.h"
#include "contract/reader.h"

static struct sp_err *write_object(struct sp_op *op, const struct schema_type *type, const void *structure,
                                   struct sp_json_writer *writer);

static struct sp_err *write_array(struct sp_op *op, const struct schema_type *type, const void *value,
                                  struct sp_json_writer *writer);

static const char *text_at(const void *value)
{
    const char *text;
    memcpy(&text, value, sizeof(text));
    return text;
}

/* A value whose kind says by itself that it is missing: NULL text, NULL object. */
static bool is_missing(const struct schema_type *type, const void *value)
{
    return schema_value_offset(type->kind) == 0 && type->kind != SCHEMA_ARRAY && !text_at(value);
}

static struct sp_err *write_text(struct sp_op *op, const struct schema_type *type, const void *value,
                                 struct sp_json_writer *writer)
{
    const char *text = type->kind == SCHEMA_ENUM ? schema_enum_text(type, *(const unsigned *)value) : text_at(value);
    if (!text)
        return sp_fail_internal(op, "a value of an enum that it does not have");
    if (type->kind == SCHEMA_JSON)
        sp_json_raw(writer, text, strlen(text));
    else
        sp_json_string(writer, text);
    return NULL;
}

static struct sp_err *write_value(struct sp_op *op, const struct schema_type *type, const void *value,
                                  struct sp_json_writer *writer)
{
    switch (type->kind) {
    case SCHEMA_BOOLEAN:
        sp_json_bool(writer, *(const bool *)value);
        return NULL;
    case SCHEMA_INTEGER:
    case SCHEMA_DURATION:
        sp_json_int(writer, *(const int64_t *)value);
        return NULL;
    case SCHEMA_NUMBER:
        sp_json_double(writer, *(const double *)value);
        return NULL;
    case SCHEMA_TIME:
        sp_json_time(writer, *(const sp_time_ms *)value);
        return NULL;
    case SCHEMA_UUID:
        sp_json_uuid(writer, value);
        return NULL;
    case SCHEMA_OBJECT:
        return write_object(op, type, text_at(value), writer);
    case SCHEMA_ARRAY:
        return write_array(op, type, value, writer);
    default:
        return write_text(op, type, value, writer);
    }
}

static struct sp_err *write_item(struct sp_op *op, const struct schema_type *array, const char *item,
                                 struct sp_json_writer *writer)
{
    const struct schema_type *type = array->item;
    size_t offset = array->nullable_items ? schema_value_offset(type->kind) : 0;
    bool null_list = type->kind == SCHEMA_ARRAY && !((const struct schema_list *)(const void *)item)->items;
    if (type->kind == SCHEMA_OBJECT)
        return write_object(op, type, item, writer);
    if (array->nullable_items && (offset ? !*(const bool *)item : null_list || is_missing(type, item))) {
        sp_json_null(writer);
        return NULL;
    }
    if (is_missing(type, item))
        return sp_fail_internal(op, "an item of a list is not set");
    return write_value(op, type, item + offset, writer);
}

static struct sp_err *write_array(struct sp_op *op, const struct schema_type *type, const void *value,
                                  struct sp_json_writer *writer)
{
    const struct schema_list *list = value;
    sp_json_begin_array(writer);
    for (size_t i = 0; i < list->count; i++)
        SP_TRY(write_item(op, type, (const char *)list->items + i * type->size, writer));
    sp_json_end_array(writer);
    return NULL;
}

/* NULL: the field has no value. */
static const void *field_value(const struct schema_field *field, const void *structure)
{
    const char *at = (const char *)structure + field->at;
    if (!(field->flags & (SCHEMA_OPTIONAL | SCHEMA_NULLABLE)))
        return is_missing(field->type, at) ? NULL : at;
    if (field->type->kind == SCHEMA_ARRAY)
        return text_at(at);
    size_t offset = schema_value_offset(field->type->kind);
    if (offset ? !*(const bool *)at : is_missing(field->type, at))
        return NULL;
    return at + offset;
}

static struct sp_err *write_object(struct sp_op *op, const struct schema_type *type, const void *structure,
                                   struct sp_json_writer *writer)
{
    sp_json_begin_object(writer);
    for (unsigned i = 0; i < type->count; i++) {
        const struct schema_field *field = &type->fields[i];
        const void *value = field_value(field, structure);
        if (!value && !(field->flags & SCHEMA_NULLABLE)) {
            if (field->flags & SCHEMA_OPTIONAL)
                continue;
            return sp_fail_internal(op, "the answer's required field %s is not set", field->name);
        }
        sp_json_key(writer, field->name);
        if (value)
            SP_TRY(write_value(op, field->type, value, writer));
        else
            sp_json_null(writer);
    }
    sp_json_end_object(writer);
    return NULL;
}

struct sp_err *schema_write(struct sp_op *op, const struct schema_type *type, const void *value,
                            struct sp_json_writer *writer)
{
    if (type->kind == SCHEMA_OBJECT)
        return write_object(op, type, value, writer);
    return write_value(op, type, value, writer);
}
