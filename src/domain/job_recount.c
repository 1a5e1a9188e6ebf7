/*
 * The job recount: holds each user's usage against the sum of their originals and mends what differs. It never should:
 * every change of one is in the transaction of the other, so a difference is logged. Job threads.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "domain/job.h"
#include "gen/db/usage.h"
#include "gen/job/handlers.h"

static void log_difference(struct sp_op *op, int64_t said, int64_t counted)
{
    char texts[2][24];
    snprintf(texts[0], sizeof(texts[0]), "%lld", (long long)said);
    snprintf(texts[1], sizeof(texts[1]), "%lld", (long long)counted);
    sp_log(SP_LOG_ERROR, op, "a user's usage was wrong and is mended", "said", texts[0], "counted", texts[1], NULL);
}

static struct sp_err *recount_one(struct job_context *ctx, const struct sp_uuid *user)
{
    struct q_usage_hold_row *held;
    struct q_usage_count_row *counted;
    SP_TRY(q_usage_hold(ctx->op, ctx->db, user, &held));
    if (!held)
        return NULL;
    SP_TRY(q_usage_count(ctx->op, ctx->db, user, &counted));
    if (held->quota_usage_bytes == counted->bytes)
        return NULL;
    log_difference(ctx->op, held->quota_usage_bytes, counted->bytes);
    return q_usage_set(ctx->op, ctx->db, counted->bytes, user);
}

struct sp_err *job_recount(struct job_context *ctx)
{
    struct q_usage_users_rows users;
    if (ctx->gave_up)
        return NULL; /* its row says it; the next one comes by itself */
    SP_TRY(q_usage_users(ctx->op, ctx->db, &users));
    for (size_t i = 0; i < users.count; i++) {
        SP_TRY(db_begin(ctx->op, ctx->db));
        SP_TRY(db_end(ctx->op, ctx->db, recount_one(ctx, &users.items[i].id)));
    }
    return NULL;
}
