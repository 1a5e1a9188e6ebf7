/* The inside of struct db_conn, for the files of src/db alone. */
#ifndef SP_DB_CONN_STATE_H
#define SP_DB_CONN_STATE_H

#include "base/err.h"
#include <libpq-fe.h>
#include <stdbool.h>

enum { DB_PREPARED_SLOTS = 512, DB_CONSTRAINT_MAX_BYTES = 64 };

struct db_conn {
    PGconn *pg;
    char *url, *program;
    bool in_transaction, commit_uncertain;
    bool is_busy;           /* within db_stream */
    bool has_session_state; /* an advisory lock or LISTEN: not to be lost without a word */
    int64_t timeout_ms;     /* what statement_timeout is set to; 0: none */
    char conflict[DB_CONSTRAINT_MAX_BYTES];
    /* names of prepared statements, by the address of their literal: an open-addressed set */
    const void *prepared[DB_PREPARED_SLOTS];
};

/* Connected, with statement_timeout fit for op's deadline. */
struct sp_err *db_ready(struct sp_op *op, struct db_conn *conn) SP_MUST_CHECK;
/* The error of a result that is neither a command nor tuples; frees result. */
struct sp_err *db_result_error(struct sp_op *op, struct db_conn *conn, PGresult *result,
                               const char *what) SP_MUST_CHECK;
/* The failure that db_fail_nth asked for, when this is the one. */
struct sp_err *db_injected_failure(struct sp_op *op) SP_MUST_CHECK;

#endif
