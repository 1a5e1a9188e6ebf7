/* The list of the web app's files, and replies from it; see static_files.h. */
#include "http/static_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/op.h"
#include "http/compress.h"
#include "http/exchange_state.h"
#include "os/file.h"

enum { DEPTH_MAX = 12, PACKED_MAX_BYTES = 8 << 20, PIECE_BYTES = 16 * 1024 };

static const struct {
    const char *extension, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".map", "application/json; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".xml", "application/xml"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".gif", "image/gif"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".wasm", "application/wasm"},
    {".mp4", "video/mp4"},
    {".webm", "video/webm"},
};

struct variant {
    int fd; /* -1: there is none */
    int64_t size;
};

enum { PLAIN, GZIP, BROTLI, ZSTD, VARIANTS };
static const char *const suffixes[VARIANTS] = {"", ".gz", ".br", ".zst"};
static const enum http_coding variant_codings[VARIANTS] = {HTTP_IDENTITY, HTTP_GZIP, HTTP_BROTLI, HTTP_ZSTD};

struct file {
    char *path; /* "/assets/app-1a2b.js" */
    const char *type;
    sp_time_ms modified_at;
    char etag[40];
    struct variant variants[VARIANTS];
};

struct http_static_files {
    struct file *items; /* sorted by path */
    size_t count, capacity;
    const struct file *index;
};

static const char *type_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < SP_COUNT(types); i++)
        if (strcasecmp(dot, types[i].extension) == 0)
            return types[i].type;
    return "application/octet-stream";
}

void http_static_destroy(struct http_static_files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->count; i++) {
        sp_heap_free(files->items[i].path);
        for (size_t v = 0; v < VARIANTS; v++)
            if (files->items[i].variants[v].fd >= 0)
                close(files->items[i].variants[v].fd);
    }
    sp_heap_free(files->items);
    sp_heap_free(files);
}

/* Takes fd over in any case. */
static struct sp_err *add_file(struct sp_op *op, struct http_static_files *files, const char *path, int fd,
                               const struct stat *status)
{
    if (files->count == HTTP_STATIC_FILES_MAX) {
        close(fd);
        return sp_fail(op, SP_INVALID, "The web folder has more than %d files.", HTTP_STATIC_FILES_MAX);
    }
    if (files->count == files->capacity) {
        size_t capacity = files->capacity ? files->capacity * 2 : 64;
        struct file *items = sp_heap_resize(files->items, capacity, sizeof(*items));
        if (!items) {
            close(fd);
            return sp_err_no_memory();
        }
        files->items = items;
        files->capacity = capacity;
    }
    struct file *file = &files->items[files->count];
    *file = (struct file){.path = sp_heap_strdup(path), .type = type_of(path)};
    if (!file->path) {
        close(fd);
        return sp_err_no_memory();
    }
    file->modified_at = status->st_mtim.tv_sec * INT64_C(1000);
    snprintf(file->etag, sizeof(file->etag), "\"%" PRIx64 "-%" PRIx64 "\"",
             (uint64_t)status->st_mtim.tv_sec * 1000000000 + (uint64_t)status->st_mtim.tv_nsec,
             (uint64_t)status->st_size);
    file->variants[PLAIN] = (struct variant){fd, status->st_size};
    for (size_t v = PLAIN + 1; v < VARIANTS; v++)
        file->variants[v].fd = -1;
    files->count++;
    return NULL;
}

static struct sp_err *read_folder(struct sp_op *op, struct http_static_files *files, int folder, const char *path,
                                  unsigned depth);

static struct sp_err *read_entry(struct sp_op *op, struct http_static_files *files, int folder, const char *name,
                                 const char *path, unsigned depth)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    if (fd < 0)
        return errno == ELOOP ? NULL : sp_fail_errno(op, "open %s", path); /* a symbolic link */
    if (fstat(fd, &status) != 0) {
        struct sp_err *err = sp_fail_errno(op, "stat %s", path);
        close(fd);
        return err;
    }
    if (S_ISDIR(status.st_mode))
        return read_folder(op, files, fd, path, depth + 1);
    if (S_ISREG(status.st_mode))
        return add_file(op, files, path, fd, &status);
    close(fd);
    return NULL;
}

/* Takes folder over. */
static struct sp_err *read_folder(struct sp_op *op, struct http_static_files *files, int folder, const char *path,
                                  unsigned depth)
{
    DIR *directory = depth < DEPTH_MAX ? fdopendir(folder) : NULL;
    if (!directory) {
        close(folder);
        return sp_fail(op, SP_INVALID, "The web folder is nested too deeply or cannot be read: %s", path);
    }
    struct sp_err *err = NULL;
    for (struct dirent *entry; !err && (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        const char *below = sp_format(op, "%s/%s", path, entry->d_name);
        err = below ? read_entry(op, files, folder, entry->d_name, below, depth) : sp_err_no_memory();
    }
    closedir(directory);
    return err;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static struct file *find(const struct http_static_files *files, const char *path)
{
    const struct file key = {.path = (char *)(uintptr_t)path};
    return bsearch(&key, files->items, files->count, sizeof(key), by_path);
}

/* "app.js.gz" becomes a variant of "app.js", where that exists. */
static void join_variant(struct http_static_files *files, struct file *file, size_t variant)
{
    size_t length = strlen(file->path), suffix = strlen(suffixes[variant]);
    if (length <= suffix || length - suffix >= PATH_MAX || strcmp(file->path + length - suffix, suffixes[variant]) != 0)
        return;
    char path[PATH_MAX];
    memcpy(path, file->path, length - suffix);
    path[length - suffix] = '\0';
    struct file *plain = find(files, path);
    if (!plain || plain->variants[variant].fd >= 0)
        return;
    plain->variants[variant] = file->variants[PLAIN];
    file->variants[PLAIN].fd = -1; /* no file of its own any more */
}

static bool is_packed(const struct file *file)
{
    for (size_t v = PLAIN + 1; v < VARIANTS; v++)
        if (file->variants[v].fd >= 0)
            return true;
    return false;
}

/* Text that the build did not compress, in memory; without memory it goes out as it is. */
static void pack(struct sp_op *op, struct file *file)
{
    const struct variant *plain = &file->variants[PLAIN];
    if (plain->fd < 0 || is_packed(file) || !http_is_compressible(file->type) ||
        plain->size < HTTP_COMPRESS_FROM_BYTES || plain->size > PACKED_MAX_BYTES)
        return;
    struct sp_buf buf;
    sp_buf_init(&buf, PACKED_MAX_BYTES);
    char piece[PIECE_BYTES];
    ssize_t size;
    while ((size = pread(plain->fd, piece, sizeof(piece), (off_t)buf.size)) > 0 && !buf.failed)
        sp_buf_append(&buf, piece, (size_t)size);
    int fd = -1;
    if (size == 0 && !buf.failed && http_compress(HTTP_GZIP, &buf))
        fd = memfd_create("web file", MFD_CLOEXEC);
    if (fd >= 0 && !os_write_all(op, fd, buf.data, buf.size))
        file->variants[GZIP] = (struct variant){fd, (int64_t)buf.size};
    else if (fd >= 0)
        close(fd);
    sp_buf_finish(&buf);
}

struct sp_err *http_static_create(struct sp_op *op, const char *folder, struct http_static_files **ret_files)
{
    struct http_static_files *files = sp_heap_new(1, sizeof(*files));
    if (!files)
        return sp_err_no_memory();
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct sp_err *err =
        fd < 0 ? sp_fail(op, SP_INVALID, "The web folder %s cannot be opened: %s", folder, strerror(errno))
               : read_folder(op, files, fd, "", 0);
    if (!err && files->count > 0) {
        qsort(files->items, files->count, sizeof(*files->items), by_path);
        for (size_t i = 0; i < files->count; i++)
            for (size_t v = PLAIN + 1; v < VARIANTS; v++)
                join_variant(files, &files->items[i], v);
        for (size_t i = 0; i < files->count; i++)
            pack(op, &files->items[i]);
        files->index = find(files, "/index.html");
    }
    if (!err && !files->index)
        err = sp_fail(op, SP_INVALID, "The web folder %s has no index.html. Build the web app first.", folder);
    if (err) {
        http_static_destroy(files);
        return err;
    }
    *ret_files = files;
    return NULL;
}

/* ---- replies ---- */

static const struct file *choose(const struct http_static_files *files, const struct http_exchange *x)
{
    const char *path = http_target_path(x);
    const struct file *file = strcmp(path, "/") == 0 ? files->index : find(files, path);
    if (file && file->variants[PLAIN].fd >= 0)
        return file;
    const char *accept = http_header(x, "Accept");
    const char *last = strrchr(path, '/');
    return accept && strstr(accept, "text/html") && !strchr(last, '.') ? files->index : NULL;
}

static size_t choose_variant(const struct file *file, const struct http_exchange *x)
{
    unsigned have = 0;
    for (size_t v = PLAIN + 1; v < VARIANTS; v++)
        have |= file->variants[v].fd >= 0 ? (unsigned)variant_codings[v] : 0;
    if (!have || http_header(x, "Range"))
        return PLAIN;
    enum http_coding coding = http_coding_wanted(http_header(x, "Accept-Encoding"), have);
    for (size_t v = PLAIN + 1; v < VARIANTS; v++)
        if (variant_codings[v] == coding)
            return v;
    return PLAIN;
}

/* Vite puts a hash of the content into the names below /assets, SvelteKit below /_app/immutable. */
static bool is_hashed(const char *path)
{
    return strncmp(path, "/assets/", 8) == 0 || strncmp(path, "/_app/immutable/", 16) == 0;
}

static struct sp_err *reply_variant(struct http_exchange *x, const struct file *file, size_t variant)
{
    int fd = fcntl(file->variants[variant].fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return sp_fail_errno(x->op, "dup %s", file->path);
    const char *etag = sp_format(x->op, "%.*s%s\"", (int)strlen(file->etag) - 1, file->etag, suffixes[variant]);
    const struct http_file reply = {
        .fd = fd,
        .size_bytes = file->variants[variant].size,
        .modified_at = file->modified_at,
        .etag = etag,
        .content_type = file->type,
        .cache_control = is_hashed(file->path) ? "public, max-age=31536000, immutable" : "no-cache",
        .source = HTTP_FILE_FAST,
    };
    SP_TRY(http_reply_file(x, &reply));
    x->reply.web = true;
    if (variant != PLAIN)
        SP_TRY(http_reply_header(x, "Content-Encoding", http_coding_name(variant_codings[variant])));
    return http_is_compressible(file->type) ? http_reply_header(x, "Vary", "Accept-Encoding") : NULL;
}

bool http_static_reply(const struct http_static_files *files, struct http_exchange *x)
{
    const struct file *file = choose(files, x);
    if (!file)
        return false;
    x->path_shown = file->path;
    struct sp_err *err = reply_variant(x, file, choose_variant(file, x));
    if (err)
        http_reply_error(x, err);
    return true;
}
