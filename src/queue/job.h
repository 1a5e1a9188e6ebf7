/*
 * Putting work into the queue. A job is a row, written in the transaction of the change that it belongs to: if that is
 * rolled back, there is no job; once it is committed, the job runs at least once. Called on worker and job threads.
 */
#ifndef SP_QUEUE_JOB_H
#define SP_QUEUE_JOB_H

#include "base/attr.h"
#include "base/types.h"
#include "gen/job/kinds.h"

struct db_conn;
struct sp_err;
struct sp_op;

/*
 * subject: the asset (or other entity) that the job is about, or NULL. A waiting job of the same kind and subject is
 * enough: a second one is not written.
 */
SP_MUST_CHECK struct sp_err *job_enqueue(struct sp_op *op, struct db_conn *db, enum job_kind kind,
                                         const struct sp_uuid *subject);

#endif
