/* Assets that are there: looking at them, their files, counting them. Called on worker threads. */
#ifndef SP_DOMAIN_ASSET_H
#define SP_DOMAIN_ASSET_H

#include "base/attr.h"
#include "base/types.h"

struct db_conn;
struct principal;
struct q_asset_get_row;
struct q_asset_statistics_row;
struct q_assets_by_checksums_rows;
struct sp_err;
struct sp_op;
struct store;

/* A file of an asset, open for reading; the caller takes over fd. */
struct asset_media {
    int fd;
    int64_t size_bytes;
    sp_time_ms modified_at;
    const char *mime, *file_name, *etag; /* etag: quoted */
};

enum asset_size { ASSET_THUMBNAIL, ASSET_PREVIEW };

SP_MUST_CHECK struct sp_err *asset_get(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                       const struct sp_uuid *id, struct q_asset_get_row **ret_asset);
/* SP_NOT_FOUND while there is no such derivative (not made yet, or it could not be made). */
SP_MUST_CHECK struct sp_err *asset_open_derivative(struct sp_op *op, struct db_conn *db, struct store *store,
                                                   const struct principal *who, const struct sp_uuid *id,
                                                   enum asset_size size, struct asset_media *ret_media);
SP_MUST_CHECK struct sp_err *asset_open_original(struct sp_op *op, struct db_conn *db, struct store *store,
                                                 const struct principal *who, const struct sp_uuid *id,
                                                 struct asset_media *ret_media);
/* visibility NULL: archive and timeline; is_favorite unset: either. */
SP_MUST_CHECK struct sp_err *asset_statistics(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                              const char *visibility, struct sp_opt_bool is_favorite, bool is_trashed,
                                              struct q_asset_statistics_row **ret_counts);
/* Which of these SHA-1 the user holds, trashed ones included. */
SP_MUST_CHECK struct sp_err *asset_find_checksums(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                  struct sp_bytes_list checksums,
                                                  struct q_assets_by_checksums_rows *ret_found);

#endif
