/* See decoder.h. */
#include "media/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/op.h"
#include "os/file.h"
#include "os/ipc.h"
#include "os/spawn.h"

/* GRACE_MS: the zygote kills in time and answers for the dead; if not even that comes, it hangs. */
enum { TIMEOUT_MS = 60000, TIMEOUT_MIN_MS = 100, GRACE_MS = 5000, IDLE_EXIT_MS = 60000, CONTROL_FD = 3 };

struct media_decoder {
    pthread_mutex_t lock; /* of all that follows but the configuration */
    pthread_cond_t freed; /* a call has ended */
    unsigned running;
    struct os_child zygote;
    int control_fd;
    struct media_decoder_config config;
    char *program;
};

struct sp_err *media_decoder_create(struct sp_op *op, const struct media_decoder_config *config,
                                    struct media_decoder **ret_decoder)
{
    struct media_decoder *decoder = sp_heap_new(1, sizeof(*decoder));
    if (!decoder)
        return sp_err_no_memory();
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC); /* op's deadline is on this clock */
    pthread_cond_init(&decoder->freed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&decoder->lock, NULL);
    decoder->control_fd = -1;
    decoder->zygote = (struct os_child)OS_CHILD_NONE;
    decoder->config = *config;
    decoder->program = sp_heap_strdup(config->program);
    if (!decoder->program) {
        media_decoder_destroy(decoder);
        return sp_err_no_memory();
    }
    *ret_decoder = decoder;
    return NULL;
}

static void end_zygote(struct media_decoder *decoder)
{
    os_close(&decoder->control_fd);
    os_child_kill(&decoder->zygote);
}

void media_decoder_destroy(struct media_decoder *decoder)
{
    if (!decoder)
        return;
    end_zygote(decoder);
    pthread_mutex_destroy(&decoder->lock);
    pthread_cond_destroy(&decoder->freed);
    sp_heap_free(decoder->program);
    sp_heap_free(decoder);
}

/*
 * It ends when the control socket closes, however this process ends; no death signal, for that would come when the
 * thread ends that happened to start it. VIPSHOME: nowhere, so that libvips loads no plug-ins of its own accord.
 */
static struct sp_err *spawn_zygote(struct sp_op *op, struct media_decoder *decoder, int control_fd)
{
    uint32_t idle_exit_ms = decoder->config.idle_exit_ms ? decoder->config.idle_exit_ms : IDLE_EXIT_MS;
    const char *idle = sp_format(op, "%u", idle_exit_ms);
    SP_OWN(idle);
    const char *const argv[] = {"swissphoto-decode",
                                "--zygote",
                                "3",
                                "--idle-exit-ms",
                                idle,
                                decoder->config.unsafe_no_sandbox ? "--unsafe-no-sandbox" : NULL,
                                NULL};
    static const char *const envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};
    const struct os_fd_map fds[] = {{control_fd, CONTROL_FD}};
    const struct os_spawn_options options = {.path = decoder->program,
                                             .argv = argv,
                                             .envp = envp,
                                             .fds = fds,
                                             .fd_count = SP_COUNT(fds),

                                             .new_group = true};
    return os_spawn(op, &options, &decoder->zygote);
}

static struct sp_err *start_zygote(struct sp_op *op, struct media_decoder *decoder)
{
    int pair[2];
    const struct timeval patience = {.tv_sec = GRACE_MS / 1000}; /* a send that blocks longer: it hangs */
    SP_TRY(os_socket_pair(op, pair));
    struct sp_err *err = spawn_zygote(op, decoder, pair[1]);
    os_close(&pair[1]);
    if (err) {
        os_close(&pair[0]);
        return err;
    }
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* without it: only slower */
    decoder->control_fd = pair[0];
    return NULL;
}

static struct sp_err *send_locked(struct sp_op *op, struct media_decoder *decoder, const struct os_message *message)
{
    if (decoder->zygote.pid > 0) {
        if (!os_send(op, decoder->control_fd, message))
            return NULL;
        end_zygote(decoder); /* it has died or was idle: a fresh one, once */
    }
    SP_TRY(start_zygote(op, decoder));
    return os_send(op, decoder->control_fd, message);
}

/* Waits for a free place, if places are limited. */
static struct sp_err *enter_locked(struct sp_op *op, struct media_decoder *decoder)
{
    unsigned max = decoder->config.children_max;
    const struct timespec until = {op->deadline_ms / 1000, op->deadline_ms % 1000 * 1000000};
    while (max > 0 && decoder->running >= max) {
        int failed = op->deadline_ms ? pthread_cond_timedwait(&decoder->freed, &decoder->lock, &until)
                                     : pthread_cond_wait(&decoder->freed, &decoder->lock);
        if (failed)
            return sp_fail(op, SP_UNAVAILABLE, "Other pictures were decoded all the time. It is tried again.");
    }
    decoder->running++;
    return NULL;
}

static void leave(struct media_decoder *decoder)
{
    pthread_mutex_lock(&decoder->lock);
    decoder->running--;
    pthread_cond_signal(&decoder->freed);
    pthread_mutex_unlock(&decoder->lock);
}

static uint32_t timeout_of(const struct sp_op *op)
{
    int64_t left = sp_op_remaining_ms(op);
    return (uint32_t)(left > TIMEOUT_MS ? TIMEOUT_MS : left < TIMEOUT_MIN_MS ? TIMEOUT_MIN_MS : left);
}

/* Once it has succeeded, the caller leaves. */
static struct sp_err *send_request(struct sp_op *op, struct media_decoder *decoder, const struct media_task *task,
                                   int reply_fd)
{
    uint8_t packed[MEDIA_MESSAGE_MAX_BYTES];
    struct media_request request = {
        .operations = task->operations,
        .preview_px = MEDIA_PREVIEW_PX,
        .thumbnail_px = MEDIA_THUMBNAIL_PX,
        .preview_quality = MEDIA_QUALITY,
        .thumbnail_quality = MEDIA_QUALITY,
        .self_test = task->self_test,
    };
    struct os_message message = {.data = packed, .fd_count = media_request_fds(&request)};
    message.fds[MEDIA_FD_REPLY] = reply_fd;
    message.fds[MEDIA_FD_INPUT] = task->input_fd;
    message.fds[MEDIA_FD_PREVIEW] = task->preview_fd;
    message.fds[MEDIA_FD_THUMBNAIL] = task->thumbnail_fd;
    pthread_mutex_lock(&decoder->lock);
    struct sp_err *err = enter_locked(op, decoder);
    if (!err) {
        request.timeout_ms = timeout_of(op); /* the wait took its part */
        message.size = media_request_pack(&request, packed);
        err = send_locked(op, decoder, &message);
        decoder->running -= err ? 1 : 0;
    }
    pthread_mutex_unlock(&decoder->lock);
    return err;
}

static struct sp_err *receive_reply(struct sp_op *op, int fd, struct media_reply *reply)
{
    uint8_t packed[MEDIA_MESSAGE_MAX_BYTES];
    struct pollfd line = {.fd = fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&line, 1, (int)timeout_of(op) + GRACE_MS);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return sp_fail(op, SP_UNAVAILABLE, "The decoder does not answer. It is tried again.");
    struct os_message message = {.data = packed, .size = sizeof(packed)};
    SP_TRY(os_receive(op, fd, &message));
    for (size_t i = 0; i < message.fd_count; i++)
        os_close(&message.fds[i]);
    if (message.size == 0)
        return sp_fail(op, SP_UNAVAILABLE, "The decoder ended before it answered. It is tried again.");
    if (!media_reply_parse(packed, message.size, reply))
        return sp_fail(op, SP_MEDIA, "The file made its decoder misbehave; it is kept, but not shown.");
    return NULL;
}

static struct sp_err *error_of(struct sp_op *op, const struct media_reply *reply)
{
    if (reply->status == MEDIA_OK)
        return NULL;
    enum sp_code code = reply->status == MEDIA_FAILED ? SP_UNAVAILABLE : SP_MEDIA;
    struct sp_err *err = sp_fail(op, code, "%s", reply->message);
    return *reply->detail ? sp_err_detail(op, err, "%s", reply->detail) : err;
}

static struct sp_err *ask(struct sp_op *op, struct media_decoder *decoder, const struct media_task *task,
                          struct media_reply *reply)
{
    int pair[2];
    SP_TRY(os_socket_pair(op, pair));
    struct sp_err *err = send_request(op, decoder, task, pair[1]);
    os_close(&pair[1]); /* so that the death of all who have the other copy is seen */
    if (!err) {
        err = receive_reply(op, pair[0], reply);
        leave(decoder);
    }
    os_close(&pair[0]);
    return err;
}

struct sp_err *media_decode(struct sp_op *op, struct media_decoder *decoder, const struct media_task *task,
                            const struct media_reply **ret_reply)
{
    struct media_reply *reply;
    SP_NEW(op, reply);
    SP_TRY(ask(op, decoder, task, reply));
    SP_TRY(error_of(op, reply));
    *ret_reply = reply;
    return NULL;
}

struct sp_err *media_decoder_probe(struct sp_op *op, struct media_decoder *decoder)
{
    SP_CLEANUP(os_close) int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0)
        return sp_fail_errno(op, "open /dev/null");
    const struct media_task task = {.operations = MEDIA_SELF_TEST, .input_fd = nothing};
    const struct media_reply *reply;
    SP_TRY(media_decode(op, decoder, &task, &reply));
    if (reply->escaped && !decoder->config.unsafe_no_sandbox)
        return sp_fail(op, SP_INTERNAL, "The sandbox of the decoder does not hold on this system.");
    return NULL;
}
