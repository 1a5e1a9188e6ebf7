/* See decoder.h. */
#include "media/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/op.h"
#include "os/file.h"
#include "os/ipc.h"

enum { TIMEOUT_MS = 60000, GRACE_MS = 5000, CONTROL_FD = 3 };

struct media_decoder {
    pthread_mutex_t lock; /* of the zygote: pid and control */
    pid_t pid;
    int control_fd;
    char *program;
    bool unsafe_no_sandbox;
};

struct sp_err *media_decoder_create(struct sp_op *op, const struct media_decoder_config *config,
                                    struct media_decoder **ret_decoder)
{
    (void)op;
    struct media_decoder *decoder = sp_heap_new(1, sizeof(*decoder));
    if (!decoder)
        return sp_err_no_memory();
    pthread_mutex_init(&decoder->lock, NULL);
    decoder->control_fd = -1;
    decoder->unsafe_no_sandbox = config->unsafe_no_sandbox;
    decoder->program = sp_heap_strdup(config->program);
    if (!decoder->program) {
        media_decoder_destroy(decoder);
        return sp_err_no_memory();
    }
    *ret_decoder = decoder;
    return NULL;
}

/* Its end of the control socket closes: the zygote ends by itself; the kill is for one that hangs. */
static void end_zygote(struct media_decoder *decoder)
{
    os_close(&decoder->control_fd);
    if (decoder->pid > 0) {
        kill(decoder->pid, SIGKILL);
        while (waitpid(decoder->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    decoder->pid = 0;
}

void media_decoder_destroy(struct media_decoder *decoder)
{
    if (!decoder)
        return;
    end_zygote(decoder);
    pthread_mutex_destroy(&decoder->lock);
    sp_heap_free(decoder->program);
    sp_heap_free(decoder);
}

/* Only async-signal-safe calls: other threads of the worker may hold locks. */
SP_NORETURN static void become_zygote(const struct media_decoder *decoder, int control_fd)
{
    static char name[] = "swissphoto-decode", unsafe[] = "--unsafe-no-sandbox";
    static char threshold[] = "VIPS_DISC_THRESHOLD=1t", path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C.UTF-8";
    static char *const environment[] = {threshold, path, locale, NULL};
    char *const argv[] = {name, decoder->unsafe_no_sandbox ? unsafe : NULL, NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (control_fd != CONTROL_FD)
        dup2(control_fd, CONTROL_FD);
    else
        (void)fcntl(control_fd, F_SETFD, 0);
    execve(decoder->program, argv, environment);
    _exit(127);
}

static struct sp_err *start_zygote(struct sp_op *op, struct media_decoder *decoder)
{
    int pair[2];
    SP_TRY(os_socket_pair(op, pair));
    pid_t pid = fork();
    if (pid == 0)
        become_zygote(decoder, pair[1]);
    os_close(&pair[1]);
    if (pid < 0) {
        os_close(&pair[0]);
        return sp_fail_errno(op, "fork for swissphoto-decode");
    }
    decoder->pid = pid;
    decoder->control_fd = pair[0];
    return NULL;
}

static struct sp_err *send_locked(struct sp_op *op, struct media_decoder *decoder, const struct os_message *message)
{
    if (decoder->pid > 0) {
        if (!os_send(op, decoder->control_fd, message))
            return NULL;
        end_zygote(decoder); /* it has ended: a fresh one, once */
    }
    SP_TRY(start_zygote(op, decoder));
    return os_send(op, decoder->control_fd, message);
}

static uint32_t timeout_of(const struct sp_op *op)
{
    int64_t left = sp_op_remaining_ms(op);
    return (uint32_t)(left > TIMEOUT_MS ? TIMEOUT_MS : left < 100 ? 100 : left);
}

static struct sp_err *send_request(struct sp_op *op, struct media_decoder *decoder, const struct media_task *task,
                                   int reply_fd)
{
    struct media_request request = {
        .magic = MEDIA_MAGIC,
        .operations = task->operations,
        .preview_px = MEDIA_PREVIEW_PX,
        .thumbnail_px = MEDIA_THUMBNAIL_PX,
        .preview_quality = MEDIA_QUALITY,
        .thumbnail_quality = MEDIA_QUALITY,
        .timeout_ms = timeout_of(op),
    };
    struct os_message message = {.data = &request, .size = sizeof(request), .fd_count = MEDIA_FD_INPUT + 1};
    message.fds[MEDIA_FD_REPLY] = reply_fd;
    message.fds[MEDIA_FD_INPUT] = task->input_fd;
    if (task->operations & MEDIA_DERIVATIVES) {
        message.fds[MEDIA_FD_PREVIEW] = task->preview_fd;
        message.fds[MEDIA_FD_THUMBNAIL] = task->thumbnail_fd;
        message.fd_count = MEDIA_FD_COUNT;
    }
    pthread_mutex_lock(&decoder->lock);
    struct sp_err *err = send_locked(op, decoder, &message);
    pthread_mutex_unlock(&decoder->lock);
    return err;
}

static struct sp_err *receive_reply(struct sp_op *op, int fd, struct media_reply *reply)
{
    struct pollfd line = {.fd = fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&line, 1, (int)timeout_of(op) + GRACE_MS);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return sp_fail(op, SP_UNAVAILABLE, "The decoder does not answer. It is tried again.");
    struct os_message message = {.data = reply, .size = sizeof(*reply)};
    SP_TRY(os_receive(op, fd, &message));
    for (size_t i = 0; i < message.fd_count; i++)
        os_close(&message.fds[i]);
    if (message.size == 0)
        return sp_fail(op, SP_UNAVAILABLE, "The decoder ended before it answered. It is tried again.");
    if (!media_reply_check(reply, message.size))
        return sp_fail(op, SP_MEDIA, "The file made its decoder misbehave; it is kept, but not shown.");
    return NULL;
}

static struct sp_err *error_of(struct sp_op *op, const struct media_reply *reply)
{
    if (reply->status == MEDIA_OK)
        return NULL;
    enum sp_code code = reply->status == MEDIA_FAILED ? SP_UNAVAILABLE : SP_MEDIA;
    return sp_fail(op, code, "%s", reply->message);
}

struct sp_err *media_decode(struct sp_op *op, struct media_decoder *decoder, const struct media_task *task,
                            const struct media_reply **ret_reply)
{
    struct media_reply *reply;
    int pair[2];
    SP_NEW(op, reply);
    SP_TRY(os_socket_pair(op, pair));
    struct sp_err *err = send_request(op, decoder, task, pair[1]);
    os_close(&pair[1]);
    if (!err)
        err = receive_reply(op, pair[0], reply);
    os_close(&pair[0]);
    if (err)
        return err;
    SP_TRY(error_of(op, reply));
    *ret_reply = reply;
    return NULL;
}
