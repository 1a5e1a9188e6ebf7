/* The job purge: what has been in the trash for thirty days is deleted for good. Job threads. */
#include <stdio.h>

#include "base/log.h"
#include "base/op.h"
#include "domain/job.h"
#include "domain/trash.h"
#include "gen/job/handlers.h"

struct sp_err *job_purge(struct job_context *ctx)
{
    int64_t count;
    if (ctx->gave_up)
        return NULL; /* its row says it; the next one comes by itself */
    SP_TRY(trash_purge(ctx->op, ctx->db, &count));
    if (count == 0)
        return NULL;
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)count);
    sp_log(SP_LOG_INFO, ctx->op, "the oldest of the trash was deleted for good", "assets", text, NULL);
    return NULL;
}
