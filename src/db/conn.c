/* Connections and transactions; see db.h. The thread that owns the connection. */
#include "db/db.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/heap.h"
#include "db/conn_state.h"

enum { CONNECT_TIMEOUT_SECONDS = 5 };

static _Atomic long fail_countdown;

void db_fail_nth(long n) { atomic_store(&fail_countdown, n); }

static void __attribute__((constructor)) read_environment(void)
{
    const char *text = getenv("SWISSPHOTO_FAIL_QUERY");
    if (text)
        db_fail_nth(strtol(text, NULL, 10));
}

struct sp_err *db_injected_failure(struct sp_op *op)
{
    long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (left > 0 && !atomic_compare_exchange_weak(&fail_countdown, &left, left - 1))
        ;
    return left == 1 ? sp_fail(op, SP_UNAVAILABLE, "The database does not answer. Try again later.") : NULL;
}

struct sp_err *db_open(struct sp_op *op, const char *url, const char *program, struct db_conn **ret_conn)
{
    struct db_conn *conn = sp_heap_new(1, sizeof(*conn));
    if (!conn)
        return sp_err_no_memory();
    conn->url = sp_heap_strdup(url);
    conn->program = sp_heap_strdup(program);
    if (!conn->url || !conn->program) {
        db_close(conn);
        return sp_err_no_memory();
    }
    *ret_conn = conn;
    return NULL;
}

static void disconnect(struct db_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->in_transaction = conn->has_session_state = false;
    conn->timeout_ms = 0;
    memset(conn->prepared, 0, sizeof(conn->prepared));
}

void db_close(struct db_conn *conn)
{
    if (!conn)
        return;
    disconnect(conn);
    sp_heap_free(conn->url);
    sp_heap_free(conn->program);
    sp_heap_free(conn);
}

static void ignore_notice(void *context, const PGresult *result) { (void)context, (void)result; }

static struct sp_err *connect_now(struct sp_op *op, struct db_conn *conn)
{
    const char *timeout = sp_format(op, "%d", CONNECT_TIMEOUT_SECONDS);
    SP_OWN(timeout);
    const char *keys[] = {"dbname",           "application_name",
                          "connect_timeout",  "client_encoding",
                          "keepalives_idle",  "keepalives_interval",
                          "keepalives_count", "tcp_user_timeout",
                          "options",          NULL};
    const char *values[] = {
        conn->url,
        conn->program,
        timeout,
        "UTF8",
        "30", /* a server that vanished without a word is noticed within a minute */
        "10",
        "3",
        "30000",
        "-c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c idle_in_transaction_session_timeout=60000",
        NULL};
    conn->pg = PQconnectdbParams(keys, values, 1);
    if (!conn->pg)
        return sp_err_no_memory();
    if (PQstatus(conn->pg) != CONNECTION_OK) {
        struct sp_err *err = sp_fail(op, SP_UNAVAILABLE, "The database does not answer. Try again later.");
        err = sp_err_detail(op, err, "%s", PQerrorMessage(conn->pg));
        disconnect(conn);
        return err;
    }
    PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    return NULL;
}

static const char took_too_long[] = "The request took too long. Try again later or ask for less.";

static struct sp_err *timed_out(struct sp_op *op) { return sp_fail(op, SP_TIMEOUT, "%s", took_too_long); }

/* Only changed when it matters: a deadline much nearer, or gone, against what the session has. */
static struct sp_err *set_timeout(struct sp_op *op, struct db_conn *conn)
{
    int64_t left = sp_op_remaining_ms(op);
    if (left == 0)
        return timed_out(op);
    int64_t wanted = left == INT64_MAX ? 0 : (left + 999) / 1000 * 1000;
    if (wanted == conn->timeout_ms)
        return NULL;
    char sql[64];
    snprintf(sql, sizeof(sql), "set statement_timeout = %lld", (long long)wanted);
    PGresult *result = PQexec(conn->pg, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return db_result_error(op, conn, result, "set statement_timeout");
    PQclear(result);
    conn->timeout_ms = wanted;
    return NULL;
}

/* Whether the server is still there, as far as this side can know: one that was restarted has closed its end. */
static bool is_alive(struct db_conn *conn)
{
    struct pollfd line = {.fd = PQsocket(conn->pg), .events = POLLIN};
    while (PQstatus(conn->pg) == CONNECTION_OK && poll(&line, 1, 0) > 0)
        if (!PQconsumeInput(conn->pg))
            return false;
    return PQstatus(conn->pg) == CONNECTION_OK;
}

static struct sp_err *lost(struct sp_op *op)
{
    return sp_fail(op, SP_UNAVAILABLE, "The database connection was lost. Try again.");
}

struct sp_err *db_ready(struct sp_op *op, struct db_conn *conn)
{
    sp_assert(!conn->is_busy);
    if (conn->pg && !is_alive(conn)) {
        bool in_transaction = conn->in_transaction, matters = in_transaction || conn->has_session_state;
        disconnect(conn);
        conn->in_transaction = in_transaction; /* to its end: the rest must not run by itself on a new connection */
        if (matters)
            return lost(op);
    }
    if (!conn->pg && conn->in_transaction)
        return lost(op);
    if (!conn->pg)
        SP_TRY(connect_now(op, conn));
    if (!conn->in_transaction)
        return set_timeout(op, conn);
    return sp_op_remaining_ms(op) > 0 ? NULL : timed_out(op);
}

struct sp_err *db_ping(struct sp_op *op, struct db_conn *conn) { return db_ready(op, conn); }

static const char no_answer[] = "The database does not answer. Try again later.";
static const char at_once[] = "Somebody else changed this at the same moment. Try again.";

/* By the beginning of the SQL state (PostgreSQL's appendix A); the first that fits. */
static const struct meaning {
    const char *state;
    enum sp_code code;
    const char *message;
} meanings[] = {
    {"23505", SP_CONFLICT, "This exists already."}, /* unique_violation */
    {"23503", SP_UNAVAILABLE, at_once},             /* foreign_key_violation: just deleted */
    {"40", SP_UNAVAILABLE, at_once},                /* serialisation, deadlock */
    {"57014", SP_TIMEOUT, took_too_long},           /* query_canceled: statement_timeout */
    {"57P", SP_UNAVAILABLE, no_answer},             /* the server stops or starts */
    {"08", SP_UNAVAILABLE, no_answer},              /* connection */
    {"53100", SP_NO_SPACE, "The server's disk is full. Free some space, then try again."},
    {"53", SP_UNAVAILABLE, no_answer},                   /* out of memory or connections */
    {"22021", SP_INVALID, "A text is not valid UTF-8."}, /* character_not_in_repertoire */
    {"", SP_INTERNAL, "Internal server error"},
};

static const struct meaning *meaning_of(const struct db_conn *conn, const char *state)
{
    static const struct meaning lost = {"", SP_UNAVAILABLE, no_answer};
    if (PQstatus(conn->pg) != CONNECTION_OK)
        return &lost;
    const struct meaning *meaning = meanings;
    while (strncmp(state, meaning->state, strlen(meaning->state)) != 0)
        meaning++;
    return meaning;
}

/* With an error that says so on its way, the loss need not be told again. A transaction remembers it to its end. */
static void forget_broken(struct db_conn *conn)
{
    if (!conn->in_transaction && PQstatus(conn->pg) != CONNECTION_OK)
        disconnect(conn);
}

struct sp_err *db_result_error(struct sp_op *op, struct db_conn *conn, PGresult *result, const char *what)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *constraint = result ? PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME) : NULL;
    const struct meaning *meaning = meaning_of(conn, state ? state : "");
    snprintf(conn->conflict, sizeof(conn->conflict), "%s",
             meaning->code == SP_CONFLICT && constraint ? constraint : "");
    struct sp_err *err = sp_fail(op, meaning->code, "%s", meaning->message);
    err = sp_err_detail(op, err, "%s: %s %s", what, state ? state : "-",
                        result ? PQresultErrorMessage(result) : PQerrorMessage(conn->pg));
    PQclear(result);
    forget_broken(conn);
    return err;
}

static struct sp_err *command(struct sp_op *op, struct db_conn *conn, const char *sql)
{
    SP_TRY(db_injected_failure(op));
    SP_TRY(db_ready(op, conn));
    PGresult *result = PQexec(conn->pg, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        return db_result_error(op, conn, result, sql);
    PQclear(result);
    return NULL;
}

struct sp_err *db_begin(struct sp_op *op, struct db_conn *conn)
{
    sp_assert(!conn->in_transaction);
    SP_TRY(command(op, conn, "begin"));
    conn->in_transaction = true;
    conn->commit_uncertain = false;
    return NULL;
}

struct sp_err *db_commit(struct sp_op *op, struct db_conn *conn)
{
    sp_assert(conn->in_transaction);
    struct sp_err *injected = db_injected_failure(op);
    if (injected) {
        db_rollback(op, conn);
        return injected;
    }
    conn->in_transaction = false;
    if (!conn->pg)
        return lost(op);
    PGresult *result = PQexec(conn->pg, "commit");
    /* a failed transaction answers COMMIT with the tag ROLLBACK */
    if (PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") == 0) {
        PQclear(result);
        return NULL;
    }
    conn->commit_uncertain = PQstatus(conn->pg) != CONNECTION_OK;
    return db_result_error(op, conn, result, "commit");
}

void db_rollback(struct sp_op *op, struct db_conn *conn)
{
    (void)op;
    if (!conn->in_transaction)
        return;
    conn->in_transaction = false;
    if (!conn->pg)
        return;
    PGresult *result = PQexec(conn->pg, "rollback");
    bool clean = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!clean)
        disconnect(conn);
}

struct sp_err *db_end(struct sp_op *op, struct db_conn *conn, struct sp_err *err)
{
    if (!err)
        return db_commit(op, conn);
    db_rollback(op, conn);
    return err;
}

bool db_commit_is_uncertain(const struct db_conn *conn) { return conn->commit_uncertain; }

const char *db_conflict(const struct db_conn *conn) { return conn->conflict; }

struct sp_err *db_advisory_xact_lock(struct sp_op *op, struct db_conn *conn, enum db_lock lock)
{
    const char *sql = sp_format(op, "select pg_advisory_xact_lock(%d)", (int)lock);
    SP_OWN(sql);
    return command(op, conn, sql);
}

struct sp_err *db_advisory_try_lock(struct sp_op *op, struct db_conn *conn, enum db_lock lock, bool *ret_locked)
{
    SP_TRY(db_injected_failure(op));
    SP_TRY(db_ready(op, conn));
    const char *sql = sp_format(op, "select pg_try_advisory_lock(%d)", (int)lock);
    SP_OWN(sql);
    PGresult *result = PQexec(conn->pg, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return db_result_error(op, conn, result, "advisory lock");
    *ret_locked = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    conn->has_session_state |= *ret_locked;
    PQclear(result);
    return NULL;
}

struct sp_err *db_listen(struct sp_op *op, struct db_conn *conn, const char *channel)
{
    const char *sql = sp_format(op, "listen %s", channel);
    SP_OWN(sql);
    SP_TRY(command(op, conn, sql));
    conn->has_session_state = true;
    return NULL;
}

static bool take_notifications(struct db_conn *conn)
{
    bool any = false;
    for (PGnotify *notify; (notify = PQnotifies(conn->pg)); any = true)
        PQfreemem(notify);
    return any;
}

struct sp_err *db_wait_notify(struct sp_op *op, struct db_conn *conn, int timeout_ms, int wake_fd, bool *ret_notified)
{
    SP_TRY(db_ready(op, conn));
    *ret_notified = take_notifications(conn);
    if (*ret_notified)
        return NULL;
    struct pollfd lines[] = {{.fd = PQsocket(conn->pg), .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
    if (poll(lines, SP_COUNT(lines), timeout_ms) > 0 && lines[0].revents && PQconsumeInput(conn->pg) != 1) {
        forget_broken(conn);
        return lost(op);
    }
    *ret_notified = take_notifications(conn);
    return NULL;
}

struct sp_err *db_script(struct sp_op *op, struct db_conn *conn, const char *sql) { return command(op, conn, sql); }

struct sp_err *db_create_database(struct sp_op *op, struct db_conn *conn, const char *name)
{
    SP_TRY(db_ready(op, conn));
    const char *values[] = {name};
    PGresult *result =
        PQexecParams(conn->pg, "select from pg_database where datname = $1", 1, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return db_result_error(op, conn, result, "look for the database");
    bool there = PQntuples(result) > 0;
    PQclear(result);
    if (there)
        return NULL;
    const char *sql = sp_format(op, "create database %s", name);
    SP_OWN(sql);
    return command(op, conn, sql);
}
