/* See file.h. Any thread. */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/op.h"

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

/* One folder and its entry in the parent, durable. */
static struct sp_err *make_folder(struct sp_op *op, int root_fd, const char *path, const char *parent)
{
    if (mkdirat(root_fd, path, 0700) != 0) {
        if (errno == EEXIST)
            return NULL;
        return sp_fail_errno(op, "mkdir %s", path);
    }
    SP_CLEANUP(os_close) int fd = -1;
    SP_TRY(os_open_beneath(op, root_fd, *parent ? parent : ".", O_RDONLY | O_DIRECTORY, 0, &fd));
    return os_sync(op, fd);
}

struct sp_err *os_make_folders(struct sp_op *op, int root_fd, const char *path)
{
    char *part = sp_strdup(op, path), *parent = sp_strdup(op, path);
    SP_OWN(part);
    SP_OWN(parent);
    size_t parent_length = 0;
    for (size_t i = 1;; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        part[i] = '\0';
        parent[parent_length] = '\0';
        SP_TRY(make_folder(op, root_fd, part, parent));
        if (path[i] == '\0')
            return NULL;
        part[i] = '/';
        memcpy(parent, path, i);
        parent_length = i;
    }
}
