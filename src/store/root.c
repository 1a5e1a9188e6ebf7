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
enum { MARKER_MAX_BYTES = 256 };

static const char *const root_names[STORE_ROOT_COUNT] = {"originals", "derivatives"};

static struct sp_err *marker_text(struct sp_op *op, const struct store *store, enum store_root root,
                                  const char **ret_text)
{
    char id[SP_UUID_TEXT_BYTES];
    sp_uuid_format(&store->instance_id, id);
    *ret_text = sp_format(op, "swissphoto instance %s root %s\n", id, root_names[root]);
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
        return sp_err_detail(op, err, "root %s", store->folder[root]);
    }
    *ret_fd = fd;
    fd = -1;
    return NULL;
}

static bool is_empty(int root_fd)
{
    int copy = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
    DIR *folder = copy < 0 ? NULL : fdopendir(copy);
    if (!folder) {
        os_close(&copy);
        return false;
    }
    bool empty = true;
    for (struct dirent *entry; empty && (entry = readdir(folder));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, "lost+found") == 0;
    closedir(folder);
    return empty;
}

static struct sp_err *write_marker(struct sp_op *op, int root_fd, const char *text)
{
    SP_CLEANUP(os_close) int fd = openat(root_fd, MARKER, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_fail_errno(op, "create " MARKER);
    SP_TRY(os_write_all(op, fd, text, strlen(text)));
    SP_TRY(os_sync(op, fd));
    return os_sync(op, root_fd);
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
    for (int root = 0; !err && root < STORE_ROOT_COUNT; root++)
        err = store->folder[root] ? adopt_root(op, store, (enum store_root)root) : sp_err_no_memory();
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
