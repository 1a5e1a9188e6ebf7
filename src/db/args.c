/* Parameters in PostgreSQL's binary format; see stmt.h. */
#include "db/stmt.h"

#include <string.h>

#include "base/clock.h"

/* PostgreSQL's epoch, 2000-01-01, in Unix milliseconds and days. */
#define EPOCH_MS 946684800000LL
enum { EPOCH_DAYS = 10957, DAY_MS = 86400000 };
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_UUID = 2950 };

void db_args_init(struct db_args *args, struct sp_op *op)
{
    memset(args, 0, sizeof(*args));
    args->op = op;
    for (unsigned i = 0; i < DB_PARAMS_MAX; i++)
        args->formats[i] = DB_BINARY;
}

static uint8_t *reserve(struct db_args *args, size_t size)
{
    sp_assert(args->count < DB_PARAMS_MAX);
    uint8_t *bytes = size <= INT32_MAX ? sp_alloc(args->op, size, 1) : NULL;
    if (!bytes)
        args->failed = true;
    args->values[args->count] = (const char *)bytes;
    args->lengths[args->count] = (int)size;
    args->count++;
    return bytes;
}

static void store_be(uint8_t *bytes, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static void put_be(struct db_args *args, uint64_t value, size_t size)
{
    uint8_t *bytes = reserve(args, size);
    if (bytes)
        store_be(bytes, value, size);
}

static void put_borrowed(struct db_args *args, const void *data, size_t size)
{
    sp_assert(args->count < DB_PARAMS_MAX && size <= INT32_MAX);
    args->values[args->count] = data ? data : "";
    args->lengths[args->count] = (int)size;
    args->count++;
}

void db_put_null(struct db_args *args)
{
    sp_assert(args->count < DB_PARAMS_MAX);
    args->values[args->count] = NULL;
    args->lengths[args->count] = 0;
    args->count++;
}

void db_put_bool(struct db_args *args, bool value) { put_be(args, value, 1); }

void db_put_i32(struct db_args *args, int32_t value) { put_be(args, (uint32_t)value, 4); }

void db_put_i64(struct db_args *args, int64_t value) { put_be(args, (uint64_t)value, 8); }

void db_put_f64(struct db_args *args, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_be(args, bits, 8);
}

void db_put_text(struct db_args *args, const char *value)
{
    if (value)
        put_borrowed(args, value, strlen(value));
    else
        db_put_null(args);
}

void db_put_jsonb(struct db_args *args, const char *value)
{
    if (!value) {
        db_put_null(args);
        return;
    }
    size_t length = strlen(value);
    uint8_t *bytes = reserve(args, length + 1);
    if (bytes) {
        bytes[0] = 1; /* the format's version */
        memcpy(bytes + 1, value, length);
    }
}

void db_put_date(struct db_args *args, const char *value)
{
    sp_time_ms time;
    if (!value || strlen(value) != strlen("YYYY-MM-DD") || !sp_time_parse(value, &time)) {
        args->bad_date = args->bad_date ? args->bad_date : value;
        db_put_null(args);
        return;
    }
    db_put_i32(args, (int32_t)(time / DAY_MS - EPOCH_DAYS)); /* exact: midnight */
}

void db_put_time(struct db_args *args, sp_time_ms value) { db_put_i64(args, (value - EPOCH_MS) * 1000); }

void db_put_uuid(struct db_args *args, const struct sp_uuid *value)
{
    if (!value) {
        db_put_null(args);
        return;
    }
    uint8_t *bytes = reserve(args, sizeof(value->bytes)); /* a copy: parameters may be temporaries */
    if (bytes)
        memcpy(bytes, value->bytes, sizeof(value->bytes));
}

void db_put_bytes(struct db_args *args, struct sp_bytes value)
{
    if (value.data)
        put_borrowed(args, value.data, value.size);
    else
        db_put_null(args);
}

/* One dimension, no NULL elements: ndim, flags, element type, length, lower bound; then length and bytes of each. */
enum { ARRAY_HEADER_BYTES = 20 };

static uint8_t *begin_array(struct db_args *args, uint32_t element_oid, size_t count, size_t element_bytes)
{
    size_t size;
    if (__builtin_add_overflow(ARRAY_HEADER_BYTES + 4 * count, element_bytes, &size)) {
        args->failed = true;
        return NULL;
    }
    uint8_t *bytes = reserve(args, size);
    if (!bytes)
        return NULL;
    store_be(bytes, 1, 4);
    store_be(bytes + 4, 0, 4);
    store_be(bytes + 8, element_oid, 4);
    store_be(bytes + 12, count, 4);
    store_be(bytes + 16, 1, 4);
    return bytes + ARRAY_HEADER_BYTES;
}

static uint8_t *put_element(uint8_t *at, const void *data, size_t size)
{
    store_be(at, size, 4);
    if (size)
        memcpy(at + 4, data, size);
    return at + 4 + size;
}

void db_put_uuid_list(struct db_args *args, struct sp_uuid_list value)
{
    if (!value.items) {
        db_put_null(args);
        return;
    }
    uint8_t *at = begin_array(args, OID_UUID, value.count, value.count * sizeof(struct sp_uuid));
    for (size_t i = 0; at && i < value.count; i++)
        at = put_element(at, value.items[i].bytes, sizeof(value.items[i].bytes));
}

void db_put_text_list(struct db_args *args, struct sp_text_list value)
{
    if (!value.items) {
        db_put_null(args);
        return;
    }
    size_t total = 0;
    for (size_t i = 0; i < value.count; i++)
        total += strlen(value.items[i]);
    uint8_t *at = begin_array(args, OID_TEXT, value.count, total);
    for (size_t i = 0; at && i < value.count; i++)
        at = put_element(at, value.items[i], strlen(value.items[i]));
}

void db_put_i64_list(struct db_args *args, struct sp_i64_list value)
{
    if (!value.items) {
        db_put_null(args);
        return;
    }
    uint8_t *at = begin_array(args, OID_INT8, value.count, value.count * 8);
    for (size_t i = 0; at && i < value.count; i++) {
        uint8_t element[8];
        store_be(element, (uint64_t)value.items[i], 8);
        at = put_element(at, element, 8);
    }
}

void db_put_bytes_list(struct db_args *args, struct sp_bytes_list value)
{
    if (!value.items) {
        db_put_null(args);
        return;
    }
    size_t total = 0;
    for (size_t i = 0; i < value.count; i++)
        total += value.items[i].size;
    uint8_t *at = begin_array(args, OID_BYTEA, value.count, total);
    for (size_t i = 0; at && i < value.count; i++)
        at = put_element(at, value.items[i].data, value.items[i].size);
}
