/* See timeline.h. Worker threads. */
#include "domain/timeline.h"

#include <string.h>

#include "base/clock.h"
#include "base/op.h"
#include "domain/access.h"
#include "domain/principal.h"
#include "gen/db/timeline.h"

enum { DATE_LENGTH = 10 }; /* "YYYY-MM-DD" */

/* An album asks its own members; a user asks for themselves alone until there are partners. */
static struct sp_err *check_scope(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                  const struct timeline_filter *filter)
{
    if (filter->album_id.set)
        SP_TRY(access_require_one(op, db, who, "album.read", &filter->album_id.value));
    if (filter->user_id.set && !sp_uuid_equal(&filter->user_id.value, &who->user_id))
        return sp_fail(op, SP_INVALID, "Not found or no timeline.read access");
    bool locked = filter->visibility && strcmp(filter->visibility, "locked") == 0;
    if (locked && !who->elevated)
        return sp_fail(op, SP_UNAUTHENTICATED, "Elevated permission is required");
    return NULL;
}

/* The first of a month as a date, from "2024-05-01" or "2024-05-01T00:00:00.000Z". */
static struct sp_err *parse_month(struct sp_op *op, const char *text, const char **ret_date)
{
    sp_time_ms time;
    if (!sp_time_parse(text, &time) || strncmp(text + 7, "-01", 3) != 0)
        return sp_err_issue(op, NULL, "timeBucket", "invalid_format",
                            "timeBucket must be the first day of a month, such as 2024-05-01");
    *ret_date = sp_strndup(op, text, DATE_LENGTH);
    SP_OWN(*ret_date);
    return NULL;
}

struct sp_err *timeline_get_buckets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                    const struct timeline_filter *filter, struct q_timeline_buckets_rows *ret_buckets)
{
    SP_TRY(check_scope(op, db, who, filter));
    const struct q_timeline_buckets_in in = {
        .owner_id = who->user_id,
        .album_id = filter->album_id,
        .visibility = filter->visibility,
        .is_favorite = filter->is_favorite,
        .is_trashed = filter->is_trashed,
        .ascending = filter->ascending,
        .by_created_at = filter->by_created_at,
    };
    return q_timeline_buckets(op, db, &in, ret_buckets);
}

struct sp_err *timeline_get_bucket(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                   const struct timeline_filter *filter, const char *month,
                                   struct q_timeline_bucket_rows *ret_assets)
{
    SP_TRY(check_scope(op, db, who, filter));
    struct q_timeline_bucket_in in = {
        .owner_id = who->user_id,
        .album_id = filter->album_id,
        .visibility = filter->visibility,
        .is_favorite = filter->is_favorite,
        .is_trashed = filter->is_trashed,
        .ascending = filter->ascending,
        .by_created_at = filter->by_created_at,
    };
    SP_TRY(parse_month(op, month, &in.month));
    return q_timeline_bucket(op, db, &in, ret_assets);
}
