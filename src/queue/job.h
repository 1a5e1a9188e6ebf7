/*
 * Putting work into the queue. A job is a row, written in the transaction of the change that it belongs to: if that is
 * rolled back, there is no job; once it is committed, the job runs at least once, and begins only after the commit.
 * Called on request and job threads, inside the caller's transaction:
 *
 *   SP_TRY(db_begin(op, db));
 *   return db_end(op, db, write_rows_and(job_enqueue(op, db, JOB_METADATA, &asset_id)));
 *
 * No call to Redis is made: the commit's NOTIFY wakes the worker's relay.
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
 * subject: the asset (or other entity) that the job is about, or NULL. Kind and subject together are the dedupe key:
 * where such a job waits already, that one is enough; where one runs, it runs once more when it has ended, for it may
 * have read what this transaction changes. At no time do two of them run.
 */
SP_MUST_CHECK struct sp_err *job_enqueue(struct sp_op *op, struct db_conn *db, enum job_kind kind,
                                         const struct sp_uuid *subject);

#endif
