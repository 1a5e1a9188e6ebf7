/*
 * MEDIA_SELF_TEST: what a taken-over decoder would try. Each attempt that works sets its bit; the tests want none. The
 * system calls are made directly, so that no library's politeness is in the way.
 */
#include "swissphoto-decode/decode.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static bool opens(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) >= 0 || syscall(SYS_open, "/etc/passwd", O_RDONLY) >= 0;
}

static bool creates(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/tmp/swissphoto-escape", O_WRONLY | O_CREAT, 0600) >= 0;
}

static bool connects(void)
{
    return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) >= 0 || syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool executes(void)
{
    char *const argv[] = {NULL};
    return syscall(SYS_execve, "/bin/true", argv, argv) == 0; /* if it works, nobody answers: that fails the test, too */
}

static bool forks(void)
{
    long pid = syscall(SYS_fork);
    if (pid < 0)
        pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool signals_parent(void)
{
    return syscall(SYS_kill, getppid(), 0) == 0;
}

static bool traces(void)
{
    return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0) == 0;
}

static bool unlinks(void)
{
    return syscall(SYS_unlinkat, AT_FDCWD, "/tmp/swissphoto-escape-target", 0) == 0;
}

uint32_t escape_attempts(void)
{
    bool (*const attempts[])(void) = {opens, creates, connects, executes, forks, signals_parent, traces, unlinks};
    uint32_t escapes = 0;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++)
        if (attempts[i]())
            escapes |= 1u << i;
    return escapes;
}
