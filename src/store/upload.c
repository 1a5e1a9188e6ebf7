/*
 * Originals on their way in; see store.h. write and sync run on I/O threads, begin and commit on whichever thread may
 * block. A big file is handed to the disk while it comes (sync_file_range), so that its fsync has little left to do.
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

struct store_upload {
    int folder_fd, fd;
    const char *stem, *part_name; /* part_name: within the folder */
    struct sp_hash *sha1, *blake2b;
    int64_t size_bytes, written_behind, synced_bytes; /* synced_bytes: how much was there at the last fsync */
    bool broken;                                      /* a write or a sync failed */
};

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
    upload->part_name = sp_format(op, "%s%s.part", store_last_segment(stem), tag);
    SP_OWN(upload->stem);
    SP_OWN(upload->part_name);
    SP_TRY(sp_hash_create(op, SP_SHA1, &upload->sha1));
    SP_TRY(sp_hash_create(op, SP_BLAKE2B_256, &upload->blake2b));
    SP_TRY(sp_defer(op, release, upload));
    SP_TRY(store_make_folder_of(op, store, STORE_ORIGINALS, stem, &upload->folder_fd));
    upload->fd =
        openat(upload->folder_fd, upload->part_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (upload->fd < 0)
        return sp_fail_errno(op, "create %s%s", stem, tag);
    *ret_upload = upload;
    return NULL;
}

static struct sp_err *check_sound(struct sp_op *op, const struct store_upload *upload)
{
    if (!upload->broken)
        return NULL;
    return sp_fail(op, SP_UNAVAILABLE, "The server's storage failed during this upload. Send it again.");
}

/* A hint: where it fails, fsync does the work. */
static void write_behind(struct store_upload *upload)
{
    int64_t fresh = upload->size_bytes - upload->written_behind;
    if (fresh < WRITE_BEHIND_BYTES)
        return;
    (void)sync_file_range(upload->fd, upload->written_behind, fresh, SYNC_FILE_RANGE_WRITE);
    upload->written_behind = upload->size_bytes;
}

struct sp_err *store_upload_write(struct sp_op *op, struct store_upload *upload, const void *data, size_t size)
{
    SP_TRY(check_sound(op, upload));
    upload->broken = true; /* until all three have succeeded */
    SP_TRY(os_write_all(op, upload->fd, data, size));
    SP_TRY(sp_hash_update(op, upload->sha1, data, size));
    SP_TRY(sp_hash_update(op, upload->blake2b, data, size));
    upload->broken = false;
    upload->size_bytes += (int64_t)size;
    write_behind(upload);
    return NULL;
}

struct sp_err *store_upload_sync(struct sp_op *op, struct store_upload *upload)
{
    SP_TRY(check_sound(op, upload));
    upload->broken = true;
    SP_TRY(os_sync(op, upload->fd));
    upload->broken = false;
    upload->synced_bytes = upload->size_bytes;
    return NULL;
}

struct sp_err *store_upload_digest(struct sp_op *op, struct store_upload *upload, struct store_digest *ret_digest)
{
    SP_TRY(check_sound(op, upload));
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
    SP_TRY(check_sound(op, upload));
    if (upload->synced_bytes != upload->size_bytes || upload->size_bytes == 0)
        SP_TRY(store_upload_sync(op, upload));
    SP_TRY(os_rename_new(op, upload->folder_fd, upload->part_name, upload->folder_fd, store_last_segment(path)));
    os_close(&upload->fd); /* from here on discard removes nothing */
    SP_TRY(os_sync(op, upload->folder_fd));
    *ret_path = path;
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
    SP_CLEANUP(os_close) int folder_fd = -1;
    *ret_count = 0;
    sp_assert(strlen(store_last_segment(stem)) == SP_UUID_TEXT_BYTES - 1);
    struct sp_err *err = store_open_folder_of(op, store, STORE_ORIGINALS, stem, &folder_fd);
    if (err)
        return err->code == SP_NOT_FOUND ? NULL : err;
    DIR *folder = fdopendir(folder_fd);
    if (!folder)
        return sp_fail_errno(op, "fdopendir %s", stem);
    folder_fd = -1; /* the stream's now */
    err = remove_in_folder(op, folder, store_last_segment(stem), ret_count);
    closedir(folder);
    return err;
}
