/*
 * The way of an upload, from the first byte to the asset. DESIGN: after a 201 a power cut loses nothing.
 *
 *   begin   (worker)  duplicate by checksum? else a row in `upload` is committed before the first byte
 *   file    (I/O)     a file starts: the asset's bytes or its sidecar; write appends, hashed on the way; sync at the
 * end finish  (worker)  fsync and rename, then one transaction: asset, usage, first job, the upload row gone abort
 * (worker)  removes what was written and the row; what it cannot remove the collector does later
 *
 * Quota: begin refuses what cannot fit beside what is stored and on its way, write what outgrows it, and finish
 * decides: to the byte, however many uploads run at once.
 *
 * One thread at a time; after begin exactly one of finish and abort. A finish that fails has aborted.
 */
#ifndef SP_DOMAIN_ASSET_UPLOAD_H
#define SP_DOMAIN_ASSET_UPLOAD_H

#include "base/attr.h"
#include "base/types.h"
#include <stdbool.h>
#include <stddef.h>

struct asset_upload;
struct db_conn;
struct principal;
struct sp_err;
struct sp_op;
struct store;

struct asset_upload_config {
    struct store *store;
    const char *instance_zone; /* IANA name: the wall time of a picture that does not say */
    int64_t max_bytes;         /* of one file */
    int64_t expected_bytes;    /* what the client announced, its form included; -1: nothing */
};

enum asset_upload_file { ASSET_UPLOAD_DATA, ASSET_UPLOAD_SIDECAR, ASSET_UPLOAD_FILE_COUNT };

/* What the client says of the file; checked by the domain, not yet by EXIF. */
struct asset_upload_fields {
    const char *file_name; /* the name to show; its extension decides the type */
    sp_time_ms file_created_at, file_modified_at;
    bool is_favorite;
    const char *visibility; /* "timeline", "archive", "hidden", "locked"; NULL: timeline */
    struct sp_opt_uuid live_photo_video_id;
    struct sp_opt_i64 duration_ms;
    const char *metadata_json; /* an array of {key,value}, or NULL */
};

struct asset_upload_result {
    struct sp_uuid asset_id;
    bool duplicate;
};

/* The asset of this owner with this SHA-1, trashed ones included; set is false when there is none. */
SP_MUST_CHECK struct sp_err *asset_find_by_checksum(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                    const uint8_t sha1[static 20], struct sp_opt_uuid *ret_id);
SP_MUST_CHECK struct sp_err *asset_upload_begin(struct sp_op *op, struct db_conn *db,
                                                const struct asset_upload_config *config, const struct principal *who,
                                                struct asset_upload **ret_upload);
/* SP_INVALID when this file came already; both without touching the database. */
SP_MUST_CHECK struct sp_err *asset_upload_file(struct sp_op *op, struct asset_upload *upload,
                                               enum asset_upload_file which);
SP_MUST_CHECK struct sp_err *asset_upload_write(struct sp_op *op, struct asset_upload *upload,
                                                enum asset_upload_file which, const void *data, size_t size);
/* Everything written so far to the disk; on an I/O thread, so that a slow disk holds no worker. */
SP_MUST_CHECK struct sp_err *asset_upload_sync(struct sp_op *op, struct asset_upload *upload);
SP_MUST_CHECK struct sp_err *asset_upload_finish(struct sp_op *op, struct db_conn *db, struct asset_upload *upload,
                                                 const struct asset_upload_fields *fields,
                                                 struct asset_upload_result *ret_result);
void asset_upload_abort(struct sp_op *op, struct db_conn *db, struct asset_upload *upload);

#endif
