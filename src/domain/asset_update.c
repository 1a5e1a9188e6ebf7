/* See asset_update.h. */
#include "domain/asset_update.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/op.h"
#include "db/db.h"
#include "domain/access.h"
#include "domain/principal.h"
#include "gen/db/asset.h"
#include "gen/db/asset_update.h"

enum { EDITS_MAX = 4, OFFSET_LENGTH = 6, MINUTE_MS = 60000 };

struct date {
    sp_time_ms taken;
    struct sp_opt_i32 offset_minutes;
    const char *zone; /* "UTC+2"; NULL: as it was */
};

/* "+02:00" at its end; Z and nothing are no offset. */
static struct sp_err *parse_date(struct sp_op *op, const char *text, struct date *ret_date)
{
    size_t length = strlen(text);
    *ret_date = (struct date){0};
    if (!sp_time_parse(text, &ret_date->taken))
        return sp_fail(op, SP_INVALID, "dateTimeOriginal \"%.40s\" is no date such as 2024-05-31T12:30:00.000+02:00",
                       text);
    const char *sign = length > OFFSET_LENGTH ? text + length - OFFSET_LENGTH : "";
    if (*sign != '+' && (*sign != '-' || !strchr(text, 'T')))
        return NULL;
    int hours = (int)strtol(sign + 1, NULL, 10), minutes = (int)strtol(sign + 4, NULL, 10);
    int32_t offset = (*sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    ret_date->offset_minutes = (struct sp_opt_i32)SP_SET(offset);
    if (offset == 0)
        ret_date->zone = sp_strdup(op, "UTC");
    else if (minutes == 0)
        ret_date->zone = sp_format(op, "UTC%c%d", *sign, hours);
    else
        ret_date->zone = sp_format(op, "UTC%c%d:%02d", *sign, hours, minutes);
    SP_OWN(ret_date->zone);
    return NULL;
}

static struct sp_err *check(struct sp_op *op, struct db_conn *db, const struct asset_changes *changes)
{
    if (changes->latitude.set != changes->longitude.set)
        return sp_fail(op, SP_INVALID, "A place needs both latitude and longitude");
    if (!changes->time_zone)
        return NULL;
    struct q_asset_zone_exists_row *zone;
    SP_TRY(q_asset_zone_exists(op, db, changes->time_zone, &zone));
    return zone->is_known
               ? NULL
               : sp_fail(op, SP_INVALID, "timeZone \"%.64s\" is no zone such as Europe/Zurich", changes->time_zone);
}

static struct sp_err *write_flags(struct sp_op *op, struct db_conn *db, const struct sp_uuid_list *ids,
                                  const struct asset_changes *changes)
{
    if (!changes->is_favorite.set && !changes->visibility)
        return NULL;
    SP_TRY(q_asset_update_flags(op, db, changes->is_favorite, changes->visibility, *ids));
    if (changes->visibility && strcmp(changes->visibility, "locked") == 0)
        return q_asset_leave_albums(op, db, *ids);
    return NULL;
}

static bool has_date(const struct asset_changes *changes)
{
    return changes->date || changes->move_minutes.set || changes->time_zone;
}

/* Also marks what a person has set, before anything else is written of it. */
static struct sp_err *write_exif(struct sp_op *op, struct db_conn *db, const struct sp_uuid_list *ids,
                                 const struct asset_changes *changes)
{
    const char *edited[EDITS_MAX];
    size_t count = 0;
    if (has_date(changes))
        edited[count++] = "date";
    if (changes->description)
        edited[count++] = "description";
    if (changes->latitude.set)
        edited[count++] = "place";
    if (changes->has_rating)
        edited[count++] = "rating";
    if (count == 0)
        return NULL;
    const struct q_asset_update_exif_in in = {
        .description = changes->description,
        .rating = changes->rating,
        .latitude = changes->latitude,
        .longitude = changes->longitude,
        .edited = {edited, count},
        .ids = *ids,
    };
    return q_asset_update_exif(op, db, &in);
}

static struct sp_err *write_dates(struct sp_op *op, struct db_conn *db, const struct sp_uuid_list *ids,
                                  const struct asset_changes *changes)
{
    if (changes->date) {
        struct date date;
        SP_TRY(parse_date(op, changes->date, &date));
        const struct q_asset_update_date_in in = {
            .taken = date.taken, .offset_minutes = date.offset_minutes, .time_zone = date.zone, .ids = *ids};
        SP_TRY(q_asset_update_date(op, db, &in));
    }
    if (changes->move_minutes.set)
        SP_TRY(q_asset_update_date_relative(op, db, changes->move_minutes.value, *ids));
    if (changes->time_zone)
        SP_TRY(q_asset_update_zone(op, db, changes->time_zone, *ids));
    return has_date(changes) ? q_asset_update_exif_date(op, db, *ids) : NULL;
}

static struct sp_err *write_live_video(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                       const struct sp_uuid *id, const struct asset_changes *changes)
{
    int64_t hidden = 1;
    if (!changes->has_live_video)
        return NULL;
    SP_TRY(q_asset_show_live_video(op, db, id));
    if (changes->live_video.set)
        SP_TRY(q_asset_hide_live_video(op, db, &changes->live_video.value, &who->user_id, &hidden));
    if (hidden != 1)
        return sp_fail(op, SP_INVALID, "livePhotoVideoId is not a video of yours");
    return q_asset_set_live_video(op, db, changes->live_video.set ? &changes->live_video.value : NULL, id);
}

static struct sp_err *write_all(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                const struct sp_uuid_list *ids, const struct asset_changes *changes)
{
    SP_TRY(write_flags(op, db, ids, changes));
    SP_TRY(write_exif(op, db, ids, changes));
    SP_TRY(write_dates(op, db, ids, changes));
    return ids->count == 1 ? write_live_video(op, db, who, &ids->items[0], changes) : NULL;
}

struct sp_err *asset_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                            const struct sp_uuid_list *ids, const struct asset_changes *changes)
{
    SP_TRY(access_require(op, db, who, "asset.update", ids));
    SP_TRY(check(op, db, changes));
    SP_TRY(db_begin(op, db));
    return db_end(op, db, write_all(op, db, who, ids, changes));
}
