/* A database of the test's own, a connection to it and a second one that watches and interferes. */
#ifndef TEST_DB_DATABASE_H
#define TEST_DB_DATABASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/op.h"
#include "db/db.h"

#define NEEDS_A_DATABASE "1..0 # SKIP needs tools/with_postgres.sh"
#define NO_ANSWER "The database does not answer. Try again later."
#define LOST "The database connection was lost. Try again."

static struct {
    struct sp_op *op; /* of one test */
    const char *url;
    struct sp_op *group_op;
    struct db_conn *db, *other;
} world;

#define assert_ok(expression)                                                                                          \
    do {                                                                                                               \
        struct sp_err *err_ = (expression);                                                                            \
        if (err_)                                                                                                      \
            print_error("%s (%s)\n", err_->message, err_->detail ? err_->detail : "-");                                \
        assert_null(err_);                                                                                             \
    } while (0)

#define assert_fails(expression, expected, text)                                                                       \
    do {                                                                                                               \
        struct sp_err *err_ = (expression);                                                                            \
        assert_non_null(err_);                                                                                         \
        if (err_->code != (expected) || !strstr(err_->message, (text)))                                                \
            fail_msg("code %d, %s (%s)", err_->code, err_->message, err_->detail ? err_->detail : "-");                \
    } while (0)

/* SP_INTERNAL: what happened stands in the detail. */
#define assert_internal(expression, text)                                                                              \
    do {                                                                                                               \
        struct sp_err *err_ = (expression);                                                                            \
        assert_non_null(err_);                                                                                         \
        if (err_->code != SP_INTERNAL || !err_->detail || !strstr(err_->detail, (text)))                               \
            fail_msg("code %d, %s (%s)", err_->code, err_->message, err_->detail ? err_->detail : "-");                \
    } while (0)

/* Runs statements on the other connection. */
static inline void sql(const char *text) { assert_ok(db_script(world.op, world.other, text)); }

/* Whether a condition in SQL is true now, as db sees it. */
static inline bool holds(struct db_conn *db, const char *condition)
{
    const char *text =
        sp_format(world.op, "do $$ begin if not coalesce((%s), false) then raise exception 'it is not'; end if; end $$",
                  condition);
    struct sp_err *err = db_script(world.op, db, text);
    if (err && !strstr(err->detail, "it is not"))
        fail_msg("%s: %s", condition, err->detail);
    return !err;
}

/* Ends the server's side of world.db; it is gone when this returns. */
static inline void cut_the_line(void)
{
    assert_true(holds(world.other,
                      "select count(*) = 1 and bool_and(pg_terminate_backend(pid, 10000))"
                      " from pg_stat_activity where application_name = 'under test' and datname = current_database()"));
}

static inline int set_up_group(void **state)
{
    struct db_conn *first = NULL;
    (void)state;
    world.group_op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    const char *url = getenv("SWISSPHOTO_TEST_DATABASE");
    const char *name = sp_format(world.group_op, "db_%d", (int)getpid());
    world.url = sp_format(world.group_op, "%s dbname=%s", url, name);
    struct sp_err *err = db_open(world.group_op, url, "first", &first);
    err = err ? err : db_create_database(world.group_op, first, name);
    db_close(first);
    err = err ? err : db_open(world.group_op, world.url, "other", &world.other);
    if (err)
        print_error("%s (%s)\n", err->message, err->detail ? err->detail : "-");
    return err ? -1 : 0;
}

static inline int tear_down_group(void **state)
{
    (void)state;
    db_close(world.other);
    sp_op_destroy(world.group_op);
    return 0;
}

static inline int set_up(void **state)
{
    (void)state;
    world.op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return db_open(world.op, world.url, "under test", &world.db) ? -1 : 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    db_fail_nth(0);
    db_close(world.db);
    sp_op_destroy(world.op);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
