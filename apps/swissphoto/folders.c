/* See folders.h. */
#include "swissphoto/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/hash.h"
#include "base/op.h"

/* sockaddr_un has 108 bytes with the NUL; the longest name below run is PostgreSQL's lock file. */
enum { RUN_MAX_BYTES = 107 - (int)sizeof("/.s.PGSQL.5432.lock"), PATH_MAX_BYTES = 4096 };

static struct sp_err *make_folder(struct sp_op *op, const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return sp_fail(op, SP_INVALID, "The folder %s cannot be made: %s", path, strerror(errno));
    return NULL;
}

static struct sp_err *absolute(struct sp_op *op, const char *path, const char **ret_path)
{
    char *resolved = realpath(path, NULL);
    if (!resolved)
        return sp_fail(op, SP_INVALID, "The folder %s cannot be opened: %s", path, strerror(errno));
    *ret_path = sp_strdup(op, resolved);
    free(resolved); /* realpath's own malloc */
    SP_OWN(*ret_path);
    return NULL;
}

/* PostgreSQL refuses root, and so do we: everything below runs as a user that owns the data folder and nothing else. */
static struct sp_err *drop_root(struct sp_op *op, const char *data)
{
    if (geteuid() != 0)
        return NULL;
    const struct passwd *user = getpwnam("swissphoto");
    if (!user)
        user = getpwnam("nobody");
    if (!user)
        return sp_fail(op, SP_INVALID,
                       "Running as root needs a user \"swissphoto\" to become: adduser --system --group swissphoto");
    struct stat info;
    if (stat(data, &info) != 0)
        return sp_fail_errno(op, "stat %s", data);
    if (info.st_uid == 0 && chown(data, user->pw_uid, user->pw_gid) != 0)
        return sp_fail_errno(op, "chown %s", data);
    if (info.st_uid != 0 && info.st_uid != user->pw_uid)
        return sp_fail(op, SP_INVALID, "%s belongs to another user than \"%s\". Run as that user, or: chown -R %s %s",
                       data, user->pw_name, user->pw_name, data);
    if (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        return sp_fail_errno(op, "become %s", user->pw_name);
    setenv("HOME", data, 1);
    return NULL;
}

static struct sp_err *lock(struct sp_op *op, const char *data, int *ret_fd)
{
    const char *path = sp_format(op, "%s/lock", data);
    SP_OWN(path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_fail(op, SP_INVALID, "%s cannot be written: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return sp_fail(op, SP_CONFLICT, "SwissPhoto runs on %s already", data);
    }
    *ret_fd = fd;
    return NULL;
}

/* DATA/run; where that is too long for a socket, a folder below /tmp with a name that stays the same. */
static struct sp_err *make_run(struct sp_op *op, const char *data, const char **ret_run)
{
    const char *run = sp_format(op, "%s/run", data);
    SP_OWN(run);
    if (strlen(run) > RUN_MAX_BYTES) {
        uint8_t digest[SP_SHA256_BYTES];
        SP_TRY(sp_hash_of(op, SP_SHA256, data, strlen(data), digest));
        const char *hex = sp_hex_encode(op, digest, 8);
        SP_OWN(hex);
        run = sp_format(op, "/tmp/swissphoto-%u-%s", (unsigned)getuid(), hex);
        SP_OWN(run);
    }
    SP_TRY(make_folder(op, run));
    struct stat info;
    if (lstat(run, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid() || chmod(run, 0700) != 0)
        return sp_fail(op, SP_INVALID, "%s must be a folder of this user alone", run);
    *ret_run = run;
    return NULL;
}

static struct sp_err *find_programs(struct sp_op *op, const char **ret_folder)
{
    char *self = sp_alloc(op, PATH_MAX_BYTES, 1);
    SP_OWN(self);
    ssize_t length = readlink("/proc/self/exe", self, PATH_MAX_BYTES - 1);
    char *slash = length > 0 ? strrchr(self, '/') : NULL;
    if (!slash)
        return sp_fail_internal(op, "/proc/self/exe cannot be read");
    *slash = '\0';
    *ret_folder = self;
    return NULL;
}

struct sp_err *folders_open(struct sp_op *op, const char *data, struct folders *ret_folders)
{
    struct folders folders = {.lock_fd = -1};
    SP_TRY(make_folder(op, data));
    SP_TRY(absolute(op, data, &folders.data));
    SP_TRY(find_programs(op, &folders.programs));
    SP_TRY(drop_root(op, folders.data));
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SP_TRY(lock(op, folders.data, &folders.lock_fd));
    SP_TRY(make_run(op, folders.data, &folders.run));
    *ret_folders = folders;
    return NULL;
}
