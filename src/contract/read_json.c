/* JSON into structs, by their tables. Any thread. */
#include "contract/schema.h"

#include <string.h>

#include "base/op.h"
#include "contract/reader.h"

static void read_object(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                        yyjson_val *json, void *ret_struct);

static const char *kind_name(const struct schema_type *type)
{
    switch (type->kind) {
    case SCHEMA_BOOLEAN:
        return "true or false";
    case SCHEMA_INTEGER:
    case SCHEMA_DURATION:
        return "a whole number";
    case SCHEMA_NUMBER:
        return "a number";
    case SCHEMA_OBJECT:
        return "an object";
    case SCHEMA_ARRAY:
        return "an array";
    default:
        return "a string";
    }
}

static void wrong_type(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type)
{
    schema_issue(reader, path, "invalid_type", "Must be %s", kind_name(type));
}

static void read_item(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *array,
                      yyjson_val *json, void *items, size_t index)
{
    const struct schema_path here = {path, NULL, index};
    if (yyjson_is_null(json) && array->nullable_items)
        return;
    void *at = schema_place_item(array, items, index);
    if (array->item->kind == SCHEMA_OBJECT && yyjson_is_obj(json))
        read_object(reader, &here, array->item, json, at);
    else
        schema_read_value(reader, &here, array->item, json, at);
}

static void read_array(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                       yyjson_val *json, void *ret_value)
{
    size_t count = yyjson_arr_size(json), index, max;
    if (!schema_count_fits(reader, path, type, count))
        return;
    struct schema_list list = {schema_alloc(reader, count, type->size), count};
    if (!list.items)
        return;
    yyjson_val *value;
    yyjson_arr_foreach (json, index, max, value) {
        if (reader->stopped)
            return;
        read_item(reader, path, type, value, list.items, index);
    }
    memcpy(ret_value, &list, sizeof(list));
}

static void read_field(struct schema_reader *reader, const struct schema_path *path, const struct schema_field *field,
                       yyjson_val *json, void *structure)
{
    if (!json) {
        if (!(field->flags & SCHEMA_OPTIONAL))
            schema_issue(reader, path, "invalid_type", "Is missing; must be %s", kind_name(field->type));
        return;
    }
    if (yyjson_is_null(json) && (field->flags & SCHEMA_NULLABLE)) {
        if (field->flags & SCHEMA_TELLS_NULL)
            *((bool *)structure + field->null_at) = true;
        return;
    }
    void *at = schema_place(reader, field, structure);
    if (at)
        schema_read_value(reader, path, field->type, json, at);
}

static void read_object(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                        yyjson_val *json, void *ret_struct)
{
    for (unsigned i = 0; i < type->count && !reader->stopped; i++) {
        const struct schema_field *field = &type->fields[i];
        const struct schema_path here = {path, field->name, 0};
        read_field(reader, &here, field, yyjson_obj_get(json, field->name), ret_struct);
    }
}

static void read_new_object(struct schema_reader *reader, const struct schema_path *path,
                            const struct schema_type *type, yyjson_val *json, void *ret_pointer)
{
    void *object = schema_alloc(reader, 1, type->size);
    if (!object)
        return;
    read_object(reader, path, type, json, object);
    memcpy(ret_pointer, &object, sizeof(object));
}

static void read_free(struct schema_reader *reader, yyjson_val *json, void *ret_text)
{
    const char *text = sp_json_text(reader->op, json);
    if (text) {
        memcpy(ret_text, &text, sizeof(text));
    } else {
        reader->err = sp_err_no_memory();
        reader->stopped = true;
    }
}

void schema_read_value(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                       yyjson_val *json, void *ret_value)
{
    int64_t integer;
    if (type->kind == SCHEMA_JSON)
        read_free(reader, json, ret_value);
    else if (type->kind == SCHEMA_OBJECT && yyjson_is_obj(json))
        read_new_object(reader, path, type, json, ret_value);
    else if (type->kind == SCHEMA_ARRAY && yyjson_is_arr(json))
        read_array(reader, path, type, json, ret_value);
    else if (type->kind == SCHEMA_BOOLEAN && yyjson_is_bool(json))
        *(bool *)ret_value = yyjson_get_bool(json);
    else if (type->kind == SCHEMA_NUMBER && yyjson_is_num(json))
        schema_read_number(reader, path, type, yyjson_get_num(json), ret_value);
    else if ((type->kind == SCHEMA_INTEGER || type->kind == SCHEMA_DURATION) && sp_json_integer(json, &integer))
        schema_read_integer(reader, path, type, integer, ret_value);
    else if (type->kind >= SCHEMA_TEXT && type->kind <= SCHEMA_ENUM && yyjson_is_str(json))
        schema_read_text(reader, path, type, yyjson_get_str(json), ret_value);
    else
        wrong_type(reader, path, type);
}

struct sp_err *schema_read_json(struct sp_op *op, const struct schema_type *type, yyjson_val *json, void *ret_value)
{
    struct schema_reader reader = {.op = op};
    union {
        struct schema_list list;
        const void *object;
    } value = {0};
    sp_assert(type->kind == SCHEMA_OBJECT || type->kind == SCHEMA_ARRAY);
    schema_read_value(&reader, NULL, type, json, &value);
    if (reader.err)
        return reader.err;
    memcpy(ret_value, &value, type->kind == SCHEMA_ARRAY ? sizeof(value.list) : sizeof(value.object));
    return NULL;
}
