/* See folders.h. */
#include "swissphoto/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/op.h"
#include "swissphoto/stop.h"

/* sockaddr_un has 108 bytes with the NUL; the longest name below run is PostgreSQL's lock file. */
enum { RUN_MAX_BYTES = 107 - (int)sizeof("/.s.PGSQL.5432.lock"), PATH_MAX_BYTES = 4096 };
enum { LOCK_POLL_MS = 50, PROGRAMS_END_MS = 45000 };

static struct sp_err *make_folder(struct sp_op *op, const char *path)
{
    struct stat info;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return sp_fail(op, SP_INVALID, "The folder %s cannot be made: %s", path, strerror(errno));
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode))
        return sp_fail(op, SP_INVALID, "%s is not a folder", path);
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

/* Nothing of somebody else's: no more in it than what a new file system has. */
static bool is_ours_to_take(const char *data)
{
    bool is_empty = true;
    DIR *folder = opendir(data);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            strcmp(entry->d_name, "lost+found") != 0)
            is_empty = false;
    if (folder)
        closedir(folder);
    return is_empty;
}

/* PostgreSQL refuses root, and so do we: everything runs as a user that owns the data folder and nothing else. */
static struct sp_err *choose_owner(struct sp_op *op, struct folders *folders)
{
    const char *data = folders->data;
    folders->uid = geteuid();
    folders->gid = getegid();
    if (folders->uid != 0)
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
    if (info.st_uid != user->pw_uid && (info.st_uid != 0 || !is_ours_to_take(data)))
        return sp_fail(op, SP_INVALID,
                       "%s does not belong to the user \"%s\" and is not empty. Name a folder of SwissPhoto's own, or: "
                       "chown -R %s %s",
                       data, user->pw_name, user->pw_name, data);
    if (info.st_uid == 0 && chown(data, user->pw_uid, user->pw_gid) != 0)
        return sp_fail_errno(op, "chown %s", data);
    folders->uid = user->pw_uid;
    folders->gid = user->pw_gid;
    return NULL;
}

static struct sp_err *open_lock(struct sp_op *op, const char *data, const char *name, int *ret_fd)
{
    const char *path = sp_format(op, "%s/%s", data, name);
    SP_OWN(path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sp_fail(op, SP_INVALID, "%s cannot be written: %s", path, strerror(errno));
    *ret_fd = fd;
    return NULL;
}

/* The programs of a supervisor that was killed hold their lock until they have ended; they were told to. */
static struct sp_err *wait_for_programs(struct sp_op *op, const struct folders *folders)
{
    const struct timespec wait = {0, LOCK_POLL_MS * 1000000L};
    int64_t until_ms = sp_clock_mono_ms() + PROGRAMS_END_MS;
    for (bool waits = false; flock(folders->programs_fd, LOCK_EX | LOCK_NB) != 0; waits = true) {
        if (!waits)
            sp_log(SP_LOG_INFO, NULL, "waiting for programs of an earlier start to end", NULL);
        if (stop_is_pending() || sp_clock_mono_ms() > until_ms)
            return sp_fail(op, SP_CONFLICT, "Programs of an earlier start still run on %s", folders->data);
        nanosleep(&wait, NULL);
    }
    return NULL;
}

static struct sp_err *lock(struct sp_op *op, struct folders *folders)
{
    SP_TRY(open_lock(op, folders->data, "lock", &folders->lock_fd));
    if (flock(folders->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return sp_fail(op, SP_CONFLICT, "SwissPhoto runs on %s already", folders->data);
    SP_TRY(open_lock(op, folders->data, "lock-programs", &folders->programs_fd));
    return wait_for_programs(op, folders);
}

/* DATA/run; where that is too long for a socket, a folder below /tmp with a name that stays the same. */
static struct sp_err *run_path(struct sp_op *op, const char *data, uid_t owner, const char **ret_run)
{
    const char *run = sp_format(op, "%s/run", data);
    SP_OWN(run);
    if (strlen(run) > RUN_MAX_BYTES) {
        uint8_t digest[SP_SHA256_BYTES];
        SP_TRY(sp_hash_of(op, SP_SHA256, data, strlen(data), digest));
        const char *hex = sp_hex_encode(op, digest, 8);
        SP_OWN(hex);
        run = sp_format(op, "/tmp/swissphoto-%u-%s", (unsigned)owner, hex);
        SP_OWN(run);
    }
    *ret_run = run;
    return NULL;
}

static struct sp_err *make_run(struct sp_op *op, const char *data, const char **ret_run)
{
    const char *run;
    SP_TRY(run_path(op, data, getuid(), &run));
    SP_TRY(make_folder(op, run));
    struct stat info;
    if (lstat(run, &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid() || chmod(run, 0700) != 0)
        return sp_fail(op, SP_INVALID, "%s must be a folder of this user alone", run);
    *ret_run = run;
    return NULL;
}

struct sp_err *folders_find_run(struct sp_op *op, const char *data, const char **ret_run)
{
    const char *path;
    struct stat info;
    if (stat(data, &info) != 0)
        return sp_fail(op, SP_INVALID, "The data folder %s cannot be read: %s", data, strerror(errno));
    SP_TRY(absolute(op, data, &path));
    return run_path(op, path, info.st_uid, ret_run);
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

struct sp_err *folders_claim(struct sp_op *op, const char *data, struct folders *ret_folders)
{
    struct folders folders = {.lock_fd = -1, .programs_fd = -1};
    bool is_root = geteuid() == 0;
    SP_TRY(make_folder(op, data));
    SP_TRY(absolute(op, data, &folders.data));
    SP_TRY(find_programs(op, &folders.programs));
    SP_TRY(choose_owner(op, &folders));
    /* as the owner, so that no link in the owner's folder leads root anywhere */
    if (is_root && (setgroups(0, NULL) != 0 || setegid(folders.gid) != 0 || seteuid(folders.uid) != 0))
        return sp_fail_errno(op, "become user %u for a moment", (unsigned)folders.uid);
    SP_TRY(lock(op, &folders));
    if (is_root && (seteuid(0) != 0 || setegid(0) != 0))
        return sp_fail_errno(op, "become root again");
    *ret_folders = folders;
    return NULL;
}

struct sp_err *folders_enter(struct sp_op *op, struct folders *folders)
{
    if (geteuid() == 0) {
        if (setgid(folders->gid) != 0 || setuid(folders->uid) != 0)
            return sp_fail_errno(op, "become user %u", (unsigned)folders->uid);
        setenv("HOME", folders->data, 1);
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return make_run(op, folders->data, &folders->run);
}
