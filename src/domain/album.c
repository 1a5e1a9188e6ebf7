/* See album.h. Worker threads. */
#include "domain/album.h"

#include <stdlib.h>
#include <string.h>

#include "base/op.h"
#include "db/db.h"
#include "domain/access.h"
#include "domain/principal.h"
#include "gen/db/album.h"
#include "gen/db/user.h"

struct sp_err *album_list(struct sp_op *op, struct db_conn *db, const struct principal *who,
                          const struct album_filter *filter, struct q_albums_of_user_rows *ret_albums)
{
    const struct q_albums_of_user_in in = {
        .user_id = who->user_id,
        .id = filter->id,
        .name = filter->name,
        .asset_id = filter->asset_id,
        .is_owned = filter->is_owned,
        .is_shared = filter->is_shared,
    };
    return q_albums_of_user(op, db, &in, ret_albums);
}

struct sp_err *album_get(struct sp_op *op, struct db_conn *db, const struct principal *who, const struct sp_uuid *id,
                         struct q_albums_of_user_row **ret_album)
{
    SP_TRY(access_require_one(op, db, who, "album.read", id));
    const struct album_filter filter = {.id = SP_SET(*id)};
    struct q_albums_of_user_rows rows;
    SP_TRY(album_list(op, db, who, &filter, &rows));
    if (rows.count != 1)
        return sp_fail(op, SP_INVALID, "Not found or no album.read access"); /* deleted since the check */
    *ret_album = rows.items;
    return NULL;
}

struct sp_err *album_get_users(struct sp_op *op, struct db_conn *db, const struct sp_uuid_list *albums,
                               struct q_album_users_rows *ret_users)
{
    return q_album_users(op, db, *albums, ret_users);
}

/* Members must be users of this instance; the maker is the owner already. */
static struct sp_err *check_members(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                    const struct album_new *album)
{
    struct sp_uuid_list ids = {.count = album->member_count};
    SP_NEW_ARRAY(op, ids.items, ids.count);
    for (size_t i = 0; i < ids.count; i++) {
        ids.items[i] = album->members[i].user_id;
        if (sp_uuid_equal(&ids.items[i], &who->user_id))
            return sp_fail(op, SP_INVALID, "The owner cannot be added to the album once more");
        for (size_t j = 0; j < i; j++)
            if (sp_uuid_equal(&ids.items[i], &ids.items[j]))
                return sp_fail(op, SP_INVALID, "The same user is given twice");
    }
    struct q_users_by_ids_rows found;
    SP_TRY(q_users_by_ids(op, db, ids, &found));
    return found.count == ids.count ? NULL : sp_fail(op, SP_INVALID, "User not found");
}

static struct sp_err *insert_album(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                   const struct album_new *album, struct sp_uuid *ret_id)
{
    struct q_album_create_row *created;
    SP_TRY(q_album_create(op, db, album->name, album->description ? album->description : "", &created));
    SP_TRY(q_album_user_add(op, db, &created->id, &who->user_id, "owner"));
    for (size_t i = 0; i < album->member_count; i++)
        SP_TRY(q_album_user_add(op, db, &created->id, &album->members[i].user_id, album->members[i].role));
    if (album->asset_ids.count > 0) {
        struct q_album_assets_add_rows added;
        SP_TRY(q_album_assets_add(op, db, &created->id, &who->user_id, album->asset_ids, &added));
    }
    *ret_id = created->id;
    return NULL;
}

struct sp_err *album_create(struct sp_op *op, struct db_conn *db, const struct principal *who,
                            const struct album_new *album, struct sp_uuid *ret_id)
{
    SP_TRY(check_members(op, db, who, album));
    SP_TRY(access_require(op, db, who, "asset.share", &album->asset_ids));
    SP_TRY(db_begin(op, db));
    return db_end(op, db, insert_album(op, db, who, album, ret_id));
}

static int compare_ids(const void *a, const void *b) { return memcmp(a, b, sizeof(struct sp_uuid)); }

static struct sp_err *insert_assets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                    const struct sp_uuid *id, struct sp_uuid_list wanted,
                                    struct q_album_assets_add_rows *ret_added)
{
    SP_TRY(q_album_assets_add(op, db, id, &who->user_id, wanted, ret_added));
    return ret_added->count > 0 ? q_album_touch(op, db, id) : NULL;
}

struct sp_err *album_add_assets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                const struct sp_uuid *id, const struct sp_uuid_list *ids, enum album_add **ret_results)
{
    SP_TRY(access_require_one(op, db, who, "albumAsset.create", id));
    struct sp_bool_list allowed;
    SP_TRY(access_filter(op, db, who, "asset.share", ids, &allowed));
    struct sp_uuid_list wanted = {0};
    enum album_add *results;
    SP_NEW_ARRAY(op, wanted.items, ids->count);
    SP_NEW_ARRAY(op, results, ids->count);
    for (size_t i = 0; i < ids->count; i++)
        if (allowed.items[i])
            wanted.items[wanted.count++] = ids->items[i];
    SP_TRY(db_begin(op, db));
    struct q_album_assets_add_rows added;
    SP_TRY(db_end(op, db, insert_assets(op, db, who, id, wanted, &added)));

    /* sorted, and each found one is spent: an id that came twice was added once */
    qsort(added.items, added.count, sizeof(*added.items), compare_ids);
    bool *spent;
    SP_NEW_ARRAY(op, spent, added.count);
    for (size_t i = 0; i < ids->count; i++) {
        results[i] = allowed.items[i] ? ALBUM_ADD_DUPLICATE : ALBUM_ADD_NO_PERMISSION;
        struct q_album_assets_add_row *hit =
            bsearch(&ids->items[i], added.items, added.count, sizeof(*hit), compare_ids);
        if (!hit || spent[hit - added.items])
            continue;
        spent[hit - added.items] = true;
        results[i] = ALBUM_ADDED;
    }
    *ret_results = results;
    return NULL;
}
