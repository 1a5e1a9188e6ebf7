/* The timeline: months with counts, and the assets of one month. Called on worker threads. */
#ifndef SP_DOMAIN_TIMELINE_H
#define SP_DOMAIN_TIMELINE_H

#include "base/attr.h"
#include "base/types.h"
#include <stdbool.h>

struct db_conn;
struct principal;
struct q_timeline_bucket_rows;
struct q_timeline_buckets_rows;
struct sp_err;
struct sp_op;

/* What both questions filter by. visibility NULL: archive and timeline together. */
struct timeline_filter {
    struct sp_opt_uuid album_id, user_id;
    const char *visibility;
    struct sp_opt_bool is_favorite;
    bool is_trashed;
    bool ascending;     /* else newest first */
    bool by_created_at; /* months of the upload instead of the picture's */
};

/* Months with at least one asset, in the filter's order. */
SP_MUST_CHECK struct sp_err *timeline_get_buckets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                  const struct timeline_filter *filter,
                                                  struct q_timeline_buckets_rows *ret_buckets);
/* month: "YYYY-MM-01" or an ISO 8601 instant of that day; else SP_INVALID. */
SP_MUST_CHECK struct sp_err *timeline_get_bucket(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                 const struct timeline_filter *filter, const char *month,
                                                 struct q_timeline_bucket_rows *ret_assets);

#endif
