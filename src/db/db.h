/*
 * A connection to PostgreSQL: blocking, for one thread at a time (each HTTP worker and each job thread has its own).
 * It carries the transaction's state; prepared statements are made on first use and kept by name.
 *
 * Errors: connection lost, deadlock -> SP_UNAVAILABLE (the next operation connects again; one that was lost while idle,
 * as by a restart, is made again unseen), unique violation -> SP_CONFLICT (the constraint by db_conflict), op's
 * deadline passed -> SP_TIMEOUT, disk full -> SP_NO_SPACE, everything else -> SP_INTERNAL with the SQL state in the
 * detail. Inside a failed transaction every call fails until db_end or db_rollback.
 */
#ifndef SP_DB_DB_H
#define SP_DB_DB_H

#include "base/attr.h"
#include "base/err.h"
#include "base/op.h"
#include <stdbool.h>
#include <stdint.h>

struct db_conn;

/* url: a libpq connection string or URI; program: application_name. Connects on first use. */
SP_MUST_CHECK struct sp_err *db_open(struct sp_op *op, const char *url, const char *program, struct db_conn **ret_conn);
void db_close(struct db_conn *conn); /* NULL is legal */
/* Connects if it is not connected; for waiting at start. */
SP_MUST_CHECK struct sp_err *db_ping(struct sp_op *op, struct db_conn *conn);

/* Transactions: begin inside begin is a bug and asserts. */
SP_MUST_CHECK struct sp_err *db_begin(struct sp_op *op, struct db_conn *conn);
SP_MUST_CHECK struct sp_err *db_commit(struct sp_op *op, struct db_conn *conn);
void db_rollback(struct sp_op *op, struct db_conn *conn);
/* err NULL: commit and its error; else rolls back and returns err. */
SP_MUST_CHECK struct sp_err *db_end(struct sp_op *op, struct db_conn *conn, struct sp_err *err);
/* After a failed db_commit or db_end: whether the server may have committed all the same (the line broke). */
bool db_commit_is_uncertain(const struct db_conn *conn);

/* The constraint that the last SP_CONFLICT of this connection named, or "". */
const char *db_conflict(const struct db_conn *conn);

/* Advisory locks, by purpose. */
enum db_lock { DB_LOCK_MIGRATE = 7201, DB_LOCK_FIRST_ADMIN, DB_LOCK_RELAY, DB_LOCK_SCHEDULER, DB_LOCK_COLLECTOR };
/* Until the end of the transaction; waits. */
SP_MUST_CHECK struct sp_err *db_advisory_xact_lock(struct sp_op *op, struct db_conn *conn, enum db_lock lock);
/* For the session; does not wait. Lost with the connection: the next call then says SP_UNAVAILABLE, once. */
SP_MUST_CHECK struct sp_err *db_advisory_try_lock(struct sp_op *op, struct db_conn *conn, enum db_lock lock,
                                                  bool *ret_locked);

/*
 * LISTEN on a channel (a plain name), and wait for a NOTIFY on any: true when one came within timeout_ms. The wait ends
 * early when wake_fd (-1: none) becomes readable. Lost with the connection, as a lock of the session.
 */
SP_MUST_CHECK struct sp_err *db_listen(struct sp_op *op, struct db_conn *conn, const char *channel);
SP_MUST_CHECK struct sp_err *db_wait_notify(struct sp_op *op, struct db_conn *conn, int timeout_ms, int wake_fd,
                                            bool *ret_notified);

/* Makes a database (a plain name) unless it is there. */
SP_MUST_CHECK struct sp_err *db_create_database(struct sp_op *op, struct db_conn *conn, const char *name);
/* Several statements without parameters: migrations and settings alone. */
SP_MUST_CHECK struct sp_err *db_script(struct sp_op *op, struct db_conn *conn, const char *sql);

/* Brings the schema to the newest migration of gen/db/migrations.c; see migrate.c. */
struct db_migration {
    int version;
    const char *name, *checksum, *sql;
};
SP_MUST_CHECK struct sp_err *db_migrate(struct sp_op *op, struct db_conn *conn, const struct db_migration *migrations,
                                        size_t count, int *ret_applied);

/* The nth statement from now on (1 = the next) fails once as if the line broke; 0: never. SWISSPHOTO_FAIL_QUERY=n. */
void db_fail_nth(long n);

#endif
