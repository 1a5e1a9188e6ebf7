/*
 * A consumer: takes jobs of one queue, one at a time, and runs them (queue.h has the whole way). One thread each, with
 * its own connections; the one to PostgreSQL is closed while there is nothing to do.
 */
#ifndef SP_QUEUE_CONSUMER_H
#define SP_QUEUE_CONSUMER_H

#include "base/attr.h"
#include "base/types.h"
#include "gen/job/kinds.h"
#include <stdbool.h>

struct db_conn;
struct queue;
struct sp_err;
struct sp_op;

struct consumer_config {
    struct queue *queue;
    enum job_queue takes;
    unsigned slot; /* unique within the worker, below RUNNING_MAX */
    /*
     * Runs a claimed job on this thread; op carries its deadline. gave_up is NULL; or it says why there will be no
     * further attempt: then there is nothing to do but to note that where people look.
     */
    struct sp_err *(*run)(struct sp_op *op, struct db_conn *db, enum job_kind kind, struct sp_opt_uuid subject,
                          const struct sp_err *gave_up, void *context);
    /* Whether err says that a part which all jobs need is away: then the attempt does not count. */
    bool (*is_blameless)(struct sp_op *op, const struct sp_err *err, void *context);
    void *context;
};

/* The thread's body: until queue->stop; whatever is away is waited for. An error: it cannot work at all. */
SP_MUST_CHECK struct sp_err *consumer_run(struct sp_op *op, const struct consumer_config *config);

#endif
