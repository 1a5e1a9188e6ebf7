/* Albums as far as tools need them: list, make, look at, add. Called on worker threads; members only (access.h). */
#ifndef SP_DOMAIN_ALBUM_H
#define SP_DOMAIN_ALBUM_H

#include "base/attr.h"
#include "base/types.h"
#include <stdbool.h>

struct db_conn;
struct principal;
struct q_album_users_rows;
struct q_albums_of_user_row;
struct q_albums_of_user_rows;
struct sp_err;
struct sp_op;

struct album_filter {
    struct sp_opt_uuid id, asset_id;
    const char *name;
    struct sp_opt_bool is_owned, is_shared;
};

struct album_member {
    struct sp_uuid user_id;
    const char *role; /* "editor" or "viewer" */
};

struct album_new {
    const char *name, *description;
    const struct album_member *members; /* beside the owner */
    size_t member_count;
    struct sp_uuid_list asset_ids;
};

enum album_add { ALBUM_ADDED, ALBUM_ADD_DUPLICATE, ALBUM_ADD_NO_PERMISSION };

SP_MUST_CHECK struct sp_err *album_list(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                        const struct album_filter *filter, struct q_albums_of_user_rows *ret_albums);
SP_MUST_CHECK struct sp_err *album_get(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                       const struct sp_uuid *id, struct q_albums_of_user_row **ret_album);
/* Members of these albums, each album's owner first. */
SP_MUST_CHECK struct sp_err *album_get_users(struct sp_op *op, struct db_conn *db, const struct sp_uuid_list *albums,
                                             struct q_album_users_rows *ret_users);
SP_MUST_CHECK struct sp_err *album_create(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                          const struct album_new *album, struct sp_uuid *ret_id);
/* ret_results[i] is for ids->items[i]. An id given twice is a duplicate the second time. */
SP_MUST_CHECK struct sp_err *album_add_assets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                              const struct sp_uuid *id, const struct sp_uuid_list *ids,
                                              enum album_add **ret_results);

#endif
