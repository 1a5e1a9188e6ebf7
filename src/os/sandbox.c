/* See sandbox.h. */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/heap.h"
#include "base/op.h"
#include "os/file.h"

struct os_sandbox {
    struct sock_fprog program;
};

/* allow: no errno. Otherwise the call answers that errno, because a codec or libc asks politely and goes on without. */
struct rule {
    int call, error;
    const char *why;
    unsigned conditions;
    struct scmp_arg_cmp condition;
};

#define ALLOW(name, why) {SCMP_SYS(name), 0, why, 0, {0}}
#define ALLOW_IF(name, argument, compare, value, why) {SCMP_SYS(name), 0, why, 1, {argument, compare, value, 0}}
#define ALLOW_MASKED(name, argument, mask, why)                                                                        \
    {                                                                                                                  \
        SCMP_SYS(name), 0, why, 1, { argument, SCMP_CMP_MASKED_EQ, mask, mask }                                        \
    }
#define ANSWER(name, error, why) {SCMP_SYS(name), error, why, 0, {0}}
#define ANSWER_UNLESS(name, argument, mask, error, why)                                                                \
    {SCMP_SYS(name), error, why, 1, {argument, SCMP_CMP_MASKED_EQ, mask, 0}}

static const struct rule rules[] = {
    ALLOW(mmap, "memory; executable too: orc writes its vector code at run time"),
    ALLOW(munmap, "memory"),
    ALLOW(mremap, "memory: realloc"),
    ALLOW(mprotect, "memory: malloc's arenas, thread stacks, orc"),
    ALLOW(madvise, "memory: free, thread stacks"),
    ALLOW(brk, "memory: malloc"),

    ALLOW(read, "the given descriptors"),
    ALLOW(readv, "the given descriptors"),
    ALLOW(pread64, "the given descriptors"),
    ALLOW(write, "the given descriptors"),
    ALLOW(writev, "the given descriptors"),
    ALLOW(pwrite64, "the given descriptors"),
    ALLOW(lseek, "the given descriptors"),
    ALLOW(ftruncate, "the given descriptors"),
    ALLOW(fadvise64, "the given descriptors"),
    ALLOW(close, "the given descriptors"),
    ALLOW(dup, "libvips keeps a copy of what it writes to"),
    ALLOW(fstat, "size of a given descriptor"),
    ALLOW_MASKED(newfstatat, 3, AT_EMPTY_PATH, "fstat of newer C libraries"),
    ALLOW_IF(fcntl, 1, SCMP_CMP_EQ, F_GETFL, "is it open for writing"),
    ALLOW_IF(fcntl, 1, SCMP_CMP_EQ, F_SETFD, "close on exec"),
    ALLOW_IF(fcntl, 1, SCMP_CMP_EQ, F_GETFD, "close on exec"),
    ALLOW_IF(fcntl, 1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC, "libvips keeps a copy of what it writes to"),
    /* without an address and without descriptors to pass on, which only sendmsg could */
    ALLOW_IF(sendto, 4, SCMP_CMP_EQ, 0, "the reply"),

    ALLOW_MASKED(clone, 0, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND, "threads of libvips, libheif and dav1d"),
    ANSWER(clone3, ENOSYS, "its flags are out of a filter's sight; the C library falls back to clone"),
    ALLOW(futex, "locks of threads"),
    ALLOW(set_robust_list, "start of a thread"),
    ALLOW(rseq, "start of a thread"),
    ALLOW(sched_yield, "locks of threads"),
    ALLOW(sched_getaffinity, "how many processors there are"),
    ALLOW(gettid, "locks of threads"),
    ALLOW(getpid, "random seeds of glib"),
    ALLOW_IF(prctl, 0, SCMP_CMP_EQ, PR_SET_NAME, "names of threads"),
    ALLOW(exit, "end of a thread"),
    ALLOW(exit_group, "end"),
    ALLOW(restart_syscall, "after a stop, as by a debugger"),
    ALLOW(rt_sigaction, "abort"),
    ALLOW(rt_sigprocmask, "start of a thread, abort"),
    ALLOW(rt_sigreturn, "signal handlers of sanitizers"),
    ALLOW(sigaltstack, "signal handlers of sanitizers"),
    ANSWER(tgkill, EPERM, "abort, which then crashes by itself: no signals to others"),

    ALLOW(clock_gettime, "time, where the vDSO has none"),
    ALLOW(clock_getres, "time"),
    ALLOW(clock_nanosleep, "waiting threads"),
    ALLOW(nanosleep, "waiting threads"),
    ALLOW(gettimeofday, "time, where the vDSO has none"),
    ALLOW(getrandom, "hash seeds"),
    ALLOW(getrusage, "glib's and libvips' own accounts"),
    ALLOW(sysinfo, "qsort asks for the memory's size"),
    ALLOW(uname, "system's name in metadata that is written"),

    ANSWER(open, EACCES, "profiles, time zones, charsets: codecs go on without"),
    ANSWER(openat, EACCES, "profiles, time zones, charsets: codecs go on without"),
    ANSWER(stat, EACCES, "as open"),
    ANSWER_UNLESS(newfstatat, 3, AT_EMPTY_PATH, EACCES, "as open"),
    ANSWER(lstat, EACCES, "as open"),
    ANSWER(statx, ENOSYS, "as open"),
    ANSWER(access, EACCES, "as open"),
    ANSWER(faccessat, EACCES, "as open"),
    ANSWER(faccessat2, EACCES, "as open"),
    ANSWER(readlink, EACCES, "as open"),
    ANSWER(readlinkat, EACCES, "as open"),
    ANSWER(getcwd, EACCES, "as open"),
    ANSWER(memfd_create, EACCES, "orc takes anonymous memory then"),
    ANSWER(unlink, EACCES, "temporary files that could not be made"),
    ANSWER(mkdir, EACCES, "caches"),
    ALLOW(umask, "orc, before it tries to make a temporary file"),
    ANSWER(socket, EACCES, "glib's journal, name services"),
    ANSWER(getsockname, ENOTSOCK, "glib asks whether its log is a journal"),
    ANSWER(getsockopt, ENOTSOCK, "glib asks whether its log is a journal"),
    ANSWER(eventfd2, EACCES, "glib's main loop, which nothing here runs"),
    ANSWER(pipe2, EACCES, "glib's main loop, which nothing here runs"),
    ANSWER(membarrier, ENOSYS, "locks of newer C libraries"),
    ANSWER(ioctl, ENOTTY, "is it a terminal"),
    ANSWER(sched_setscheduler, EPERM, "priorities of threads"),
    ANSWER(sched_getparam, EPERM, "priorities of threads"),
    ANSWER(sched_getscheduler, EPERM, "priorities of threads"),
    ANSWER(sched_getattr, EPERM, "priorities of threads"),
    ANSWER(sched_setattr, EPERM, "priorities of threads"),
    ANSWER(sched_setaffinity, EPERM, "placement of threads"),
    ANSWER(setpriority, EPERM, "priorities of threads"),
    ANSWER(get_mempolicy, EPERM, "placement of memory"),
    ANSWER(mbind, EPERM, "placement of memory"),
    ANSWER(getuid, EPERM, "home folders"),
    ANSWER(geteuid, EPERM, "home folders"),
    ANSWER(getgid, EPERM, "home folders"),
    ANSWER(getegid, EPERM, "home folders"),
    ANSWER(prlimit64, EPERM, "sizes of stacks"),
    ANSWER(getrlimit, EPERM, "sizes of stacks"),
};

static int add_rules(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < SP_COUNT(rules); i++) {
        const struct rule *rule = &rules[i];
        uint32_t action = rule->error ? SCMP_ACT_ERRNO((uint32_t)rule->error) : SCMP_ACT_ALLOW;
        int failed = seccomp_rule_add_array(filter, action, rule->call, rule->conditions, &rule->condition);
        if (failed)
            return failed;
    }
    return seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree: fewer steps a call */
}

/* libseccomp writes its program to a descriptor alone. */
static struct sp_err *export_program(struct sp_op *op, scmp_filter_ctx filter, struct os_sandbox *sandbox)
{
    SP_CLEANUP(os_close) int fd = memfd_create("seccomp", MFD_CLOEXEC);
    struct stat info;
    if (fd < 0 || seccomp_export_bpf(filter, fd) != 0 || fstat(fd, &info) != 0 || lseek(fd, 0, SEEK_SET) != 0)
        return sp_fail_internal(op, "seccomp_export_bpf");
    size_t count = (size_t)info.st_size / sizeof(struct sock_filter), size;
    if (count == 0 || count > BPF_MAXINSNS)
        return sp_fail_internal(op, "seccomp program of %zu instructions", count);
    sandbox->program.filter = sp_heap_new(count, sizeof(struct sock_filter));
    if (!sandbox->program.filter)
        return sp_err_no_memory();
    sandbox->program.len = (unsigned short)count;
    SP_TRY(os_read_full(op, fd, sandbox->program.filter, count * sizeof(struct sock_filter), &size));
    return size == count * sizeof(struct sock_filter) ? NULL : sp_fail_internal(op, "seccomp program cut off");
}

static struct sp_err *compile(struct sp_op *op, struct os_sandbox *sandbox)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return sp_err_no_memory();
    int failed = add_rules(filter);
    struct sp_err *err =
        failed ? sp_fail_internal(op, "seccomp rules: %s", strerror(-failed)) : export_program(op, filter, sandbox);
    seccomp_release(filter);
    return err;
}

struct sp_err *os_sandbox_create(struct sp_op *op, struct os_sandbox **ret_sandbox)
{
    struct os_sandbox *sandbox = sp_heap_new(1, sizeof(*sandbox));
    if (!sandbox)
        return sp_err_no_memory();
    struct sp_err *err = compile(op, sandbox);
    if (err)
        os_sandbox_destroy(sandbox);
    else
        *ret_sandbox = sandbox;
    return err;
}

void os_sandbox_destroy(struct os_sandbox *sandbox)
{
    if (sandbox)
        sp_heap_free(sandbox->program.filter);
    sp_heap_free(sandbox);
}

static struct sp_err *set_limit(struct sp_op *op, __rlimit_resource_t which, int64_t soft, int64_t hard)
{
    const struct rlimit limit = {(rlim_t)soft, (rlim_t)hard};
    return setrlimit(which, &limit) == 0 ? NULL : sp_fail_errno(op, "setrlimit %d", (int)which);
}

static struct sp_err *set_limits(struct sp_op *op, const struct os_sandbox_limits *limits)
{
    int64_t memory = limits->address_space_bytes, file = limits->file_size_bytes;
    if (memory)
        SP_TRY(set_limit(op, RLIMIT_AS, memory, memory));
    if (file)
        SP_TRY(set_limit(op, RLIMIT_FSIZE, file, file));
    SP_TRY(set_limit(op, RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1));
    SP_TRY(set_limit(op, RLIMIT_NOFILE, limits->descriptors, limits->descriptors));
    return set_limit(op, RLIMIT_CORE, 0, 0);
}

/*
 * A ruleset that handles every access and grants none. The kernel refuses bits that its ABI does not know, so each
 * level adds its own; the struct is this file's because older headers end it early (linux/landlock.h, "ABI").
 */
static void forbid_paths(void)
{
    static const struct {
        long abi;
        uint64_t paths, ports, scopes;
    } levels[] = {
        {1, (1ULL << 13) - 1, 0, 0}, {2, 1ULL << 13, 0, 0}, {3, 1ULL << 14, 0, 0}, {4, 0, 3, 0},
        {5, 1ULL << 15, 0, 0},       {6, 0, 0, 3},
    };
    struct {
        uint64_t paths, ports, scopes;
    } ruleset = {0};
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    for (size_t i = 0; i < SP_COUNT(levels) && levels[i].abi <= abi; i++) {
        ruleset.paths |= levels[i].paths;
        ruleset.ports |= levels[i].ports;
        ruleset.scopes |= levels[i].scopes;
    }
    if (abi < 1)
        return;
    SP_CLEANUP(os_close) int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
    if (fd >= 0)
        (void)syscall(SYS_landlock_restrict_self, fd, 0); /* best effort: seccomp stands alone as well */
}

struct sp_err *os_sandbox_enter(struct sp_op *op, const struct os_sandbox *sandbox,
                                const struct os_sandbox_limits *limits)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return sp_fail_errno(op, "prctl");
    SP_TRY(set_limits(op, limits));
    forbid_paths();
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &sandbox->program) != 0)
        return sp_fail_errno(op, "seccomp");
    return NULL;
}

void os_sandbox_print(FILE *file)
{
    for (size_t i = 0; i < SP_COUNT(rules); i++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, rules[i].call);
        fprintf(file, "%-20s %-7s %s\n", name ? name : "?",
                rules[i].error        ? strerrorname_np(rules[i].error)
                : rules[i].conditions ? "some"
                                      : "allow",
                rules[i].why);
        free(name);
    }
    fprintf(file, "%-20s %-7s %s\n", "every other", "kill", "nothing a codec needs");
}
