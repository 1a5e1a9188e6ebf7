/* Statements of a test, as the generator would write them: one a line, named after it. */
#ifndef TEST_DB_STATEMENT_H
#define TEST_DB_STATEMENT_H

#include "db/stmt.h"

enum {
    BOOL = 16,
    BYTEA = 17,
    INT8 = 20,
    INT4 = 23,
    TEXT = 25,
    JSON = 114,
    FLOAT4 = 700,
    FLOAT8 = 701,
    BYTEA_LIST = 1001,
    TEXT_LIST = 1009,
    INT8_LIST = 1016,
    VARCHAR = 1043,
    DATE = 1082,
    TIMESTAMP = 1114,
    TIMESTAMPTZ = 1184,
    UUID = 2950,
    UUID_LIST = 2951,
    JSONB = 3802,
};

#define NUMBER_TEXT_OF(line) #line
#define NUMBER_TEXT(line) NUMBER_TEXT_OF(line)

/* A statement of this line; the rest are its columns: {"name", type, not_null}. */
#define STMT(stmt, params, text, ...)                                                                                  \
    static const struct db_column stmt##_columns[] = {__VA_ARGS__};                                                    \
    static const struct db_stmt stmt = {"s" NUMBER_TEXT(__LINE__), text, params, SP_COUNT(stmt##_columns),             \
                                        stmt##_columns}

#endif
