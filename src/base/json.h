/*
 * JSON (RFC 8259). Reading sits on yyjson with the operation's arena as its allocator; on top of the grammar it
 * refuses duplicate keys, U+0000 in strings, more than SP_JSON_DEPTH_MAX levels and anything behind the value.
 * Writing appends to a capped buffer (buf.h); the writer places commas, the caller places structure.
 */
#ifndef SP_BASE_JSON_H
#define SP_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/types.h"

struct sp_op;
struct sp_err;

enum { SP_JSON_DEPTH_MAX = 32 };
/* Integers beyond ±(2^53 - 1) lose digits in JavaScript: refused when read. */
#define SP_JSON_INTEGER_MAX 9007199254740991LL

/* The root value lives in the operation's arena, as does all it points to. SP_INVALID says where it is wrong. */
SP_MUST_CHECK struct sp_err *sp_json_parse(struct sp_op *op, const char *text, size_t size, yyjson_val **ret_root);
/* An integral number within ±(2^53 - 1); 1.0 counts as 1. */
bool sp_json_integer(yyjson_val *value, int64_t *ret_integer);
/* The value as text again, without spaces; NULL when memory is out. */
SP_MUST_CHECK char *sp_json_text(struct sp_op *op, yyjson_val *value);

struct sp_json_writer {
    struct sp_buf *buf;
    bool need_comma;
};

void sp_json_init(struct sp_json_writer *writer, struct sp_buf *buf);
void sp_json_begin_object(struct sp_json_writer *writer);
void sp_json_end_object(struct sp_json_writer *writer);
void sp_json_begin_array(struct sp_json_writer *writer);
void sp_json_end_array(struct sp_json_writer *writer);
void sp_json_key(struct sp_json_writer *writer, const char *key);
void sp_json_null(struct sp_json_writer *writer);
void sp_json_bool(struct sp_json_writer *writer, bool value);
void sp_json_int(struct sp_json_writer *writer, int64_t value);
void sp_json_double(struct sp_json_writer *writer, double value);     /* not finite: null */
void sp_json_string(struct sp_json_writer *writer, const char *text); /* NULL: null */
void sp_json_time(struct sp_json_writer *writer, sp_time_ms time);
void sp_json_uuid(struct sp_json_writer *writer, const struct sp_uuid *uuid);
/* Text that is JSON already. */
void sp_json_raw(struct sp_json_writer *writer, const char *json, size_t size);

#endif
