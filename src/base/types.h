/*
 * The value types that generated code and hand-written code share: what a JSON field, a query parameter and a result
 * column look like in C. Text is NUL-terminated UTF-8 (parsers refuse U+0000); NULL text is absent or SQL NULL.
 */
#ifndef SP_BASE_TYPES_H
#define SP_BASE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid.h"

/* An instant, or (where a name says local) a wall time: milliseconds since 1970-01-01T00:00:00. */
typedef int64_t sp_time_ms;

struct sp_bytes {
    const uint8_t *data;
    size_t size;
};

struct sp_opt_bool {
    bool set, value;
};
struct sp_opt_i32 {
    bool set;
    int32_t value;
};
struct sp_opt_i64 {
    bool set;
    int64_t value;
};
struct sp_opt_f64 {
    bool set;
    double value;
};
struct sp_opt_time {
    bool set;
    sp_time_ms value;
};
struct sp_opt_uuid {
    bool set;
    struct sp_uuid value;
};

#define SP_SET(v) {.set = true, .value = (v)}

struct sp_text_list {
    const char **items;
    size_t count;
};
struct sp_uuid_list {
    struct sp_uuid *items;
    size_t count;
};
struct sp_i32_list {
    int32_t *items;
    size_t count;
};
struct sp_i64_list {
    int64_t *items;
    size_t count;
};
struct sp_f64_list {
    double *items;
    size_t count;
};
struct sp_bool_list {
    bool *items;
    size_t count;
};
struct sp_time_list {
    sp_time_ms *items;
    size_t count;
};
struct sp_text_list_list {
    struct sp_text_list *items;
    size_t count;
};
struct sp_opt_bool_list {
    struct sp_opt_bool *items;
    size_t count;
};
struct sp_opt_i64_list {
    struct sp_opt_i64 *items;
    size_t count;
};
struct sp_opt_f64_list {
    struct sp_opt_f64 *items;
    size_t count;
};
struct sp_opt_time_list {
    struct sp_opt_time *items;
    size_t count;
};
struct sp_opt_uuid_list {
    struct sp_opt_uuid *items;
    size_t count;
};
struct sp_bytes_list {
    struct sp_bytes *items;
    size_t count;
};

#endif
