/*
 * The shape of a value on the wire and in memory, as constant tables, and their interpreter: JSON or text in, a C
 * struct out, and back. The tables are generated (gen/api, from the YAML in api/); src/api is the only caller. Any
 * thread.
 *
 * In memory: text, e-mail, date and free JSON are const char *; an object is a pointer to its struct; an array is
 * {items, count} by value. A scalar that may be missing is {bool set; value} (struct sp_opt_*), an array that may is a
 * pointer. Items of an array stand in it by value; a nullable item is {set, value}, NULL text or a list with NULL
 * items.
 *
 * Reading collects what is wrong as issues of one SP_INVALID error, refuses what passes a limit and ignores keys it
 * does not know (clients send more than we ask). All it makes lives in the operation.
 */
#ifndef SP_CONTRACT_SCHEMA_H
#define SP_CONTRACT_SCHEMA_H

#include "base/attr.h"
#include "base/json.h"
#include "base/types.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_err;
struct sp_op;

enum schema_kind {
    SCHEMA_BOOLEAN,
    SCHEMA_INTEGER,  /* int64_t within min and max */
    SCHEMA_DURATION, /* int64_t milliseconds; as text also "hh:mm:ss.ffffff" */
    SCHEMA_NUMBER,   /* double within min and max */
    SCHEMA_TEXT,     /* min to max code points */
    SCHEMA_EMAIL,
    SCHEMA_DATE, /* "YYYY-MM-DD" */
    SCHEMA_TIME,
    SCHEMA_UUID,
    SCHEMA_ENUM, /* an enum counted from 0, in the order of texts */
    SCHEMA_JSON, /* any value, as its text: const char * */
    SCHEMA_OBJECT,
    SCHEMA_ARRAY /* min to max items */
};

struct schema_field;

struct schema_type {
    enum schema_kind kind;
    bool nullable_items;               /* ARRAY */
    uint16_t count;                    /* OBJECT: of fields, ENUM: of texts */
    uint32_t size;                     /* OBJECT: of the struct, ARRAY: of one item */
    int64_t min, max;                  /* inclusive */
    const struct schema_field *fields; /* OBJECT */
    const char *const *texts;          /* ENUM */
    const struct schema_type *item;    /* ARRAY */
};

enum schema_flag {
    SCHEMA_OPTIONAL = 1, /* may be absent */
    SCHEMA_NULLABLE = 2,
    SCHEMA_TELLS_NULL = 4, /* null_at holds a bool: an explicit null was read */
    /* where a request's parameter comes from; none of them: a key of a JSON object or of a form */
    SCHEMA_PATH = 8,
    SCHEMA_QUERY = 16,
    SCHEMA_HEADER = 32
};

struct schema_field {
    const char *name; /* on the wire */
    const struct schema_type *type;
    uint16_t at, flags, null_at;
};

/* Without limits, for what the server itself writes. */
extern const struct schema_type schema_boolean, schema_integer, schema_number, schema_text, schema_email, schema_date,
    schema_time, schema_uuid, schema_json;

/*
 * type: of kind SCHEMA_OBJECT or SCHEMA_ARRAY, a body. ret_value: a pointer to the object's struct, or the list.
 * Untouched on failure.
 */
SP_MUST_CHECK struct sp_err *schema_read_json(struct sp_op *op, const struct schema_type *type, yyjson_val *json,
                                              void *ret_value);

/*
 * Where named texts come from: path, query, headers, the fields of a form. get gives the index-th value of a name,
 * NULL behind the last; the text must live as long as the operation. Arrays are repeated names; an object, and an
 * array of objects, is JSON in the text.
 */
struct schema_texts {
    const char *(*get)(void *context, const struct schema_field *field, size_t index);
    void *context;
};

/* object: of kind SCHEMA_OBJECT; ret_struct: its struct, zeroed. */
SP_MUST_CHECK struct sp_err *schema_read_texts(struct sp_op *op, const struct schema_type *object,
                                               const struct schema_texts *texts, void *ret_struct);

/*
 * value: an object's struct, a list, or a scalar. A field that is optional and nullable is written as null when not
 * set. SP_INTERNAL names a required value that is not set.
 */
SP_MUST_CHECK struct sp_err *schema_write(struct sp_op *op, const struct schema_type *type, const void *value,
                                          struct sp_json_writer *writer);

/* NULL: no value of this enum. */
const char *schema_enum_text(const struct schema_type *type, unsigned value);
/* -1: none has this text. */
int schema_enum_find(const struct schema_type *type, const char *text);

#endif
