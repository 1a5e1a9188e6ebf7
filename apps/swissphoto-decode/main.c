/*
 * swissphoto-decode: the zygote. Loads every codec once, then forks a process for each request that comes in on its
 * control socket (see media/protocol.h), ends those that take too long, and answers for those that died.
 * Single-threaded: a forked process has only the thread that forked.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/op.h"
#include "os/file.h"
#include "os/ipc.h"
#include "os/sandbox.h"
#include "swissphoto-decode/decode.h"

enum { JOBS_MAX = 32 };

struct job {
    pid_t pid; /* 0: free */
    int reply_fd;
    int64_t deadline_ms;
    bool timed_out;
};

static struct {
    struct job jobs[JOBS_MAX];
    unsigned running;
    int control_fd, signal_fd;
    struct os_sandbox *sandbox; /* NULL: the operator wanted none */
    int64_t idle_exit_ms;       /* 0: never */
    bool closing;               /* serves what it has, then ends */
} zygote;

struct verdict {
    enum media_status status;
    const char *message;
};

/* Why a process is gone that has not answered. */
static struct verdict verdict_of(const struct job *job, int status)
{
    int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (job->timed_out || number == SIGXCPU)
        return (struct verdict){MEDIA_KILLED, "The picture took too long to decode."};
    if (WIFEXITED(status) && WEXITSTATUS(status) == DECODE_NO_MEMORY)
        return (struct verdict){MEDIA_KILLED, "The picture needs more memory to decode than it may have."};
    if (number == SIGSYS)
        return (struct verdict){MEDIA_KILLED, "The picture made its decoder do something forbidden; it was stopped."};
    if (number == SIGXFSZ)
        return (struct verdict){MEDIA_KILLED, "The preview of the picture would be too large."};
    if (number == SIGKILL)
        return (struct verdict){MEDIA_FAILED, "The decoder was killed, perhaps for want of memory. It is tried again."};
    if (number == 0)
        return (struct verdict){MEDIA_FAILED, "The decoder ended without an answer. It is tried again."};
    return (struct verdict){MEDIA_KILLED, "The picture could not be decoded: its decoder crashed on it."};
}

static void answer_for(const struct job *job, int status)
{
    static struct media_reply reply;
    static uint8_t message[MEDIA_MESSAGE_MAX_BYTES];
    struct verdict verdict = verdict_of(job, status);
    memset(&reply, 0, sizeof(reply));
    (void)decode_fail(&reply, verdict.status, verdict.message, NULL);
    if (job->timed_out)
        snprintf(reply.detail, sizeof(reply.detail), "deadline");
    else if (WIFSIGNALED(status))
        snprintf(reply.detail, sizeof(reply.detail), "signal %s", sigabbrev_np(WTERMSIG(status)));
    else
        snprintf(reply.detail, sizeof(reply.detail), "exit code %d", WEXITSTATUS(status));
    size_t size = media_reply_pack(&reply, message);
    (void)send(job->reply_fd, message, size, MSG_NOSIGNAL | MSG_DONTWAIT); /* whoever asked may be gone */
}

static struct job *job_of(pid_t pid)
{
    for (size_t i = 0; i < JOBS_MAX; i++)
        if (zygote.jobs[i].pid == pid)
            return &zygote.jobs[i];
    return NULL;
}

static void reap(void)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        struct job *job = job_of(pid);
        if (!job)
            continue;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != DECODE_ANSWERED)
            answer_for(job, status);
        os_close(&job->reply_fd);
        job->pid = 0;
        zygote.running--;
    }
}

static void end_overdue(void)
{
    for (size_t i = 0; i < JOBS_MAX; i++) {
        struct job *job = &zygote.jobs[i];
        if (job->pid == 0 || job->timed_out || sp_clock_mono_ms() < job->deadline_ms)
            continue;
        job->timed_out = true;
        kill(job->pid, SIGKILL);
    }
}

/* -1: for ever. */
static int next_timeout_ms(void)
{
    int64_t left = zygote.idle_exit_ms && !zygote.running ? zygote.idle_exit_ms : INT32_MAX, now = sp_clock_mono_ms();
    for (size_t i = 0; i < JOBS_MAX; i++)
        if (zygote.jobs[i].pid != 0 && !zygote.jobs[i].timed_out && zygote.jobs[i].deadline_ms - now < left)
            left = zygote.jobs[i].deadline_ms - now;
    return left == INT32_MAX ? -1 : left < 0 ? 0 : (int)left;
}

static void close_all(struct os_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        os_close(&message->fds[i]);
}

static void start_job(const struct media_request *request, struct os_message *message)
{
    struct job *job = job_of(0);
    pid_t pid = job ? fork() : -1;
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        decode_one(request, message->fds, message->fd_count, zygote.sandbox);
    }
    if (pid > 0) {
        *job = (struct job){.pid = pid,
                            .reply_fd = message->fds[MEDIA_FD_REPLY],
                            .deadline_ms = sp_clock_mono_ms() + request->timeout_ms};
        message->fds[MEDIA_FD_REPLY] = -1; /* kept, to answer if the process cannot */
        zygote.running++;
    }
    close_all(message); /* without a process the reply's socket closes, which the asker takes for "try again" */
}

/* False: nobody will ask any more. */
static bool take_request(struct sp_op *op)
{
    uint8_t packed[MEDIA_MESSAGE_MAX_BYTES];
    struct media_request request;
    struct os_message message = {.data = packed, .size = sizeof(packed)};
    if (os_receive(op, zygote.control_fd, &message) || message.size == 0)
        return false;
    if (media_request_parse(packed, message.size, &request) && message.fd_count == media_request_fds(&request))
        start_job(&request, &message);
    else
        close_all(&message);
    return true;
}

/* Idle: what is sent from now on fails, and the client starts another zygote; what was sent already is served. */
static void close_the_counter(struct sp_op *op)
{
    zygote.closing = true;
    (void)shutdown(zygote.control_fd, SHUT_RD); /* afterwards receiving does not block */
    while (take_request(op))
        continue;
}

static void serve(struct sp_op *op)
{
    while (!zygote.closing || zygote.running > 0) {
        bool open = !zygote.closing && zygote.running < JOBS_MAX; /* full: requests wait in the socket */
        struct pollfd lines[] = {{.fd = open ? zygote.control_fd : -1, .events = POLLIN},
                                 {.fd = zygote.signal_fd, .events = POLLIN}};
        int ready = poll(lines, SP_COUNT(lines), next_timeout_ms());
        if (ready < 0 && errno != EINTR)
            return;
        struct signalfd_siginfo ignored;
        if (lines[1].revents & POLLIN)
            (void)!read(zygote.signal_fd, &ignored, sizeof(ignored)); /* it only says: look */
        if (lines[0].revents && !take_request(op))
            return; /* nobody waits for an answer: decoding processes die with this one */
        if (ready == 0 && zygote.running == 0)
            close_the_counter(op);
        reap();
        end_overdue();
        sp_op_reset(op);
    }
}

static bool is_single_threaded(void)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned count = 0;
    for (struct dirent *entry; tasks && (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    if (tasks)
        closedir(tasks);
    return count <= 1; /* 0: no /proc here, so no way to know */
}

static int run(struct sp_op *op, bool sandboxed)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    zygote.signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (zygote.signal_fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        perror("swissphoto-decode");
        return 71;
    }
    struct sp_err *err = sandboxed ? os_sandbox_create(op, &zygote.sandbox) : NULL;
    if (err) {
        fprintf(stderr, "swissphoto-decode: %s\n", err->detail ? err->detail : err->message);
        return 71;
    }
    if (!codecs_load())
        return 70;
    if (!is_single_threaded()) {
        fprintf(stderr, "swissphoto-decode: a codec has started a thread, which a fork would lose\n");
        return 70;
    }
    serve(op);
    os_sandbox_destroy(zygote.sandbox);
    return 0;
}

int main(int argc, char **argv)
{
    bool sandboxed = true;
    zygote.control_fd = -1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--unsafe-no-sandbox") == 0)
            sandboxed = false;
        else if (strcmp(argv[i], "--zygote") == 0 && i + 1 < argc)
            zygote.control_fd = (int)strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--idle-exit-ms") == 0 && i + 1 < argc)
            zygote.idle_exit_ms = strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--print-sandbox") == 0) {
            os_sandbox_print(stdout);
            return 0;
        }
    }
    if (zygote.control_fd < 3) {
        fprintf(stderr, "swissphoto-decode is started by swissphoto-worker.\n"
                        "  --print-sandbox   lists the system calls that a decoding process may make\n");
        return 64;
    }
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    int code = op ? run(op, sandboxed) : 71;
    fflush(NULL);
    _exit(code); /* codecs free nothing of worth at exit, and take their time for it */
}
