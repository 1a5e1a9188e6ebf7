/*
 * The job collect: removes what aborted uploads and deleted assets left. It touches only the files of upload rows that
 * have expired and that it has locked: such a row means that there is no such asset (none was committed, or it was
 * deleted for good: trash.sql), and while it is locked none can be. What it knows
 * from a listing alone (files of a worker that died) it moves to quarantine and never removes. In a database that was
 * restored it does nothing until somebody has compared rows and files. Job threads.
 */
#include "domain/job.h"

#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/job_collect.h"
#include "gen/db/upload.h"
#include "gen/job/handlers.h"
#include "store/store.h"

/* Far beyond the time that any job has. */
enum { LEFTOVER_IDLE_MS = 24 * 3600 * 1000 };

/* Of an asset that was deleted for good; an aborted upload has none. */
static struct sp_err *remove_derivatives(struct job_context *ctx, const struct q_collect_lock_expired_row *upload)
{
    static const struct {
        const char *kind, *extension;
    } files[] = {{"preview", ".jpeg"}, {"thumbnail", ".webp"}};
    for (size_t i = 0; i < SP_COUNT(files); i++) {
        const char *path;
        SP_TRY(
            store_derivative_path(ctx->op, &upload->owner_id, &upload->id, files[i].kind, files[i].extension, &path));
        struct sp_err *err = store_derivative_remove(ctx->op, ctx->services->store, path);
        if (err && err->code != SP_NOT_FOUND)
            return err;
    }
    return NULL;
}

static struct sp_err *collect_one(struct job_context *ctx, const struct q_collect_lock_expired_row **ret_upload)
{
    struct q_collect_lock_expired_row *upload;
    int64_t count;
    *ret_upload = NULL;
    SP_TRY(q_collect_lock_expired(ctx->op, ctx->db, &upload));
    if (!upload)
        return NULL;
    *ret_upload = upload;
    SP_TRY(store_remove_upload(ctx->op, ctx->services->store, upload->path, &count));
    SP_TRY(remove_derivatives(ctx, upload));
    return q_upload_delete(ctx->op, ctx->db, &upload->id, &count);
}

/* One that cannot be removed must not stand before the others; the root being away stands before all. */
static struct sp_err *collect_uploads(struct job_context *ctx)
{
    for (;;) {
        const struct q_collect_lock_expired_row *upload;
        SP_TRY(db_begin(ctx->op, ctx->db));
        struct sp_err *err = db_end(ctx->op, ctx->db, collect_one(ctx, &upload));
        if (err && (!upload || err->code == SP_UNAVAILABLE || err->code == SP_TIMEOUT))
            return err;
        if (err) {
            sp_log_err(SP_LOG_WARN, ctx->op, err,
                       "the files of an aborted upload cannot be removed; tried again later");
            SP_TRY(q_collect_postpone(ctx->op, ctx->db, &upload->id));
        } else if (!upload) {
            return NULL;
        }
    }
}

static struct sp_err *quarantine_leftovers(struct job_context *ctx)
{
    struct sp_text_list leftovers;
    SP_TRY(store_list_leftovers(ctx->op, ctx->services->store, LEFTOVER_IDLE_MS, &leftovers));
    for (size_t i = 0; i < leftovers.count; i++) {
        const char *path;
        SP_TRY(store_quarantine(ctx->op, ctx->services->store, STORE_DERIVATIVES, leftovers.items[i], &path));
        SP_TRY(q_collect_quarantined(ctx->op, ctx->db, path, "derivatives"));
    }
    return NULL;
}

struct sp_err *job_collect(struct job_context *ctx)
{
    struct q_collect_is_allowed_row *instance;
    if (ctx->gave_up)
        return NULL; /* its row says it; the next one comes by itself */
    SP_TRY(q_collect_is_allowed(ctx->op, ctx->db, &instance));
    if (!instance->is_allowed) {
        sp_log(SP_LOG_WARN, ctx->op, "the database was restored: nothing is collected until it was verified", NULL);
        return NULL;
    }
    SP_TRY(collect_uploads(ctx));
    return quarantine_leftovers(ctx);
}
