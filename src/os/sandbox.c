/* See sandbox.h. */
#include "os/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/op.h"
#include "os/file.h"

/* What codecs do once their libraries are loaded and their files are open. */
static const int allowed[] = {
    /* memory */
    SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(brk),
    /* the descriptors that were handed over */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
    SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(close), SCMP_SYS(dup), SCMP_SYS(fcntl),
    SCMP_SYS(ftruncate), SCMP_SYS(fsync), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
    /* threads and their locks */
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(set_tid_address), SCMP_SYS(eventfd2), SCMP_SYS(membarrier),
    SCMP_SYS(get_robust_list), SCMP_SYS(getcpu),
    /* time, chance, signals to oneself (abort), the end */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(times), SCMP_SYS(getrusage), SCMP_SYS(getrandom), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrlimit), SCMP_SYS(prctl),
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
};

static struct sp_err *set_limit(struct sp_op *op, __rlimit_resource_t which, int64_t value)
{
    const struct rlimit limit = {(rlim_t)value, (rlim_t)value};
    return setrlimit(which, &limit) == 0 ? NULL : sp_fail_errno(op, "setrlimit %d", (int)which);
}

struct sp_err *os_sandbox_limit(struct sp_op *op, const struct os_sandbox_limits *limits)
{
    if (limits->address_space_bytes)
        SP_TRY(set_limit(op, RLIMIT_AS, limits->address_space_bytes));
    if (limits->file_size_bytes)
        SP_TRY(set_limit(op, RLIMIT_FSIZE, limits->file_size_bytes));
    if (limits->cpu_seconds)
        SP_TRY(set_limit(op, RLIMIT_CPU, limits->cpu_seconds));
    SP_TRY(set_limit(op, RLIMIT_NOFILE, 64));
    return set_limit(op, RLIMIT_CORE, 0);
}

/* A ruleset that handles every access and grants none. Old kernels know fewer kinds: ask, mask. Best effort. */
static void forbid_paths(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return;
    /* ABI 1 has the first 13 kinds, 2 adds REFER, 3 TRUNCATE, 5 IOCTL_DEV */
    unsigned kinds = abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13;
    const struct landlock_ruleset_attr attributes = {.handled_access_fs = (1ULL << kinds) - 1};
    SP_CLEANUP(os_close) int ruleset =
        (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes.handled_access_fs), 0);
    if (ruleset >= 0)
        (void)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

static int add_rules(scmp_filter_ctx filter)
{
    int failed = 0;
    for (size_t i = 0; i < SP_COUNT(allowed); i++)
        failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    failed |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    /* signals to this process alone: abort() */
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                               SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
    return failed;
}

struct sp_err *os_sandbox_enter(struct sp_op *op)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return sp_fail_errno(op, "prctl");
    forbid_paths();
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return sp_err_no_memory();
    int failed = add_rules(filter);
    if (!failed)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed)
        return sp_fail_internal(op, "seccomp cannot be loaded: %d", failed);
    return NULL;
}
