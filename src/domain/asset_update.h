/* What people change of their assets: flags, description, rating, place, date. Called on worker threads. */
#ifndef SP_DOMAIN_ASSET_UPDATE_H
#define SP_DOMAIN_ASSET_UPDATE_H

#include "base/attr.h"
#include "base/types.h"

struct db_conn;
struct principal;
struct sp_err;
struct sp_op;

/* What is not set or NULL stays as it is. What is set here no job overwrites later. */
struct asset_changes {
    struct sp_opt_bool is_favorite;
    const char *visibility; /* "timeline", …; "locked" takes the assets out of every album */
    const char *description;
    bool has_rating;                       /* rating unset then: unrated */
    struct sp_opt_i32 rating;              /* -1 (rejected), 1 to 5 */
    struct sp_opt_f64 latitude, longitude; /* both or none */
    /* ISO 8601. With an offset it says wall time and instant; with Z the instant, and the assets keep their offset. */
    const char *date;
    struct sp_opt_i32 move_minutes; /* instant and wall time */
    const char *time_zone;          /* IANA name: the instant stays, the wall time follows */
    bool has_live_video;            /* of one asset alone; live_video unset: its video is an asset of its own again */
    struct sp_opt_uuid live_video;
};

/* All of it for all of them, or nothing: SP_INVALID also for ids that are not one's own (access_require). */
SP_MUST_CHECK struct sp_err *asset_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                          const struct sp_uuid_list *ids, const struct asset_changes *changes);

#endif
