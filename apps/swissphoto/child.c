/* See child.h. */
#include "swissphoto/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/op.h"

enum { BACKOFF_FIRST_MS = 250, BACKOFF_MAX_MS = 15000, HEALTHY_AFTER_MS = 30000, LISTEN_FD = 3, POLL_MS = 20 };

/* Out of the way of the socket's place, and open after exec. */
static void keep_lock(const struct child *child)
{
    if (child->lock_fd >= 0)
        fcntl(child->lock_fd, F_DUPFD, LISTEN_FD + 1); /* the copy is without CLOEXEC */
}

/* Between fork and exec, in the child. */
SP_NORETURN static void become(const struct child *child, pid_t supervisor)
{
    /* a terminal's Ctrl-C goes to the supervisor, which stops the others in order */
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, child->stop_signal);
    if (getppid() != supervisor)
        _exit(1); /* it died in between */
    if (child->folder && chdir(child->folder) != 0)
        fprintf(stderr, "cannot enter %s: %s\n", child->folder, strerror(errno));
    for (char *const *variable = child->variables; variable && *variable; variable++)
        putenv(*variable);
    keep_lock(child);
    if (child->listen_fd >= 0) {
        char pid[16];
        snprintf(pid, sizeof(pid), "%d", (int)getpid());
        setenv("LISTEN_PID", pid, 1);
        setenv("LISTEN_FDS", "1", 1);
        if (child->listen_fd == LISTEN_FD)
            fcntl(LISTEN_FD, F_SETFD, 0); /* it stands there already: only its CLOEXEC is in the way */
        else
            dup2(child->listen_fd, LISTEN_FD); /* the copy is without CLOEXEC */
    }
    execv(child->path, child->argv);
    fprintf(stderr, "cannot run %s: %s\n", child->path, strerror(errno));
    _exit(127);
}

struct sp_err *child_start(struct sp_op *op, struct child *child)
{
    pid_t supervisor = getpid(), pid = fork();
    if (pid < 0)
        return sp_fail_errno(op, "fork for %s", child->name);
    if (pid == 0)
        become(child, supervisor);
    child->pid = pid;
    child->started_ms = sp_clock_mono_ms();
    child->restart_at_ms = 0;
    child->stop_asked_ms = 0;
    child->starts++;
    return NULL;
}

static int64_t backoff_ms(unsigned failures)
{
    int64_t wait = BACKOFF_FIRST_MS;
    for (unsigned i = 1; i < failures && wait < BACKOFF_MAX_MS; i++)
        wait *= 2;
    return wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS;
}

void child_ended(struct child *child, int status)
{
    char how[64], wait[32];
    if (WIFSIGNALED(status))
        snprintf(how, sizeof(how), "signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof(how), "exit code %d", WEXITSTATUS(status));
    if (sp_clock_mono_ms() - child->started_ms > HEALTHY_AFTER_MS)
        child->failures = 0;
    child->failures++;
    child->pid = 0;
    int64_t wait_ms = backoff_ms(child->failures);
    child->restart_at_ms = sp_clock_mono_ms() + wait_ms;
    snprintf(wait, sizeof(wait), "%lld", (long long)wait_ms);
    sp_log(SP_LOG_ERROR, NULL, "a program ended and will be started again", "program", child->name, "how", how,
           "wait_ms", wait, NULL);
}

static bool is_gone(struct child *child)
{
    pid_t pid = waitpid(child->pid, NULL, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return false;
    child->pid = 0;
    return true;
}

void child_ask_to_stop(struct child *child)
{
    if (child->pid == 0 || child->stop_asked_ms)
        return;
    kill(child->pid, child->stop_signal);
    child->stop_asked_ms = sp_clock_mono_ms();
}

void child_stop(struct child *child)
{
    if (child->pid == 0)
        return;
    child_ask_to_stop(child);
    int64_t kill_at = child->stop_asked_ms + child->stop_timeout_ms;
    while (!is_gone(child)) {
        if (sp_clock_mono_ms() > kill_at) {
            sp_log(SP_LOG_WARN, NULL, "a program did not stop in time and is killed", "program", child->name, NULL);
            kill(child->pid, SIGKILL);
            kill_at = INT64_MAX;
        }
        const struct timespec wait = {0, POLL_MS * 1000000L};
        nanosleep(&wait, NULL);
    }
}
