/* See job.h. */
#include "queue/job.h"

#include "base/op.h"
#include "gen/db/job.h"

struct sp_err *job_enqueue(struct sp_op *op, struct db_conn *db, enum job_kind kind, const struct sp_uuid *subject)
{
    const struct job_kind_info *info = &job_kinds[kind];
    struct q_job_create_in in = {.kind = info->name, .queue = info->queue, .max_attempts = info->max_attempts};
    if (subject)
        in.subject_id = (struct sp_opt_uuid)SP_SET(*subject);
    return q_job_create(op, db, &in);
}
