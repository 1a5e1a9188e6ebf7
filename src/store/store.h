/*
 * Where the bytes lie: two roots, originals (may be a NAS) and derivatives (a fast disk). Rows hold paths relative to a
 * root; nothing here takes any other path.
 *
 * Each root carries a marker file, ".swissphoto", naming the instance and the root's kind. A root without it is not
 * what it should be (an unmounted NAS): store_check refuses with SP_UNAVAILABLE, nothing is written, and as soon as the
 * marker is back everything goes on.
 *
 * The store is shared by all threads; an upload belongs to one thread at a time.
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
struct store_upload;

enum store_root { STORE_ORIGINALS, STORE_DERIVATIVES, STORE_ROOT_COUNT };

struct store_config {
    const char *originals, *derivatives; /* absolute folders, made if missing (the last level only) */
    struct sp_uuid instance_id;
};

/*
 * An empty root of a new instance gets its marker; a root that holds files without a marker, or another instance's
 * marker, is refused with a message that says what to do.
 */
SP_MUST_CHECK struct sp_err *store_create(struct sp_op *op, const struct store_config *config,
                                          struct store **ret_store);
void store_destroy(struct store *store); /* NULL is legal */
/* Opens the root anew and looks at its marker: SP_UNAVAILABLE when it is away. May hang as long as a NAS hangs. */
SP_MUST_CHECK struct sp_err *store_check(struct sp_op *op, struct store *store, enum store_root root);

/* "upload/<user>/ab/cd/<id>": what all files of this asset's upload begin with. */
SP_MUST_CHECK struct sp_err *store_original_stem(struct sp_op *op, const struct sp_uuid *user, const struct sp_uuid *id,
                                                 const char **ret_stem);
/* "thumbs/<user>/ab/cd/<id>-<kind><extension>" */
SP_MUST_CHECK struct sp_err *store_derivative_path(struct sp_op *op, const struct sp_uuid *user,
                                                   const struct sp_uuid *id, const char *kind, const char *extension,
                                                   const char **ret_path);

struct store_digest {
    uint8_t sha1[SP_SHA1_BYTES], blake2b[SP_BLAKE2B_256_BYTES];
    int64_t size_bytes;
};

/*
 * An upload's file: written to "<stem><tag>.part" beside its final place, hashed on the way. tag tells the files of one
 * upload apart ("" and "-sidecar"). Released with the operation; an upload that was not committed is removed then.
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

/* Read-only; SP_NOT_FOUND when it is not there. */
SP_MUST_CHECK struct sp_err *store_open(struct sp_op *op, struct store *store, enum store_root root, const char *path,
                                        int *ret_fd);
/* A new derivative: an unnamed-to-readers file to fill, then put in place by store_derivative_commit (atomic,
 * replaces). */
SP_MUST_CHECK struct sp_err *store_derivative_begin(struct sp_op *op, struct store *store, const char *path,
                                                    int *ret_fd);
SP_MUST_CHECK struct sp_err *store_derivative_commit(struct sp_op *op, struct store *store, const char *path);
/*
 * Removes every file of originals that begins with stem: only for an upload row that the caller has locked, whose asset
 * cannot exist. ret_count: how many.
 */
SP_MUST_CHECK struct sp_err *store_remove_upload(struct sp_op *op, struct store *store, const char *stem,
                                                 int64_t *ret_count);

#endif
