/*
 * A consumer: takes jobs of one queue, one at a time, and runs them. Several threads, each with its own connections.
 * The row is claimed in PostgreSQL before the handler runs and completed after it; Redis only says where to look.
 */
#ifndef SP_QUEUE_CONSUMER_H
#define SP_QUEUE_CONSUMER_H

#include <stdatomic.h>
#include "base/attr.h"
#include "base/types.h"
#include "gen/job/kinds.h"

struct db_conn;
struct sp_err;
struct sp_op;

struct consumer_config {
    const char *database_url, *redis_url;
    enum job_queue queue;
    const char *name; /* unique among all consumers of all workers */
    const atomic_bool *stop;
    /* Runs a claimed job on this thread; op carries its deadline. */
    struct sp_err *(*run)(struct sp_op *op, struct db_conn *db, enum job_kind kind, struct sp_opt_uuid subject,
                          void *context);
    void *context;
};

/* The thread's body, until stop. */
SP_MUST_CHECK struct sp_err *consumer_run(struct sp_op *op, const struct consumer_config *config);

#endif
