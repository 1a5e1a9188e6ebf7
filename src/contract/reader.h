/* What the two readers (JSON, texts) share: issues, the path to the value at hand, storage. Of this folder alone. */
#ifndef SP_CONTRACT_READER_H
#define SP_CONTRACT_READER_H

#include "contract/schema.h"

/* The issues of one request that are worth telling. */
enum { SCHEMA_ISSUES_MAX = 20 };

struct schema_reader {
    struct sp_op *op;
    struct sp_err *err; /* the issues so far, or no memory */
    unsigned issues;
    bool stopped; /* no memory, or enough issues */
};

/* A step from the root of the input to a value; lives on the stack, becomes text only for an issue. */
struct schema_path {
    const struct schema_path *up;
    const char *name; /* NULL: an index */
    size_t index;
};

/* Storage that generated structs share in shape: struct sp_*_list and struct dto_*_list; struct dto_opt_* of enums. */
struct schema_list {
    void *items;
    size_t count;
};
struct schema_opt_enum {
    bool set;
    unsigned value;
};

void schema_issue(struct schema_reader *reader, const struct schema_path *path, const char *code, const char *format,
                  ...) SP_PRINTF(4, 5);
/* Zeroed; NULL: no memory, noted in reader. */
SP_MUST_CHECK void *schema_alloc(struct schema_reader *reader, size_t count, size_t size);

/*
 * The place of a field's value inside its struct. For one that may be missing this marks it as set, or makes the list.
 * NULL: no memory.
 */
SP_MUST_CHECK void *schema_place(struct schema_reader *reader, const struct schema_field *field, void *structure);
/* The same for an item of an array. */
SP_MUST_CHECK void *schema_place_item(const struct schema_type *array, void *items, size_t index);
/* Where a value stands inside struct sp_opt_* and its like; 0: the kind says by itself that it is missing. */
size_t schema_value_offset(enum schema_kind kind);

/* Kinds whose JSON is a string, from that string. */
void schema_read_text(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                      const char *text, void *ret_value);
void schema_read_integer(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                         int64_t integer, void *ret_value);
void schema_read_number(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                        double number, void *ret_value);
void schema_read_value(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *type,
                       yyjson_val *json, void *ret_value);
/* Whether a list may have so many items; an issue if not. */
bool schema_count_fits(struct schema_reader *reader, const struct schema_path *path, const struct schema_type *array,
                       size_t count);

#endif
