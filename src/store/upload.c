/*
 * Originals on their way in; see store.h. write runs on I/O threads, begin and commit on whichever thread may block.
 * A big file is handed to the disk while it comes (sync_file_range), so that its fsync has little left to wait for.
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/op.h"
#include "os/file.h"
#include "store/root.h"

enum { WRITE_BEHIND_BYTES = 8 << 20 };
#define PART_SUFFIX ".part"

struct store_upload {
    int folder_fd, fd;
    const char *stem, *part_name; /* part_name: within the folder */
    struct sp_hash *sha1, *blake2b;
    int64_t size_bytes, written_behind, synced_bytes; /* synced_bytes: how much was there at the last fsync */
};

static const char *last_segment(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static struct sp_err *folder_of(struct sp_op *op, const char *path, const char **ret_folder)
{
    size_t length = (size_t)(last_segment(path) - path);
    sp_assert(length > 1);
    *ret_folder = sp_strndup(op, path, length - 1);
    SP_OWN(*ret_folder);
    return NULL;
}

/* The folder of path below a root, made where it is missing. */
static struct sp_err *open_folder_of(struct sp_op *op, const struct store *store, enum store_root root,
                                     const char *path, int *ret_fd)
{
    SP_CLEANUP(os_close) int root_fd = -1;
    const char *folder;
    SP_TRY(folder_of(op, path, &folder));
    SP_TRY(store_open_root(op, store, root, &root_fd));
    SP_TRY(os_make_folders(op, root_fd, folder));
    return os_open_beneath(op, root_fd, folder, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

void store_upload_discard(struct store_upload *upload)
{
    if (upload->fd >= 0)
        unlinkat(upload->folder_fd, upload->part_name, 0);
    os_close(&upload->fd);
    os_close(&upload->folder_fd);
}

static void release(void *upload) { store_upload_discard(upload); }

struct sp_err *store_upload_begin(struct sp_op *op, struct store *store, const char *stem, const char *tag,
                                  struct store_upload **ret_upload)
{
    struct store_upload *upload;
    SP_NEW(op, upload);
    upload->folder_fd = upload->fd = -1;
    upload->stem = sp_strdup(op, stem);
    upload->part_name = sp_format(op, "%s%s" PART_SUFFIX, last_segment(stem), tag);
    SP_OWN(upload->stem);
    SP_OWN(upload->part_name);
    SP_TRY(sp_hash_create(op, SP_SHA1, &upload->sha1));
    SP_TRY(sp_hash_create(op, SP_BLAKE2B_256, &upload->blake2b));
    SP_TRY(sp_defer(op, release, upload));
    SP_TRY(open_folder_of(op, store, STORE_ORIGINALS, stem, &upload->folder_fd));
    upload->fd = openat(upload->folder_fd, upload->part_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (upload->fd < 0)
        return sp_fail_errno(op, "create %s%s", stem, tag);
    *ret_upload = upload;
    return NULL;
}

struct sp_err *store_upload_write(struct sp_op *op, struct store_upload *upload, const void *data, size_t size)
{
    SP_TRY(os_write_all(op, upload->fd, data, size));
    SP_TRY(sp_hash_update(op, upload->sha1, data, size));
    SP_TRY(sp_hash_update(op, upload->blake2b, data, size));
    upload->size_bytes += (int64_t)size;
    if (upload->size_bytes - upload->written_behind >= WRITE_BEHIND_BYTES) {
        /* a hint: where it fails, fsync does the work */
        (void)sync_file_range(upload->fd, upload->written_behind, upload->size_bytes - upload->written_behind,
                              SYNC_FILE_RANGE_WRITE);
        upload->written_behind = upload->size_bytes;
    }
    return NULL;
}

struct sp_err *store_upload_sync(struct sp_op *op, struct store_upload *upload)
{
    SP_TRY(os_sync(op, upload->fd));
    upload->synced_bytes = upload->size_bytes;
    return NULL;
}

struct sp_err *store_upload_digest(struct sp_op *op, struct store_upload *upload, struct store_digest *ret_digest)
{
    SP_TRY(sp_hash_final(op, upload->sha1, ret_digest->sha1));
    SP_TRY(sp_hash_final(op, upload->blake2b, ret_digest->blake2b));
    ret_digest->size_bytes = upload->size_bytes;
    return NULL;
}

struct sp_err *store_upload_commit(struct sp_op *op, struct store_upload *upload, const char *extension,
                                   const char **ret_path)
{
    const char *path = sp_format(op, "%s%s", upload->stem, extension);
    SP_OWN(path);
    if (upload->synced_bytes != upload->size_bytes)
        SP_TRY(os_sync(op, upload->fd));
    if (renameat2(upload->folder_fd, upload->part_name, upload->folder_fd, last_segment(path), RENAME_NOREPLACE) != 0)
        return sp_fail_errno(op, "rename to %s", path);
    os_close(&upload->fd); /* from here on discard removes nothing */
    SP_TRY(os_sync(op, upload->folder_fd));
    *ret_path = path;
    return NULL;
}

struct sp_err *store_open(struct sp_op *op, struct store *store, enum store_root root, const char *path, int *ret_fd)
{
    SP_CLEANUP(os_close) int root_fd = -1;
    SP_TRY(store_open_root(op, store, root, &root_fd));
    return os_open_beneath(op, root_fd, path, O_RDONLY, 0, ret_fd);
}

static struct sp_err *part_path(struct sp_op *op, const char *path, const char **ret_part)
{
    *ret_part = sp_format(op, "%s" PART_SUFFIX, path);
    SP_OWN(*ret_part);
    return NULL;
}

/* Two attempts of one job never run at once (the queue's lease), so the temporary name is fixed and reused. */
struct sp_err *store_derivative_begin(struct sp_op *op, struct store *store, const char *path, int *ret_fd)
{
    SP_CLEANUP(os_close) int folder_fd = -1;
    const char *part;
    SP_TRY(part_path(op, last_segment(path), &part));
    SP_TRY(open_folder_of(op, store, STORE_DERIVATIVES, path, &folder_fd));
    int fd = openat(folder_fd, part, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_fail_errno(op, "create %s", part);
    *ret_fd = fd;
    return NULL;
}

/* Not synced: a derivative that a power cut takes is made again. */
struct sp_err *store_derivative_commit(struct sp_op *op, struct store *store, const char *path)
{
    SP_CLEANUP(os_close) int folder_fd = -1;
    const char *part;
    SP_TRY(part_path(op, last_segment(path), &part));
    SP_TRY(open_folder_of(op, store, STORE_DERIVATIVES, path, &folder_fd));
    if (renameat(folder_fd, part, folder_fd, last_segment(path)) != 0)
        return sp_fail_errno(op, "rename to %s", path);
    return NULL;
}

/* "<stem>.jpg", "<stem>.part", "<stem>-sidecar.part": the stem ends in a UUID, so a longer name is the same upload's.
 */
static bool belongs_to(const char *name, const char *stem_name)
{
    size_t length = strlen(stem_name);
    return strncmp(name, stem_name, length) == 0 && (name[length] == '.' || name[length] == '-');
}

static struct sp_err *remove_in_folder(struct sp_op *op, DIR *folder, const char *stem_name, int64_t *count)
{
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!belongs_to(entry->d_name, stem_name))
            continue;
        if (unlinkat(dirfd(folder), entry->d_name, 0) != 0 && errno != ENOENT)
            return sp_fail_errno(op, "unlink %s", entry->d_name);
        ++*count;
    }
    return NULL;
}

struct sp_err *store_remove_upload(struct sp_op *op, struct store *store, const char *stem, int64_t *ret_count)
{
    SP_CLEANUP(os_close) int root_fd = -1;
    SP_CLEANUP(os_close) int folder_fd = -1;
    const char *folder_path;
    *ret_count = 0;
    SP_TRY(folder_of(op, stem, &folder_path));
    SP_TRY(store_open_root(op, store, STORE_ORIGINALS, &root_fd));
    struct sp_err *err = os_open_beneath(op, root_fd, folder_path, O_RDONLY | O_DIRECTORY, 0, &folder_fd);
    if (err)
        return err->code == SP_NOT_FOUND ? NULL : err;
    DIR *folder = fdopendir(folder_fd);
    if (!folder)
        return sp_fail_errno(op, "fdopendir %s", folder_path);
    folder_fd = -1; /* the stream's now */
    err = remove_in_folder(op, folder, last_segment(stem), ret_count);
    closedir(folder);
    return err;
}
