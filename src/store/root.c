/* Roots and their markers; see store.h. Start-up, I/O and worker threads. */
#include "store/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/op.h"
#include "os/file.h"

#define MARKER ".swissphoto"
#define MARKER_NEW ".swissphoto-new"
enum { MARKER_MAX_BYTES = 256 };

static const char *const root_names[STORE_ROOT_COUNT] = {"originals", "derivatives"};

static struct sp_err *marker_text(struct sp_op *op, const struct store *store, enum store_root root,
                                  const char **ret_text)
{
    char id[SP_UUID_TEXT_BYTES];
    sp_uuid_format(&store->instance_id, id);
    *ret_text = sp_format(op, "swissphoto instance %s root %s", id, root_names[root]);
    SP_OWN(*ret_text);
    return NULL;
}

static struct sp_err *open_folder(struct sp_op *op, const struct store *store, enum store_root root, int *ret_fd)
{
    int fd = open(store->folder[root], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        *ret_fd = fd;
        return NULL;
    }
    struct sp_err *err =
        sp_fail(op, SP_UNAVAILABLE, "The folder of the %s cannot be opened. Is its disk mounted?", root_names[root]);
    return sp_err_detail(op, err, "open %s: %s", store->folder[root], strerror(errno));
}

static struct sp_err *read_marker(struct sp_op *op, int root_fd, const char **ret_text)
{
    SP_CLEANUP(os_close) int fd = openat(root_fd, MARKER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    *ret_text = NULL;
    if (fd < 0)
        return errno == ENOENT ? NULL : sp_fail_errno(op, "open " MARKER);
    char *text = sp_alloc(op, MARKER_MAX_BYTES + 1, 1);
    SP_OWN(text);
    size_t size;
    SP_TRY(os_read_full(op, fd, text, MARKER_MAX_BYTES, &size));
    text[strcspn(text, "\n")] = '\0';
    *ret_text = text;
    return NULL;
}

struct sp_err *store_open_root(struct sp_op *op, const struct store *store, enum store_root root, int *ret_fd)
{
    SP_CLEANUP(os_close) int fd = -1;
    const char *wanted, *found;
    SP_TRY(open_folder(op, store, root, &fd));
    SP_TRY(marker_text(op, store, root, &wanted));
    SP_TRY(read_marker(op, fd, &found));
    if (!found || strcmp(found, wanted) != 0) {
        struct sp_err *err = sp_fail(op, SP_UNAVAILABLE,
                                     "The folder of the %s is not the one of this instance: its marker is %s. Is its "
                                     "disk mounted? Nothing is written until it is back.",
                                     root_names[root], found ? "another's" : "missing");
        return sp_err_detail(op, err, "If %s is the right folder, write this line into its file " MARKER ": %s",
                             store->folder[root], wanted);
    }
    *ret_fd = fd;
    fd = -1;
    return NULL;
}

const char *store_last_segment(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static struct sp_err *folder_of(struct sp_op *op, const char *path, const char **ret_folder)
{
    size_t length = (size_t)(store_last_segment(path) - path);
    sp_assert(length > 1);
    *ret_folder = sp_strndup(op, path, length - 1);
    SP_OWN(*ret_folder);
    return NULL;
}

struct sp_err *store_make_folder_of(struct sp_op *op, const struct store *store, enum store_root root, const char *path,
                                    int *ret_fd)
{
    SP_CLEANUP(os_close) int root_fd = -1;
    const char *folder;
    SP_TRY(folder_of(op, path, &folder));
    SP_TRY(store_open_root(op, store, root, &root_fd));
    return os_make_folders(op, root_fd, folder, ret_fd);
}

struct sp_err *store_open_folder_of(struct sp_op *op, const struct store *store, enum store_root root, const char *path,
                                    int *ret_fd)
{
    SP_CLEANUP(os_close) int root_fd = -1;
    const char *folder;
    SP_TRY(folder_of(op, path, &folder));
    SP_TRY(store_open_root(op, store, root, &root_fd));
    return os_open_beneath(op, root_fd, folder, O_RDONLY | O_DIRECTORY, 0, ret_fd);
}

/* A root without files: only what file systems and markers on their way put there. */
static bool is_empty(int root_fd)
{
    int copy = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (!folder) {
        os_close(&copy);
        return false;
    }
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(folder));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, "lost+found") == 0 || strncmp(entry->d_name, MARKER_NEW, strlen(MARKER_NEW)) == 0;
    closedir(folder);
    return empty;
}

/* Whole or not at all: server and worker may start at once. Their markers are the same, so the first one wins. */
static struct sp_err *write_marker(struct sp_op *op, int root_fd, const char *text)
{
    const struct sp_uuid chance = sp_uuid_v4();
    const char *name = sp_format(op, MARKER_NEW "-%02x%02x%02x%02x", chance.bytes[0], chance.bytes[1], chance.bytes[2],
                                 chance.bytes[3]);
    const char *line = sp_format(op, "%s\n", text);
    SP_OWN(name);
    SP_OWN(line);
    SP_CLEANUP(os_close) int fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_fail_errno(op, "create %s", name);
    struct sp_err *err = os_write_all(op, fd, line, strlen(line));
    if (!err)
        err = os_sync(op, fd);
    if (!err)
        err = os_rename_new(op, root_fd, name, root_fd, MARKER);
    if (!err)
        return os_sync(op, root_fd);
    unlinkat(root_fd, name, 0);
    return err->code == SP_CONFLICT ? NULL : err;
}

/* A new instance's empty root becomes its own; anything else without the right marker is a mistake to point out. */
static struct sp_err *adopt_root(struct sp_op *op, const struct store *store, enum store_root root)
{
    if (mkdir(store->folder[root], 0700) != 0 && errno != EEXIST)
        return sp_fail_errno(op, "mkdir %s", store->folder[root]);
    SP_CLEANUP(os_close) int fd = -1;
    const char *wanted, *found;
    SP_TRY(open_folder(op, store, root, &fd));
    SP_TRY(marker_text(op, store, root, &wanted));
    SP_TRY(read_marker(op, fd, &found));
    if (found && strcmp(found, wanted) == 0)
        return NULL;
    if (found)
        return sp_fail(op, SP_INVALID, "%s holds the %s of another instance. Point this one at a folder of its own.",
                       store->folder[root], root_names[root]);
    if (!is_empty(fd))
        return sp_fail(op, SP_INVALID,
                       "%s holds files but no marker of this instance. If it is the right folder (a copy, a restore), "
                       "write this line into %s/" MARKER ": %s",
                       store->folder[root], store->folder[root], wanted);
    return write_marker(op, fd, wanted);
}

struct sp_err *store_create(struct sp_op *op, const struct store_config *config, struct store **ret_store)
{
    struct store *store = sp_heap_new(1, sizeof(*store));
    if (!store)
        return sp_err_no_memory();
    store->instance_id = config->instance_id;
    store->folder[STORE_ORIGINALS] = sp_heap_strdup(config->originals);
    store->folder[STORE_DERIVATIVES] = sp_heap_strdup(config->derivatives);
    struct sp_err *err = NULL;
    for (int root = 0; !err && root < STORE_ROOT_COUNT; root++) {
        if (!store->folder[root])
            err = sp_err_no_memory();
        else if (config->is_new)
            err = adopt_root(op, store, (enum store_root)root);
    }
    if (err) {
        store_destroy(store);
        return err;
    }
    *ret_store = store;
    return NULL;
}

void store_destroy(struct store *store)
{
    if (!store)
        return;
    for (int root = 0; root < STORE_ROOT_COUNT; root++)
        sp_heap_free(store->folder[root]);
    sp_heap_free(store);
}

struct sp_err *store_check(struct sp_op *op, struct store *store, enum store_root root)
{
    SP_CLEANUP(os_close) int fd = -1;
    return store_open_root(op, store, root, &fd);
}

struct sp_err *store_open(struct sp_op *op, struct store *store, enum store_root root, const char *path, int *ret_fd)
{
    SP_CLEANUP(os_close) int root_fd = -1;
    SP_CLEANUP(os_close) int fd = -1;
    struct stat info;
    SP_TRY(store_open_root(op, store, root, &root_fd));
    SP_TRY(os_open_beneath(op, root_fd, path, O_RDONLY | O_NONBLOCK, 0, &fd)); /* a FIFO must not hold us */
    if (fstat(fd, &info) != 0)
        return sp_fail_errno(op, "fstat %s", path);
    if (!S_ISREG(info.st_mode))
        return sp_err_detail(op, sp_fail(op, SP_NOT_FOUND, "The file is not there."), "%s is no file", path);
    *ret_fd = fd;
    fd = -1;
    return NULL;
}
