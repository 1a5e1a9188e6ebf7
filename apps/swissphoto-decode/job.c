/*
 * The life of one decoding process: keep only the descriptors of the request, lock the door, decode, answer, end. It
 * was forked from the zygote with every codec loaded; it never returns to the zygote's code.
 */
#include "swissphoto-decode/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/op.h"
#include "os/sandbox.h"

/* ASIDE_FD: above all that the zygote ever has; DESCRIPTORS: the request's, and copies that libvips makes. */
enum { FIRST_FD = 3, ASIDE_FD = 200, DESCRIPTORS = 16 };
enum { INPUT_MAX_BYTES = 1 << 30, OUTPUT_MAX_BYTES = 64 << 20, OP_BUDGET_BYTES = 512 << 20 };
enum { RESERVE_BYTES = 30 << 20, HUGE_PAGE_BYTES = 2 << 20 };

#if defined(__has_feature) /* clang; gcc has a macro of its own */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true }; /* its shadow alone is 16 TiB, and its report goes to stderr */
#else
enum { SANITIZED = false };
#endif
/* A progressive JPEG of MEDIA_PIXELS_MAX keeps 1.6 GB of coefficients; everything else takes far less. */
static const int64_t address_space_bytes = SANITIZED ? 0 : 4LL << 30;

/* The request's descriptors become 3, 4, …; standard ones lead nowhere, everything else is closed. */
static bool keep_only(const int *fds, size_t count)
{
    int aside[MEDIA_FD_COUNT];
    for (size_t i = 0; i < count; i++)
        if ((aside[i] = fcntl(fds[i], F_DUPFD, ASIDE_FD)) < 0)
            return false;
    for (int fd = 0; fd < 3 && !SANITIZED; fd++) {
        close(fd);
        if (open("/dev/null", O_RDWR) != fd) /* the lowest free number, and all below are taken; not close on exec:
                                                 nothing here ever execs */
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (dup2(aside[i], FIRST_FD + (int)i) < 0)
            return false;
    return syscall(SYS_close_range, FIRST_FD + (unsigned)count, ~0U, 0U) == 0;
}

static struct sp_err *lock_the_door(struct sp_op *op, const struct os_sandbox *sandbox, uint32_t timeout_ms)
{
    const struct os_sandbox_limits limits = {
        .address_space_bytes = address_space_bytes,
        .file_size_bytes = OUTPUT_MAX_BYTES,
        .cpu_seconds = (int64_t)timeout_ms / 1000 + 1,
        .descriptors = SANITIZED ? 1024 : DESCRIPTORS,
    };
    return os_sandbox_enter(op, sandbox, &limits);
}

static bool map_input(struct original *original, struct media_reply *reply)
{
    struct stat info;
    int fd = FIRST_FD + MEDIA_FD_INPUT;
    if (fstat(fd, &info) != 0)
        return decode_fail(reply, MEDIA_FAILED, "The original cannot be read.", strerror(errno));
    if (info.st_size < 1)
        return decode_fail(reply, MEDIA_BROKEN, "The file is empty.", NULL);
    if (info.st_size > INPUT_MAX_BYTES)
        return decode_fail(reply, MEDIA_TOO_LARGE, "The file is larger than any picture that is decoded (1 GiB).",
                           NULL);
    original->size = (size_t)info.st_size;
    original->data = mmap(NULL, original->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (original->data == MAP_FAILED)
        return decode_fail(reply, MEDIA_FAILED, "The original cannot be read.", strerror(errno));
    (void)madvise((void *)(uintptr_t)original->data, original->size, MADV_WILLNEED); /* a hint */
    return true;
}

static bool tells_anything(const struct media_metadata *m)
{
    return m->has_taken || m->has_gps || *m->make || *m->model;
}

/* A picture of a newer kind than the codec (an iPhone 16's with libheif 1.15) still has its date and place. */
static void metadata_without_picture(const struct original *original, struct media_reply *reply)
{
    metadata_read(original, &reply->metadata);
    if (!tells_anything(&reply->metadata))
        return;
    reply->status = MEDIA_OK;
    *reply->message = *reply->detail = '\0';
}

static void work(struct sp_op *op, const struct media_request *request, struct media_reply *reply)
{
    struct original original;
    if (request->operations & MEDIA_SELF_TEST)
        (void)escape_attempt(request->self_test, reply); /* the reply says how it went; so for all below */
    if (!(request->operations & (MEDIA_METADATA | MEDIA_DERIVATIVES)) || !map_input(&original, reply))
        return;
    if (!picture_look(&original, reply)) {
        if (reply->status == MEDIA_UNSUPPORTED && request->operations == MEDIA_METADATA)
            metadata_without_picture(&original, reply);
        return;
    }
    if (request->operations & MEDIA_METADATA)
        metadata_read(&original, &reply->metadata);
    const struct outputs outputs = {FIRST_FD + MEDIA_FD_PREVIEW, FIRST_FD + MEDIA_FD_THUMBNAIL};
    if (request->operations & MEDIA_DERIVATIVES)
        (void)picture_render(op, &original, request, &outputs, reply);
}

/* glib ends the process when it gets no memory; this tells the zygote why. Other messages are the codecs' chatter. */
static void on_message(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
    (void)domain;
    (void)data;
    if ((level & G_LOG_LEVEL_ERROR) && strstr(message, "allocate"))
        _exit(DECODE_NO_MEMORY);
}

/*
 * One short life: one heap for all threads, that gives nothing back to the kernel, and whose first part comes in huge
 * pages where the kernel has them. A page fault each 4 KiB costs a tenth of a whole derivative.
 */
static void tune_heap(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the most it takes */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    char *reserve = sp_heap_resize(NULL, RESERVE_BYTES, 1);
    if (!reserve)
        return;
    size_t ahead = -(uintptr_t)reserve & (HUGE_PAGE_BYTES - 1);
    (void)madvise(reserve + ahead, RESERVE_BYTES - ahead, MADV_HUGEPAGE); /* a hint */
    sp_heap_free(reserve);
}

void decode_one(const struct media_request *request, const int *fds, size_t fd_count, const struct os_sandbox *sandbox)
{
    static struct media_reply reply; /* zeroed: no byte of the zygote's stack leaves with it */
    static uint8_t message[MEDIA_MESSAGE_MAX_BYTES];
    struct sp_op *op = sp_op_create(OP_BUDGET_BYTES);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    g_log_set_default_handler(on_message, NULL);
    tune_heap();
    escape_prepare();
    clearenv(); /* nothing in there is for codecs */
    if (!op || !keep_only(fds, fd_count))
        _exit(DECODE_SILENT);
    struct sp_err *err = sandbox ? lock_the_door(op, sandbox, request->timeout_ms) : NULL;
    if (err)
        (void)decode_fail(&reply, MEDIA_FAILED,
                          "The sandbox of the decoder cannot be entered on this system; nothing is decoded without it.",
                          err->detail);
    else
        work(op, request, &reply);
    size_t size = media_reply_pack(&reply, message);
    ssize_t sent;
    do
        sent = send(FIRST_FD + MEDIA_FD_REPLY, message, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    _exit(sent == (ssize_t)size ? DECODE_ANSWERED : DECODE_SILENT);
}
