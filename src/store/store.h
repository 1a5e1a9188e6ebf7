/*
 * Where the bytes lie: two roots, originals (may be a NAS) and derivatives (a fast disk). Rows hold paths relative to a
 * root; nothing here takes any other path, and no path leaves its root (openat2).
 *
 * Each root carries a marker file, ".swissphoto", naming the instance and the root's kind. It is looked at before
 * everything: a root without it is not what it should be (an unmounted NAS), so each call answers SP_UNAVAILABLE,
 * nothing is written there, and as soon as the marker is back everything goes on.
 *
 * The store is shared by all threads; an upload or a derivative belongs to one thread at a time. A call may hang as
 * long as the NAS does. Disk full is SP_NO_SPACE; a disk that fails or is read-only is SP_UNAVAILABLE.
 *
 * An upload, in this order (asset_upload.c):
 *   1. commit a row in `upload` with store_original_stem()
 *   2. store_upload_begin, store_upload_write ..., store_upload_sync (I/O threads)
 *   3. store_upload_digest, then store_upload_commit: the file is durable in its final place
 *   4. one transaction: the asset with the path from 3, the upload row deleted; then answer
 * On any failure before 4 is committed: store_upload_discard (or the operation's end) and store_remove_upload; what a
 * crash leaves, the collector removes by the row.
 */
#ifndef SP_STORE_STORE_H
#define SP_STORE_STORE_H

#include "base/attr.h"
#include "base/hash.h"
#include "base/types.h"
#include <stdbool.h>
#include <stdint.h>

struct sp_err;
struct sp_op;
struct store;
struct store_derivative;
struct store_upload;

enum store_root { STORE_ORIGINALS, STORE_DERIVATIVES, STORE_ROOT_COUNT };

struct store_config {
    const char *originals, *derivatives; /* absolute folders */
    struct sp_uuid instance_id;
    /*
     * Nothing was stored yet: a missing folder (its last level) is made, an empty one gets its marker. Otherwise the
     * roots are left as they are found, for an empty folder is then a disk that is not mounted.
     */
    bool is_new;
};

/*
 * A new instance's root that holds files without a marker, or another instance's, is refused (SP_INVALID) with what to
 * do. A root of an old instance may be away: the store is made all the same, see store_check.
 */
SP_MUST_CHECK struct sp_err *store_create(struct sp_op *op, const struct store_config *config,
                                          struct store **ret_store);
void store_destroy(struct store *store); /* NULL is legal */
/* Looks at the root's marker. SP_UNAVAILABLE when it is not there; the detail, for the log, says what to do. */
SP_MUST_CHECK struct sp_err *store_check(struct sp_op *op, struct store *store, enum store_root root);

/* "upload/<user>/ab/cd/<id>": what the names of all files of this asset's upload begin with. */
SP_MUST_CHECK struct sp_err *store_original_stem(struct sp_op *op, const struct sp_uuid *user, const struct sp_uuid *id,
                                                 const char **ret_stem);
/* "thumbs/<user>/ab/cd/<id>-<kind><extension>" */
SP_MUST_CHECK struct sp_err *store_derivative_path(struct sp_op *op, const struct sp_uuid *user,
                                                   const struct sp_uuid *id, const char *kind, const char *extension,
                                                   const char **ret_path);
/* A regular file, read-only; SP_NOT_FOUND when it is not there. */
SP_MUST_CHECK struct sp_err *store_open(struct sp_op *op, struct store *store, enum store_root root, const char *path,
                                        int *ret_fd);

struct store_digest {
    uint8_t sha1[SP_SHA1_BYTES], blake2b[SP_BLAKE2B_256_BYTES];
    int64_t size_bytes;
};

/*
 * An upload's file: written to "<stem><tag>.part" beside its final place, hashed on the way. tag tells the files of one
 * upload apart ("" and "-sidecar"). Released with the operation; an upload that was not committed is removed then.
 * After a write or a sync has failed nothing but discard succeeds: an fsync after a failed one proves nothing.
 */
SP_MUST_CHECK struct sp_err *store_upload_begin(struct sp_op *op, struct store *store, const char *stem,
                                                const char *tag, struct store_upload **ret_upload);
SP_MUST_CHECK struct sp_err *store_upload_write(struct sp_op *op, struct store_upload *upload, const void *data,
                                                size_t size);
/* To the disk; commit does it too, and then has nothing left to wait for. */
SP_MUST_CHECK struct sp_err *store_upload_sync(struct sp_op *op, struct store_upload *upload);
/* The digests of what was written; once. No write afterwards. */
SP_MUST_CHECK struct sp_err *store_upload_digest(struct sp_op *op, struct store_upload *upload,
                                                 struct store_digest *ret_digest);
/* fsync, rename to "<stem><extension>" (never over another file), fsync of the folder. Durable when it returns NULL. */
SP_MUST_CHECK struct sp_err *store_upload_commit(struct sp_op *op, struct store_upload *upload, const char *extension,
                                                 const char **ret_path);
void store_upload_discard(struct store_upload *upload);
/*
 * Removes every file of originals that begins with stem: only for an upload row that the caller has locked or owns,
 * whose asset cannot exist. ret_count: how many.
 */
SP_MUST_CHECK struct sp_err *store_remove_upload(struct sp_op *op, struct store *store, const char *stem,
                                                 int64_t *ret_count);

/*
 * A derivative on its way: an empty file in the root's folder "tmp" that the decoder fills, then put in place at once,
 * over an older one, and durable (a row will say that it is there). Released with the operation, removed unless it was
 * committed. store_derivative_fd is the store's.
 */
SP_MUST_CHECK struct sp_err *store_derivative_begin(struct sp_op *op, struct store *store, const char *path,
                                                    struct store_derivative **ret_derivative);
int store_derivative_fd(const struct store_derivative *derivative);
SP_MUST_CHECK struct sp_err *store_derivative_commit(struct sp_op *op, struct store_derivative *derivative,
                                                     int64_t *ret_size_bytes);
/* A derivative that the caller has just committed and whose asset is gone. */
SP_MUST_CHECK struct sp_err *store_derivative_remove(struct sp_op *op, struct store *store, const char *path);

enum { STORE_LEFTOVERS_MAX = 1000 };

/* Files in the derivatives' "tmp" that nobody has touched for idle_ms, at most STORE_LEFTOVERS_MAX: their worker died.
 */
SP_MUST_CHECK struct sp_err *store_list_leftovers(struct sp_op *op, struct store *store, int64_t idle_ms,
                                                  struct sp_text_list *ret_paths);
/* Moves a file that no row knows to "quarantine/<path>" of its root, never over another; ret_path: where it is now. */
SP_MUST_CHECK struct sp_err *store_quarantine(struct sp_op *op, struct store *store, enum store_root root,
                                              const char *path, const char **ret_path);

#endif
