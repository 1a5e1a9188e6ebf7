/*
 * swissphoto-decode: the zygote. Loads every codec once, then forks a process for each request that comes in on
 * descriptor 3 (see media/protocol.h), ends those that take too long, and answers for those that died. Single-threaded:
 * a forked process has only the thread that forked.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/op.h"
#include "os/file.h"
#include "os/ipc.h"
#include "swissphoto-decode/decode.h"

enum { CONTROL_FD = 3, JOBS_MAX = 32, TICK_MS = 100 };

struct job {
    pid_t pid; /* 0: free */
    int reply_fd;
    int64_t deadline_ms;
    bool timed_out;
};

static struct job jobs[JOBS_MAX];

static void answer_for(const struct job *job, int status)
{
    static struct media_reply reply;
    memset(&reply, 0, sizeof(reply));
    reply.magic = MEDIA_MAGIC;
    reply.status = MEDIA_KILLED;
    const char *why = "The picture could not be decoded: its decoder crashed on it.";
    if (job->timed_out || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
        why = "The picture took too long to decode.";
    snprintf(reply.message, sizeof(reply.message), "%s", why);
    (void)send(job->reply_fd, &reply, sizeof(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void reap(void)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (size_t i = 0; i < JOBS_MAX; i++) {
            if (jobs[i].pid != pid)
                continue;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                answer_for(&jobs[i], status);
            os_close(&jobs[i].reply_fd);
            jobs[i].pid = 0;
        }
    }
}

static bool end_overdue(void)
{
    bool any = false;
    for (size_t i = 0; i < JOBS_MAX; i++) {
        any |= jobs[i].pid != 0;
        if (jobs[i].pid == 0 || jobs[i].timed_out || sp_clock_mono_ms() < jobs[i].deadline_ms)
            continue;
        jobs[i].timed_out = true;
        kill(jobs[i].pid, SIGKILL);
    }
    return any;
}

static struct job *free_job(void)
{
    for (size_t i = 0; i < JOBS_MAX; i++)
        if (jobs[i].pid == 0)
            return &jobs[i];
    return NULL;
}

static void close_all(struct os_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        os_close(&message->fds[i]);
}

static size_t descriptors_of(const struct media_request *request)
{
    return request->operations & MEDIA_DERIVATIVES ? MEDIA_FD_COUNT : MEDIA_FD_INPUT + 1;
}

/* Without a free place the reply's socket closes, which the asker takes for "try again". */
static void start_job(const struct media_request *request, struct os_message *message, bool sandboxed)
{
    struct job *job = free_job();
    pid_t pid = job ? fork() : -1;
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        decode_one(request, message->fds, message->fd_count, sandboxed);
    }
    if (pid > 0) {
        *job = (struct job){.pid = pid, .reply_fd = message->fds[MEDIA_FD_REPLY],
                            .deadline_ms = sp_clock_mono_ms() + request->timeout_ms};
        message->fds[MEDIA_FD_REPLY] = -1; /* kept, to answer if the process cannot */
    }
    close_all(message);
}

/* False: the worker is gone. */
static bool take_request(struct sp_op *op, bool sandboxed)
{
    struct media_request request;
    struct os_message message = {.data = &request, .size = sizeof(request)};
    if (os_receive(op, CONTROL_FD, &message) || message.size == 0)
        return false;
    if (media_request_check(&request, message.size) && message.fd_count == descriptors_of(&request))
        start_job(&request, &message, sandboxed);
    else
        close_all(&message);
    return true;
}

static void serve(struct sp_op *op, int signal_fd, bool sandboxed)
{
    for (bool busy = false;;) {
        struct pollfd lines[] = {{.fd = CONTROL_FD, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
        if (poll(lines, SP_COUNT(lines), busy ? TICK_MS : -1) < 0 && errno != EINTR)
            return;
        struct signalfd_siginfo ignored;
        if (lines[1].revents & POLLIN)
            (void)!read(signal_fd, &ignored, sizeof(ignored));
        if (lines[0].revents && !take_request(op, sandboxed))
            return;
        reap();
        busy = end_overdue();
        sp_op_reset(op);
    }
}

int main(int argc, char **argv)
{
    bool unsafe = argc == 2 && strcmp(argv[1], "--unsafe-no-sandbox") == 0;
    if (argc > 2 || (argc == 2 && !unsafe)) {
        fprintf(stderr, "swissphoto-decode is started by swissphoto-worker\n");
        return 64;
    }
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!op || !picture_load_codecs() || !metadata_load_codecs()) {
        fprintf(stderr, "swissphoto-decode: the codecs cannot be loaded\n");
        return 70;
    }
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        return 71;
    serve(op, signal_fd, !unsafe);
    sp_op_destroy(op);
    return 0;
}
