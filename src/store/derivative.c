/*
 * Derivatives, and files that no row knows; see store.h. Job threads.
 *
 * A derivative on its way has a name of its own in one folder, "tmp": two attempts of a job cannot write into each
 * other's file, and what a killed worker leaves is found without walking the tree.
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/op.h"
#include "os/file.h"
#include "store/root.h"

#define TMP "tmp"
#define QUARANTINE "quarantine"

struct store_derivative {
    struct store *store;
    int tmp_fd, fd;
    char tmp_name[SP_UUID_TEXT_BYTES];
    const char *path;
};

static void discard(void *pointer)
{
    struct store_derivative *derivative = pointer;
    if (derivative->fd >= 0)
        unlinkat(derivative->tmp_fd, derivative->tmp_name, 0);
    os_close(&derivative->fd);
    os_close(&derivative->tmp_fd);
}

struct sp_err *store_derivative_begin(struct sp_op *op, struct store *store, const char *path,
                                      struct store_derivative **ret_derivative)
{
    struct store_derivative *derivative;
    SP_NEW(op, derivative);
    derivative->store = store;
    derivative->tmp_fd = derivative->fd = -1;
    derivative->path = sp_strdup(op, path);
    SP_OWN(derivative->path);
    const struct sp_uuid name = sp_uuid_v4();
    sp_uuid_format(&name, derivative->tmp_name);
    SP_TRY(sp_defer(op, discard, derivative));
    SP_TRY(store_make_folder_of(op, store, STORE_DERIVATIVES, TMP "/", &derivative->tmp_fd));
    derivative->fd = openat(derivative->tmp_fd, derivative->tmp_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (derivative->fd < 0)
        return sp_fail_errno(op, "create " TMP "/%s", derivative->tmp_name);
    *ret_derivative = derivative;
    return NULL;
}

int store_derivative_fd(const struct store_derivative *derivative) { return derivative->fd; }

struct sp_err *store_derivative_commit(struct sp_op *op, struct store_derivative *derivative, int64_t *ret_size_bytes)
{
    SP_CLEANUP(os_close) int folder_fd = -1;
    struct stat info;
    const char *name = store_last_segment(derivative->path);
    SP_TRY(store_make_folder_of(op, derivative->store, STORE_DERIVATIVES, derivative->path, &folder_fd));
    SP_TRY(os_sync(op, derivative->fd));
    if (fstat(derivative->fd, &info) != 0 || renameat(derivative->tmp_fd, derivative->tmp_name, folder_fd, name) != 0)
        return sp_fail_errno(op, "rename to %s", derivative->path);
    os_close(&derivative->fd); /* from here on discard removes nothing */
    *ret_size_bytes = info.st_size;
    return os_sync(op, folder_fd);
}

struct sp_err *store_derivative_remove(struct sp_op *op, struct store *store, const char *path)
{
    SP_CLEANUP(os_close) int folder_fd = -1;
    SP_TRY(store_open_folder_of(op, store, STORE_DERIVATIVES, path, &folder_fd));
    if (unlinkat(folder_fd, store_last_segment(path), 0) != 0 && errno != ENOENT)
        return sp_fail_errno(op, "unlink %s", path);
    return NULL;
}

static struct sp_err *list_idle(struct sp_op *op, DIR *folder, int64_t idle_ms, struct sp_text_list *list)
{
    int64_t youngest = (sp_clock_now_ms() - idle_ms) / 1000;
    for (struct dirent *entry; list->count < STORE_LEFTOVERS_MAX && (entry = readdir(folder));) {
        struct stat info;
        if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode) ||
            info.st_mtim.tv_sec > youngest)
            continue;
        list->items[list->count] = sp_format(op, TMP "/%s", entry->d_name);
        SP_OWN(list->items[list->count]);
        list->count++;
    }
    return NULL;
}

struct sp_err *store_list_leftovers(struct sp_op *op, struct store *store, int64_t idle_ms,
                                    struct sp_text_list *ret_paths)
{
    SP_CLEANUP(os_close) int folder_fd = -1;
    *ret_paths = (struct sp_text_list){0};
    SP_NEW_ARRAY(op, ret_paths->items, STORE_LEFTOVERS_MAX);
    struct sp_err *err = store_open_folder_of(op, store, STORE_DERIVATIVES, TMP "/", &folder_fd);
    if (err)
        return err->code == SP_NOT_FOUND ? NULL : err;
    DIR *folder = fdopendir(folder_fd);
    if (!folder)
        return sp_fail_errno(op, "fdopendir " TMP);
    folder_fd = -1; /* the stream's now */
    err = list_idle(op, folder, idle_ms, ret_paths);
    closedir(folder);
    return err;
}

/* Moves from_fd/name to path, synced in both folders. */
static struct sp_err *move_to(struct sp_op *op, struct store *store, enum store_root root, int from_fd,
                              const char *name, const char *path)
{
    SP_CLEANUP(os_close) int to_fd = -1;
    SP_TRY(store_make_folder_of(op, store, root, path, &to_fd));
    SP_TRY(os_rename_new(op, from_fd, name, to_fd, store_last_segment(path)));
    SP_TRY(os_sync(op, to_fd));
    return os_sync(op, from_fd);
}

struct sp_err *store_quarantine(struct sp_op *op, struct store *store, enum store_root root, const char *path,
                                const char **ret_path)
{
    SP_CLEANUP(os_close) int from_fd = -1;
    char chance[SP_UUID_TEXT_BYTES];
    const struct sp_uuid uuid = sp_uuid_v4();
    SP_TRY(store_open_folder_of(op, store, root, path, &from_fd));
    const char *to = sp_format(op, QUARANTINE "/%s", path);
    SP_OWN(to);
    struct sp_err *err = move_to(op, store, root, from_fd, store_last_segment(path), to);
    if (err && err->code == SP_CONFLICT) {
        sp_uuid_format(&uuid, chance);
        to = sp_format(op, QUARANTINE "/%s.%s", path, chance);
        SP_OWN(to);
        err = move_to(op, store, root, from_fd, store_last_segment(path), to);
    }
    if (err)
        return err;
    *ret_path = to;
    return NULL;
}
