/*
 * What a job's handler (src/domain/job_<name>.c) gets. Handlers are idempotent: a job may run again after a crash, and
 * even beside itself when its worker lost its lease. They return NULL when the work is done or the asset is gone; an
 * error is tried again if its code says that this can help and attempts are left.
 */
#ifndef SP_DOMAIN_JOB_H
#define SP_DOMAIN_JOB_H

#include "base/types.h"

struct db_conn;
struct media_decoder;
struct sp_err;
struct sp_op;
struct store;

/* Shared by all jobs of a worker. */
struct job_services {
    struct store *store;
    struct media_decoder *decoder;
    const char *instance_zone;
};

struct job_context {
    struct sp_op *op; /* with the job's deadline */
    struct db_conn *db;
    struct sp_opt_uuid subject;
    /* NULL; or why there will be no further attempt: the handler only notes that where people look, and returns. */
    const struct sp_err *gave_up;
    const struct job_services *services;
};

#endif
