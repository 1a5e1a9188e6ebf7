/*
 * What generated queries (gen/db) are made of: a prepared statement with typed parameters in PostgreSQL's binary
 * format, and typed reading of its columns. Source of the formats: the send and receive functions in PostgreSQL's
 * documentation of libpq and the COPY BINARY format; integers big-endian, times in microseconds since 2000-01-01.
 */
#ifndef SP_DB_STMT_H
#define SP_DB_STMT_H

#include "base/attr.h"
#include "base/types.h"
#include "db/db.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db_result;

enum { DB_PARAMS_MAX = 40, DB_BINARY = 1 };

/* A column as the generator saw it. A result that disagrees is refused before anything is read from it. */
struct db_column {
    const char *name;
    uint32_t type; /* PostgreSQL's oid */
    bool not_null;
};

struct db_stmt {
    const char *name; /* unique: "album_get" */
    const char *sql;
    unsigned param_count, column_count;
    const struct db_column *columns;
};

/* Parameters in order; each db_put_* appends one. A NULL text, NULL items or unset optional is SQL NULL. */
struct db_args {
    struct sp_op *op;
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX], formats[DB_PARAMS_MAX];
    unsigned count;
    bool failed;          /* out of memory */
    const char *bad_date; /* what db_put_date did not understand */
};

void db_args_init(struct db_args *args, struct sp_op *op);
void db_put_bool(struct db_args *args, bool value);
void db_put_i32(struct db_args *args, int32_t value);
void db_put_i64(struct db_args *args, int64_t value);
void db_put_f64(struct db_args *args, double value);
void db_put_text(struct db_args *args, const char *value); /* also json, enums, dates by cast */
void db_put_jsonb(struct db_args *args, const char *value);
void db_put_date(struct db_args *args, const char *value); /* "YYYY-MM-DD"; else db_run says SP_INVALID */
void db_put_time(struct db_args *args, sp_time_ms value);
void db_put_uuid(struct db_args *args, const struct sp_uuid *value); /* NULL: SQL NULL */
void db_put_bytes(struct db_args *args, struct sp_bytes value);
void db_put_null(struct db_args *args);
void db_put_uuid_list(struct db_args *args, struct sp_uuid_list value);
void db_put_text_list(struct db_args *args, struct sp_text_list value);
void db_put_i64_list(struct db_args *args, struct sp_i64_list value);
void db_put_bytes_list(struct db_args *args, struct sp_bytes_list value);

/* ret_result lives as long as the operation. */
SP_MUST_CHECK struct sp_err *db_run(struct sp_op *op, struct db_conn *conn, const struct db_stmt *stmt,
                                    const struct db_args *args, struct db_result **ret_result);

/*
 * Runs stmt and hands on each row as it arrives, as a result of that row alone: memory does not grow with their count.
 * The row ends with the call of each; an error of each ends the query and is returned. Until then the connection is
 * busy: each must not use it.
 */
typedef struct sp_err *db_each(void *context, const struct db_result *row);
SP_MUST_CHECK struct sp_err *db_stream(struct sp_op *op, struct db_conn *conn, const struct db_stmt *stmt,
                                       const struct db_args *args, db_each *each, void *context);

size_t db_row_count(const struct db_result *result);
int64_t db_affected(const struct db_result *result);

bool db_is_null(const struct db_result *result, size_t row, int column);
bool db_get_bool(const struct db_result *result, size_t row, int column);
int32_t db_get_i32(const struct db_result *result, size_t row, int column);
int64_t db_get_i64(const struct db_result *result, size_t row, int column);
double db_get_f64(const struct db_result *result, size_t row, int column); /* float4 and float8 */
sp_time_ms db_get_time(const struct db_result *result, size_t row, int column);
struct sp_uuid db_get_uuid(const struct db_result *result, size_t row, int column);
/* These point into the result: valid as long as the operation. NULL for SQL NULL. */
const char *db_get_text(const struct db_result *result, size_t row, int column);
const char *db_get_jsonb(const struct db_result *result, size_t row, int column);
struct sp_bytes db_get_bytes(const struct db_result *result, size_t row, int column);
/* These allocate from the operation. */
SP_MUST_CHECK struct sp_err *db_get_date(struct sp_op *op, const struct db_result *result, size_t row, int column,
                                         const char **ret_date);
SP_MUST_CHECK struct sp_err *db_get_text_list(struct sp_op *op, const struct db_result *result, size_t row, int column,
                                              struct sp_text_list *ret_list);
SP_MUST_CHECK struct sp_err *db_get_uuid_list(struct sp_op *op, const struct db_result *result, size_t row, int column,
                                              struct sp_uuid_list *ret_list);

#endif
