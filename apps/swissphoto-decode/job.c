/*
 * The life of one decoding process: keep only the descriptors of the request, lock the door, decode, answer, end. It
 * was forked from the zygote with every codec loaded; it never returns to the zygote's code.
 */
#include "swissphoto-decode/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/op.h"
#include "os/sandbox.h"

enum { FIRST_FD = 3, ASIDE_FD = 100, INPUT_MAX_BYTES = 1 << 30 };

#if defined(__SANITIZE_ADDRESS__)
static const int64_t address_space_bytes = 0; /* its shadow alone is 16 TiB */
#else
static const int64_t address_space_bytes = 3LL << 30;
#endif

/* The request's descriptors become 3, 4, …; everything else but the standard three is closed. */
static bool keep_only(const int *fds, size_t count)
{
    int aside[MEDIA_FD_COUNT];
    for (size_t i = 0; i < count; i++) {
        aside[i] = fcntl(fds[i], F_DUPFD, ASIDE_FD);
        if (aside[i] < 0)
            return false;
    }
    for (size_t i = 0; i < count; i++)
        if (dup2(aside[i], FIRST_FD + (int)i) < 0)
            return false;
    return close_range(FIRST_FD + (unsigned)count, ~0U, 0) == 0;
}

static bool lock_the_door(struct sp_op *op, const struct media_request *request)
{
    const struct os_sandbox_limits limits = {
        .address_space_bytes = address_space_bytes,
        .file_size_bytes = 64LL << 20,
        .cpu_seconds = (int64_t)request->timeout_ms / 1000 + 1,
    };
    return op && !os_sandbox_limit(op, &limits) && !os_sandbox_enter(op);
}

static bool map_input(struct original *original, struct media_reply *reply)
{
    struct stat info;
    int fd = FIRST_FD + MEDIA_FD_INPUT;
    if (fstat(fd, &info) != 0)
        return decode_fail(reply, MEDIA_FAILED, "The original cannot be read.");
    if (info.st_size < 1)
        return decode_fail(reply, MEDIA_BROKEN, "The file is empty.");
    if (info.st_size > INPUT_MAX_BYTES)
        return decode_fail(reply, MEDIA_TOO_LARGE, "The file is larger than any picture that is decoded (1 GiB).");
    original->size = (size_t)info.st_size;
    original->data = mmap(NULL, original->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (original->data == MAP_FAILED)
        return decode_fail(reply, MEDIA_FAILED, "The original cannot be read.");
    return true;
}

static void work(const struct media_request *request, struct media_reply *reply)
{
    struct original original;
    if (request->operations & MEDIA_SELF_TEST)
        reply->escapes = escape_attempts();
    if (!(request->operations & (MEDIA_METADATA | MEDIA_DERIVATIVES)) || !map_input(&original, reply))
        return;
    if (!picture_look(&original, reply))
        return;
    if (request->operations & MEDIA_METADATA)
        metadata_read(&original, &reply->metadata);
    const struct outputs outputs = {FIRST_FD + MEDIA_FD_PREVIEW, FIRST_FD + MEDIA_FD_THUMBNAIL};
    if (request->operations & MEDIA_DERIVATIVES)
        (void)picture_render(&original, request, &outputs, reply); /* the reply says how it went */
}

void decode_one(const struct media_request *request, const int *fds, size_t fd_count, bool sandboxed)
{
    static struct media_reply reply; /* zeroed: no byte of the zygote's stack leaves with it */
    reply.magic = MEDIA_MAGIC;
    prctl(PR_SET_PDEATHSIG, 9);
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!keep_only(fds, fd_count))
        _exit(1);
    if (sandboxed && !lock_the_door(op, request))
        (void)decode_fail(&reply, MEDIA_FAILED, "The sandbox of the decoder cannot be entered on this system; nothing is decoded without it.");
    else
        work(request, &reply);
    ssize_t sent;
    do
        sent = send(FIRST_FD + MEDIA_FD_REPLY, &reply, sizeof(reply), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    _exit(sent == (ssize_t)sizeof(reply) ? 0 : 1);
}
