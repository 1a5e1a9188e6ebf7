/*
 * The job collect: removes what aborted uploads left. It touches only the files of upload rows that have expired and
 * that it has locked: such a row means that no asset was committed, and while it is locked none can be. Job threads.
 */
#include "domain/job.h"

#include "base/op.h"
#include "db/db.h"
#include "gen/db/upload.h"
#include "gen/job/handlers.h"
#include "store/store.h"

static struct sp_err *collect_one(struct job_context *ctx, bool *ret_found)
{
    struct q_upload_lock_expired_row *upload;
    int64_t count;
    SP_TRY(q_upload_lock_expired(ctx->op, ctx->db, &upload));
    *ret_found = upload != NULL;
    if (!upload)
        return NULL;
    SP_TRY(store_remove_upload(ctx->op, ctx->services->store, upload->path, &count));
    return q_upload_delete(ctx->op, ctx->db, &upload->id, &count);
}

struct sp_err *job_collect(struct job_context *ctx)
{
    for (bool found = true; found;) {
        SP_TRY(db_begin(ctx->op, ctx->db));
        SP_TRY(db_end(ctx->op, ctx->db, collect_one(ctx, &found)));
    }
    return NULL;
}
