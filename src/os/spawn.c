/* See spawn.h. */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/op.h"
#include "os/file.h"

enum { TARGET_FD_MAX = 63, ASIDE_FD_MIN = TARGET_FD_MAX + 1 };

/* What the child says on a close-on-exec pipe when it fails between fork and exec. */
struct failure {
    const char *step; /* valid in both processes: a literal of the program that forked */
    int error;
};

/* Everything below until os_spawn runs between fork and exec: async-signal-safe calls alone, other threads may have
 * held any lock. */
SP_NORETURN static void give_up(int report_fd, const char *step)
{
    const struct failure failure = {step, errno};
    (void)!write(report_fd, &failure, sizeof(failure));
    _exit(127);
}

static void default_signals(void)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        (void)sigaction(number, &action, NULL); /* refuses SIGKILL, SIGSTOP and libc's own: they are default anyway */
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* First all out of the way, then all into place, so that a target may be another's source. */
static bool place_fds(const struct os_spawn_options *options, int *report_fd)
{
    int aside[OS_SPAWN_FDS_MAX];
    int report = fcntl(*report_fd, F_DUPFD_CLOEXEC, ASIDE_FD_MIN);
    if (report < 0)
        return false;
    *report_fd = report;
    for (size_t i = 0; i < options->fd_count; i++)
        if ((aside[i] = fcntl(options->fds[i].from, F_DUPFD_CLOEXEC, ASIDE_FD_MIN)) < 0)
            return false;
    if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) != 0)
        return false;
    for (size_t i = 0; i < options->fd_count; i++)
        if (dup2(aside[i], options->fds[i].to) < 0)
            return false;
    return true;
}

static bool drop_rights(const struct os_spawn_options *options)
{
    return setgroups(0, NULL) == 0 && setresgid(options->gid, options->gid, options->gid) == 0 &&
           setresuid(options->uid, options->uid, options->uid) == 0;
}

SP_NORETURN static void become(const struct os_spawn_options *options, pid_t parent, int report_fd)
{
    static const char *const empty[] = {NULL};
    default_signals();
    if (!place_fds(options, &report_fd))
        give_up(report_fd, "descriptors");
    if (options->new_group && setpgid(0, 0) != 0)
        give_up(report_fd, "process group");
    if (options->cwd && chdir(options->cwd) != 0)
        give_up(report_fd, "working folder");
    if (options->set_ids && !drop_rights(options))
        give_up(report_fd, "user");
    /* after the change of user, which clears it */
    if (options->death_signal && prctl(PR_SET_PDEATHSIG, options->death_signal) != 0)
        give_up(report_fd, "death signal");
    if (options->death_signal && getppid() != parent)
        _exit(127); /* it ended in between: nobody listens */
    /* execve's types predate const; it writes to none of them */
    execve(options->path, (char *const *)(uintptr_t)options->argv,
           (char *const *)(uintptr_t)(options->envp ? options->envp : empty));
    give_up(report_fd, "exec");
}

/* The pipe's other end closes at exec: nothing to read is success. */
static struct sp_err *read_report(struct sp_op *op, int fd, const char *path)
{
    struct failure failure;
    size_t size;
    SP_TRY(os_read_full(op, fd, &failure, sizeof(failure), &size));
    if (size != sizeof(failure))
        return NULL;
    errno = failure.error;
    return sp_fail_errno(op, "starting %s (%s)", path, failure.step);
}

static struct sp_err *open_pidfd(struct sp_op *op, struct os_child *child)
{
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0U); /* O_CLOEXEC always */
    return child->pidfd >= 0 ? NULL : sp_fail_errno(op, "pidfd_open");
}

struct sp_err *os_spawn(struct sp_op *op, const struct os_spawn_options *options, struct os_child *ret_child)
{
    sp_assert(options->fd_count <= OS_SPAWN_FDS_MAX);
    for (size_t i = 0; i < options->fd_count; i++)
        sp_assert(options->fds[i].to >= 0 && options->fds[i].to <= TARGET_FD_MAX);
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return sp_fail_errno(op, "pipe2");
    struct os_child child = OS_CHILD_NONE;
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before); /* no handler of ours runs in the child */
    pid_t parent = getpid();
    child.pid = fork();
    if (child.pid == 0)
        become(options, parent, report[1]);
    struct sp_err *err = child.pid < 0 ? sp_fail_errno(op, "fork for %s", options->path) : NULL;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    os_close(&report[1]);
    if (!err)
        err = read_report(op, report[0], options->path);
    if (!err)
        err = open_pidfd(op, &child);
    os_close(&report[0]);
    if (!err)
        *ret_child = child;
    else if (child.pid > 0)
        os_child_kill(&child);
    return err;
}

static void reap(struct os_child *child, int *ret_status)
{
    while (waitpid(child->pid, ret_status, 0) < 0 && errno == EINTR)
        continue;
    os_close(&child->pidfd);
    child->pid = 0;
}

static int poll_timeout(int64_t end_ms)
{
    if (end_ms < 0)
        return -1;
    int64_t left = end_ms - sp_clock_mono_ms();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

struct sp_err *os_child_wait(struct sp_op *op, struct os_child *child, int64_t timeout_ms, bool *ret_ended,
                             int *ret_status)
{
    int64_t end_ms = timeout_ms < 0 ? -1 : sp_clock_mono_ms() + timeout_ms;
    struct pollfd line = {.fd = child->pidfd, .events = POLLIN};
    int ready = 1, status = 0;
    if (child->pid > 0) {
        do
            ready = poll(&line, 1, poll_timeout(end_ms));
        while (ready < 0 && errno == EINTR);
        if (ready < 0)
            return sp_fail_errno(op, "poll of a pidfd");
        if (ready > 0)
            reap(child, &status);
    }
    *ret_ended = ready > 0;
    if (ready > 0)
        *ret_status = status;
    return NULL;
}

void os_child_signal(const struct os_child *child, int signal)
{
    if (child->pid > 0)
        (void)syscall(SYS_pidfd_send_signal, child->pidfd, signal, NULL, 0U); /* ESRCH: it has ended */
}

void os_child_kill(struct os_child *child)
{
    if (child->pid <= 0)
        return;
    int status;
    kill(child->pid, SIGKILL); /* not reaped yet, so the pid is still its own, with or without a pidfd */
    reap(child, &status);
}
