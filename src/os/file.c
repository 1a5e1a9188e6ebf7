/* See file.h. Any thread. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/op.h"

/* Longer than an fsync of a parent that somebody else is at takes, on a machine whose clock is as wrong as a NAS's. */
enum { FRESH_SECONDS = 60 };

static _Atomic long fail_countdown;

void os_file_fail_nth(long n) { atomic_store(&fail_countdown, n); }

static void __attribute__((constructor)) read_environment(void)
{
    const char *text = getenv("SWISSPHOTO_FAIL_IO");
    if (text)
        os_file_fail_nth(strtol(text, NULL, 10));
}

static bool injected_failure(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0)
        return false;
    if (atomic_fetch_sub(&fail_countdown, 1) != 1)
        return false;
    errno = EIO;
    return true;
}

void os_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

struct sp_err *os_write_all(struct sp_op *op, int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = injected_failure() ? -1 : write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return sp_fail_errno(op, "write");
        at += written;
        size -= (size_t)written;
    }
    return NULL;
}

struct sp_err *os_read_full(struct sp_op *op, int fd, void *buffer, size_t size, size_t *ret_size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t got = read(fd, (char *)buffer + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(op, "read");
        if (got == 0)
            break;
        have += (size_t)got;
    }
    *ret_size = have;
    return NULL;
}

struct sp_err *os_sync(struct sp_op *op, int fd)
{
    if (injected_failure() || fsync(fd) != 0)
        return sp_fail_errno(op, "fsync");
    return NULL;
}

struct sp_err *os_open_beneath(struct sp_op *op, int root_fd, const char *path, int flags, mode_t mode, int *ret_fd)
{
    const struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
    if (fd >= 0) {
        *ret_fd = (int)fd;
        return NULL;
    }
    if (errno == ENOENT)
        return sp_err_detail(op, sp_fail(op, SP_NOT_FOUND, "The file is not there."), "open %s", path);
    return sp_fail_errno(op, "open %s", path);
}

/* Whether whoever made this folder may not have synced it into its parent yet. Unknown is yes. */
static bool is_fresh(int parent_fd, const char *name)
{
    struct statx info;
    struct timespec now;
    if (statx(parent_fd, name, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &info) != 0 || !(info.stx_mask & STATX_BTIME))
        return true;
    clock_gettime(CLOCK_REALTIME, &now);
    return info.stx_btime.tv_sec + FRESH_SECONDS > now.tv_sec;
}

/* One folder and its entry in the parent, durable. */
static struct sp_err *make_folder(struct sp_op *op, int parent_fd, const char *name, int *ret_fd)
{
    bool made = !injected_failure() && mkdirat(parent_fd, name, 0700) == 0;
    if (!made && errno != EEXIST)
        return sp_fail_errno(op, "mkdir %s", name);
    if (made || is_fresh(parent_fd, name))
        SP_TRY(os_sync(op, parent_fd));
    return os_open_beneath(op, parent_fd, name, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

struct sp_err *os_make_folders(struct sp_op *op, int root_fd, const char *path, int *ret_fd)
{
    SP_CLEANUP(os_close) int fd = -1;
    while (*path) {
        size_t length = strcspn(path, "/");
        const char *name = sp_strndup(op, path, length);
        SP_OWN(name);
        int next;
        SP_TRY(make_folder(op, fd < 0 ? root_fd : fd, name, &next));
        os_close(&fd);
        fd = next;
        path += length + (path[length] == '/');
    }
    *ret_fd = fd;
    fd = -1;
    return NULL;
}

static bool does_not_know(int number)
{
    return number == EINVAL || number == ENOSYS || number == EOPNOTSUPP || number == EPERM || number == EMLINK;
}

/* What a file system without RENAME_NOREPLACE (NFS, some FUSE) or even without links (SMB) allows. 0 or -1 as rename.
 */
static int rename_new_otherwise(int from_fd, const char *from, int to_fd, const char *to)
{
    struct stat info;
    if (linkat(from_fd, from, to_fd, to, 0) == 0)
        return unlinkat(from_fd, from, 0);
    if (!does_not_know(errno))
        return -1;
    if (fstatat(to_fd, to, &info, AT_SYMLINK_NOFOLLOW) == 0)
        errno = EEXIST;
    return errno == ENOENT ? renameat(from_fd, from, to_fd, to) : -1;
}

struct sp_err *os_rename_new(struct sp_op *op, int from_folder_fd, const char *from, int to_folder_fd, const char *to)
{
    int failed = injected_failure() ? -1 : renameat2(from_folder_fd, from, to_folder_fd, to, RENAME_NOREPLACE);
    if (failed && does_not_know(errno))
        failed = rename_new_otherwise(from_folder_fd, from, to_folder_fd, to);
    if (!failed)
        return NULL;
    if (errno == EEXIST)
        return sp_err_detail(op, sp_fail(op, SP_CONFLICT, "There is such a file already."), "rename to %s", to);
    return sp_fail_errno(op, "rename %s to %s", from, to);
}
