/*
 * MEDIA_SELF_TEST: what a taken-over decoder would try, one attempt a process, for some end it. The tests want each to
 * answer an error or to die; the worker's start asks for the first. System calls are made directly, so that no
 * library's politeness is in the way.
 */
#include "swissphoto-decode/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { ENDS = 100 };

static pid_t parent;

void escape_prepare(void) { parent = getppid(); }

static bool worked(long result) { return result >= 0; }

/* The new process must not go on with this one's work. */
static bool made_process(long pid)
{
    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool opens(void)
{
#ifdef SYS_open
    return worked(syscall(SYS_open, "/etc/passwd", O_RDONLY));
#else
    return false;
#endif
}

static bool opens_at(void) { return worked(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)); }

static bool opens_at_2(void)
{
    const uint64_t how[3] = {O_RDONLY, 0, 0};
    return worked(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how, sizeof(how)));
}

static bool opens_proc(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)parent);
    return worked(syscall(SYS_openat, AT_FDCWD, path, O_RDWR));
}

static bool creates(void) { return worked(syscall(SYS_openat, AT_FDCWD, "/tmp", O_TMPFILE | O_RDWR, 0600)); }

static bool makes_folder(void)
{
    return syscall(SYS_mkdirat, AT_FDCWD, "/", 0700) == 0 || errno == EEXIST; /* the kernel looked */
}

static bool unlinks(void)
{
    return syscall(SYS_unlinkat, AT_FDCWD, "/nonexistent-swissphoto", 0) == 0 ||
           errno == ENOENT; /* the kernel looked */
}

static bool inet_socket(void) { return worked(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0)); }

static bool unix_socket(void) { return worked(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)); }

static bool connects(void)
{
    const struct sockaddr_un address = {AF_UNIX, "/nonexistent-swissphoto"};
    return syscall(SYS_connect, 3, &address, sizeof(address)) == 0 || errno == ENOENT || errno == ECONNREFUSED ||
           errno == EPROTOTYPE || errno == EISCONN;
}

static bool passes_descriptor(void)
{
    struct iovec nothing = {NULL, 0};
    const struct msghdr header = {.msg_iov = &nothing, .msg_iovlen = 1};
    return worked(syscall(SYS_sendmsg, 3, &header, MSG_NOSIGNAL));
}

static bool executes(void)
{
    char *const argv[] = {NULL};
    return worked(syscall(SYS_execve, "/bin/true", argv, argv)); /* nobody answers if it works: the test fails too */
}

static bool executes_descriptor(void)
{
    char *const argv[] = {NULL};
    return worked(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv, 0));
}

static bool forks(void)
{
#ifdef SYS_fork
    return made_process(syscall(SYS_fork));
#else
    return false;
#endif
}

static bool clones(void) { return made_process(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }

static bool clones_3(void)
{
    uint64_t arguments[8] = {0, 0, 0, 0, SIGCHLD, 0, 0, 0};
    return made_process(syscall(SYS_clone3, arguments, sizeof(arguments)));
}

static bool clones_into_namespace(void)
{
    return made_process(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

static bool unshares(void) { return worked(syscall(SYS_unshare, CLONE_FILES)); }

static bool signals_parent(void) { return worked(syscall(SYS_kill, parent, 0)); }

static bool signals_parents_thread(void) { return worked(syscall(SYS_tgkill, parent, parent, 0)); }

static bool opens_pidfd(void) { return worked(syscall(SYS_pidfd_open, parent, 0)); }

static bool traces(void) { return worked(syscall(SYS_ptrace, PTRACE_SEIZE, parent, 0, 0)); }

static bool reads_parents_memory(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)&escape_attempt, 1}; /* forked: the same address */
    return worked(syscall(SYS_process_vm_readv, parent, &here, 1, &there, 1, 0));
}

static bool becomes_dumpable(void) { return worked(syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0)); }

static bool outlives_parent(void) { return worked(syscall(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0)); }

static bool changes_user(void) { return worked(syscall(SYS_setresuid, -1, -1, -1)); }

static bool makes_ring(void)
{
    char parameters[256] = {0};
    return worked(syscall(SYS_io_uring_setup, 1, parameters));
}

static bool raises_limit(void)
{
    const uint64_t limit[2] = {1000, 1000};
    return worked(syscall(SYS_prlimit64, getpid(), 7 /* RLIMIT_NOFILE */, limit, NULL));
}

/* With the request's two descriptors at 3 and 4, nothing may follow. */
static bool finds_descriptor(void)
{
    for (int fd = 5; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return true;
    return false;
}

static bool finds_environment(void) { return environ && *environ; }

struct attempt {
    const char *name;
    bool (*try)(void);
};

static const struct attempt attempts[] = {
    {"open", opens},
    {"openat", opens_at},
    {"openat2", opens_at_2},
    {"open the parent's memory", opens_proc},
    {"create a file", creates},
    {"mkdir", makes_folder},
    {"unlink", unlinks},
    {"socket inet", inet_socket},
    {"socket unix", unix_socket},
    {"connect", connects},
    {"sendmsg", passes_descriptor},
    {"execve", executes},
    {"execveat", executes_descriptor},
    {"fork", forks},
    {"clone", clones},
    {"clone3", clones_3},
    {"clone into a namespace", clones_into_namespace},
    {"unshare", unshares},
    {"kill the parent", signals_parent},
    {"tgkill the parent", signals_parents_thread},
    {"pidfd_open", opens_pidfd},
    {"ptrace the parent", traces},
    {"process_vm_readv", reads_parents_memory},
    {"prctl dumpable", becomes_dumpable},
    {"prctl parent's death", outlives_parent},
    {"setresuid", changes_user},
    {"io_uring_setup", makes_ring},
    {"prlimit", raises_limit},
    {"another's descriptor", finds_descriptor},
    {"the environment", finds_environment},
};

static bool crashes(void) { abort(); }

static bool eats_memory(void)
{
    g_free(g_malloc(SIZE_MAX / 4));
    return false;
}

static bool never_ends(void)
{
    for (volatile bool forever = true; forever;)
        continue;
    return false;
}

/* Not attempts to escape but ways to end, from number ENDS on: the zygote must tell why. */
static const struct attempt ends[] = {
    {"abort", crashes},
    {"memory", eats_memory},
    {"endless", never_ends},
};

bool escape_attempt(unsigned number, struct media_reply *reply)
{
    const struct attempt *attempt = NULL;
    if (number < SP_COUNT(attempts))
        attempt = &attempts[number];
    else if (number >= ENDS && number - ENDS < SP_COUNT(ends))
        attempt = &ends[number - ENDS];
    if (!attempt)
        return decode_fail(reply, MEDIA_UNSUPPORTED, "There is no attempt of that number.", NULL);
    snprintf(reply->detail, sizeof(reply->detail), "%s", attempt->name);
    reply->escaped = attempt->try();
    return true;
}
