/* Running prepared statements and reading their results; see stmt.h. */
#include "db/stmt.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "db/conn_state.h"

#define EPOCH_MS 946684800000LL
enum { EPOCH_DAYS = 10957 };

/* A PGresult is cast to struct db_result: the type is opaque on both sides. */
static const PGresult *pg(const struct db_result *result) { return (const PGresult *)(const void *)result; }

static void release(void *result) { PQclear(result); }

static const void **slot_of(struct db_conn *conn, const struct db_stmt *stmt)
{
    size_t start = ((uintptr_t)stmt >> 4) * 2654435761U;
    for (size_t i = 0; i < DB_PREPARED_SLOTS; i++) {
        const void **slot = &conn->prepared[(start + i) % DB_PREPARED_SLOTS];
        if (!*slot || *slot == stmt)
            return slot;
    }
    return NULL;
}

static struct sp_err *prepare(struct sp_op *op, struct db_conn *conn, const struct db_stmt *stmt)
{
    const void **slot = slot_of(conn, stmt);
    if (!slot)
        return sp_fail_internal(op, "more than %d prepared statements", DB_PREPARED_SLOTS);
    if (*slot)
        return NULL;
    PGresult *result = PQprepare(conn->pg, stmt->name, stmt->sql, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return db_result_error(op, conn, result, stmt->name);
    PQclear(result);
    *slot = stmt;
    return NULL;
}

static struct sp_err *get_ready(struct sp_op *op, struct db_conn *conn, const struct db_stmt *stmt,
                                const struct db_args *args)
{
    if (args->failed)
        return sp_err_no_memory();
    if (args->bad_date)
        return sp_fail(op, SP_INVALID, "\"%.40s\" is not a date; expected one such as 2024-05-31", args->bad_date);
    sp_assert(args->count == stmt->param_count);
    SP_TRY(db_injected_failure(op));
    SP_TRY(db_ready(op, conn));
    return prepare(op, conn, stmt);
}

/* The readers below trust types, sizes and NULLs: a schema or an annotation that is not as the generator saw it ends
 * here. */
static struct sp_err *check_columns(struct sp_op *op, const struct db_stmt *stmt, const PGresult *result)
{
    if ((unsigned)PQnfields(result) != stmt->column_count && stmt->column_count != 0)
        return sp_fail_internal(op, "%s: %d columns instead of %u", stmt->name, PQnfields(result), stmt->column_count);
    for (unsigned i = 0; i < stmt->column_count; i++) {
        const struct db_column *column = &stmt->columns[i];
        if (PQftype(result, (int)i) != column->type)
            return sp_fail_internal(op, "%s: the type of column %s is %u instead of %u", stmt->name, column->name,
                                    PQftype(result, (int)i), column->type);
        for (int row = 0; column->not_null && row < PQntuples(result); row++)
            if (PQgetisnull(result, row, (int)i))
                return sp_fail_internal(op, "%s: column %s is NULL", stmt->name, column->name);
    }
    return NULL;
}

struct sp_err *db_run(struct sp_op *op, struct db_conn *conn, const struct db_stmt *stmt, const struct db_args *args,
                      struct db_result **ret_result)
{
    SP_TRY(get_ready(op, conn, stmt, args));
    PGresult *result =
        PQexecPrepared(conn->pg, stmt->name, (int)args->count, args->values, args->lengths, args->formats, DB_BINARY);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return db_result_error(op, conn, result, stmt->name);
    SP_TRY(sp_defer(op, release, result));
    SP_TRY(check_columns(op, stmt, result));
    *ret_result = (struct db_result *)(void *)result;
    return NULL;
}

static struct sp_err *take_row(struct sp_op *op, struct db_conn *conn, const struct db_stmt *stmt, PGresult *result,
                               db_each *each, void *context)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK)
        return db_result_error(op, conn, result, stmt->name);
    struct sp_err *err = check_columns(op, stmt, result);
    if (!err && status == PGRES_SINGLE_TUPLE)
        err = each(context, (const struct db_result *)(const void *)result);
    PQclear(result);
    return err;
}

struct sp_err *db_stream(struct sp_op *op, struct db_conn *conn, const struct db_stmt *stmt, const struct db_args *args,
                         db_each *each, void *context)
{
    SP_TRY(get_ready(op, conn, stmt, args));
    if (!PQsendQueryPrepared(conn->pg, stmt->name, (int)args->count, args->values, args->lengths, args->formats,
                             DB_BINARY))
        return db_result_error(op, conn, NULL, stmt->name);
    PQsetSingleRowMode(conn->pg);
    conn->is_busy = true;
    struct sp_err *err = NULL;
    /* After an error the rest is read and dropped: a cancel could come late and hit the next statement. */
    for (PGresult *result; (result = PQgetResult(conn->pg));) {
        if (err)
            PQclear(result);
        else
            err = take_row(op, conn, stmt, result, each, context);
    }
    conn->is_busy = false;
    return err;
}

size_t db_row_count(const struct db_result *result) { return (size_t)PQntuples(pg(result)); }

int64_t db_affected(const struct db_result *result)
{
    PGresult *writable = (PGresult *)(uintptr_t)result; /* libpq forgot the const */
    return strtoll(PQcmdTuples(writable), NULL, 10);
}

bool db_is_null(const struct db_result *result, size_t row, int column)
{
    return PQgetisnull(pg(result), (int)row, column);
}

static const uint8_t *bytes_of(const struct db_result *result, size_t row, int column)
{
    return (const uint8_t *)PQgetvalue(pg(result), (int)row, column);
}

static size_t size_of(const struct db_result *result, size_t row, int column)
{
    return (size_t)PQgetlength(pg(result), (int)row, column);
}

static uint64_t load_be(const uint8_t *bytes, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

bool db_get_bool(const struct db_result *result, size_t row, int column)
{
    return bytes_of(result, row, column)[0] != 0;
}

int32_t db_get_i32(const struct db_result *result, size_t row, int column)
{
    return (int32_t)(uint32_t)load_be(bytes_of(result, row, column), 4);
}

int64_t db_get_i64(const struct db_result *result, size_t row, int column)
{
    return (int64_t)load_be(bytes_of(result, row, column), 8);
}

double db_get_f64(const struct db_result *result, size_t row, int column)
{
    uint64_t bits = load_be(bytes_of(result, row, column), size_of(result, row, column));
    if (size_of(result, row, column) == 4) {
        uint32_t narrow = (uint32_t)bits;
        float value;
        memcpy(&value, &narrow, sizeof(value));
        return (double)value;
    }
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

sp_time_ms db_get_time(const struct db_result *result, size_t row, int column)
{
    return floor_div(db_get_i64(result, row, column), 1000) + EPOCH_MS;
}

struct sp_uuid db_get_uuid(const struct db_result *result, size_t row, int column)
{
    struct sp_uuid uuid;
    memcpy(uuid.bytes, bytes_of(result, row, column), sizeof(uuid.bytes));
    return uuid;
}

const char *db_get_text(const struct db_result *result, size_t row, int column)
{
    /* libpq ends every value with a NUL, binary ones too */
    return db_is_null(result, row, column) ? NULL : PQgetvalue(pg(result), (int)row, column);
}

const char *db_get_jsonb(const struct db_result *result, size_t row, int column)
{
    const char *text = db_get_text(result, row, column);
    return text ? text + 1 : NULL; /* behind the format's version */
}

struct sp_bytes db_get_bytes(const struct db_result *result, size_t row, int column)
{
    if (db_is_null(result, row, column))
        return (struct sp_bytes){0};
    return (struct sp_bytes){bytes_of(result, row, column), size_of(result, row, column)};
}

struct sp_err *db_get_date(struct sp_op *op, const struct db_result *result, size_t row, int column,
                           const char **ret_date)
{
    *ret_date = NULL;
    if (db_is_null(result, row, column))
        return NULL;
    int64_t year;
    unsigned month, day;
    sp_civil_from_days((int64_t)db_get_i32(result, row, column) + EPOCH_DAYS, &year, &month, &day);
    *ret_date = sp_format(op, "%04lld-%02u-%02u", (long long)year, month, day);
    SP_OWN(*ret_date);
    return NULL;
}

/* Steps through a one-dimensional array: *at moves behind the element; count elements in all. */
static size_t array_count(const uint8_t *bytes) { return load_be(bytes, 4) == 0 ? 0 : (size_t)load_be(bytes + 12, 4); }

static const uint8_t *next_element(const uint8_t **at, size_t *ret_size)
{
    uint32_t size = (uint32_t)load_be(*at, 4);
    const uint8_t *element = *at + 4;
    if (size == UINT32_MAX) { /* NULL */
        size = 0;
        element = NULL;
    }
    *at += 4 + size;
    *ret_size = size;
    return element;
}

enum { ARRAY_HEADER_BYTES = 20 };

struct sp_err *db_get_text_list(struct sp_op *op, const struct db_result *result, size_t row, int column,
                                struct sp_text_list *ret_list)
{
    *ret_list = (struct sp_text_list){0};
    if (db_is_null(result, row, column))
        return NULL;
    const uint8_t *at = bytes_of(result, row, column);
    struct sp_text_list list = {.count = array_count(at)};
    SP_NEW_ARRAY(op, list.items, list.count);
    at += ARRAY_HEADER_BYTES;
    for (size_t i = 0; i < list.count; i++) {
        size_t size;
        const uint8_t *element = next_element(&at, &size);
        if (!element)
            continue;
        list.items[i] = sp_strndup(op, (const char *)element, size);
        SP_OWN(list.items[i]);
    }
    *ret_list = list;
    return NULL;
}

struct sp_err *db_get_uuid_list(struct sp_op *op, const struct db_result *result, size_t row, int column,
                                struct sp_uuid_list *ret_list)
{
    *ret_list = (struct sp_uuid_list){0};
    if (db_is_null(result, row, column))
        return NULL;
    const uint8_t *at = bytes_of(result, row, column);
    struct sp_uuid_list list = {.count = array_count(at)};
    SP_NEW_ARRAY(op, list.items, list.count);
    at += ARRAY_HEADER_BYTES;
    for (size_t i = 0; i < list.count; i++) {
        size_t size;
        const uint8_t *element = next_element(&at, &size);
        if (element && size == sizeof(struct sp_uuid))
            memcpy(list.items[i].bytes, element, size);
    }
    *ret_list = list;
    return NULL;
}
