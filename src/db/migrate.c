/*
 * Migrations go forward only, each in a transaction of its own, under an advisory lock so that two programs that start
 * at once do it once. A migration that was applied and changed since is refused: the schema would not be what it says.
 */
#include "db/db.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "db/conn_state.h"

static const char create_table[] = "create table if not exists schema_migration ("
                                   " version integer primary key, name text not null, checksum text not null,"
                                   " applied_at timestamptz(3) not null default clock_timestamp())";

static struct sp_err *read_applied(struct sp_op *op, struct db_conn *conn, PGresult **ret_result)
{
    PGresult *result = PQexec(conn->pg, "select version, checksum from schema_migration order by version");
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return db_result_error(op, conn, result, "read schema_migration");
    *ret_result = result;
    return NULL;
}

/* How many of the migrations are applied; the applied ones must be the first ones, unchanged. */
static struct sp_err *check_applied(struct sp_op *op, const PGresult *result, const struct db_migration *migrations,
                                    size_t count, size_t *ret_done)
{
    size_t done = (size_t)PQntuples(result);
    if (done > count)
        return sp_fail(op, SP_INVALID, "The database is newer than this program (migration %s). Use the newer program.",
                       PQgetvalue(result, (int)done - 1, 0));
    for (size_t i = 0; i < done; i++) {
        if (strtol(PQgetvalue(result, (int)i, 0), NULL, 10) == migrations[i].version &&
            strcmp(PQgetvalue(result, (int)i, 1), migrations[i].checksum) == 0)
            continue;
        return sp_fail(op, SP_INVALID,
                       "Migration %d (%s) of the database differs from this program's. Use the program "
                       "that made the database, or restore a backup.",
                       migrations[i].version, migrations[i].name);
    }
    *ret_done = done;
    return NULL;
}

static struct sp_err *apply_one(struct sp_op *op, struct db_conn *conn, const struct db_migration *migration)
{
    SP_TRY(db_script(op, conn, migration->sql));
    const char *version = sp_format(op, "%d", migration->version);
    SP_OWN(version);
    const char *values[] = {version, migration->name, migration->checksum};
    PGresult *result =
        PQexecParams(conn->pg, "insert into schema_migration (version, name, checksum) values ($1, $2, $3)", 3, NULL,
                     values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return db_result_error(op, conn, result, "record migration");
    PQclear(result);
    return NULL;
}

static struct sp_err *apply_next(struct sp_op *op, struct db_conn *conn, const struct db_migration *migrations,
                                 size_t count, bool *ret_applied)
{
    SP_TRY(db_advisory_xact_lock(op, conn, DB_LOCK_MIGRATE));
    SP_TRY(db_script(op, conn, create_table));
    PGresult *result = NULL;
    SP_TRY(read_applied(op, conn, &result));
    size_t done = 0;
    struct sp_err *err = check_applied(op, result, migrations, count, &done);
    PQclear(result);
    if (err)
        return err;
    *ret_applied = done < count;
    return done < count ? apply_one(op, conn, &migrations[done]) : NULL;
}

struct sp_err *db_migrate(struct sp_op *op, struct db_conn *conn, const struct db_migration *migrations, size_t count,
                          int *ret_applied)
{
    int applied = 0;
    for (bool more = true; more;) {
        SP_TRY(db_begin(op, conn));
        SP_TRY(db_end(op, conn, apply_next(op, conn, migrations, count, &more)));
        applied += more;
    }
    *ret_applied = applied;
    return NULL;
}
