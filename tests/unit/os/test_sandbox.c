/* sandbox.h in forked processes: what a codec needs works, the rest answers an error or kills, limits end the rest. */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/op.h"

static struct sp_op *op;
static struct os_sandbox *sandbox;
static const struct os_sandbox_limits usual = {.cpu_seconds = 20, .descriptors = 64};

static int set_up(void **state)
{
    (void)state;
    op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return op && !os_sandbox_create(op, &sandbox) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    os_sandbox_destroy(sandbox);
    os_sandbox_destroy(NULL);
    sp_op_destroy(op);
    return 0;
}

/* The status of a process that enters and then runs body; body's result is its exit code. */
static int status_of(int (*body)(void), const struct os_sandbox_limits *limits)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(os_sandbox_enter(op, sandbox, limits) ? 99 : body());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void *add_one(void *number)
{
    ++*(int *)number;
    return NULL;
}

static int work_of_a_codec(void)
{
    int number = 1;
    pthread_t thread;
    char *memory = malloc(10 << 20);
    if (!memory || pthread_create(&thread, NULL, add_one, &number) != 0 || pthread_join(thread, NULL) != 0)
        return 1;
    memset(memory, 1, 10 << 20);
    free(memory);
    return number == 2 && write(STDERR_FILENO, "", 0) == 0 ? 0 : 2;
}

static void lets_codecs_work(void **state)
{
    (void)state;
    assert_int_equal(status_of(work_of_a_codec, &usual), 0);
}

static int polite_calls(void)
{
    errno = 0;
    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
        return 1;
    if (access("/etc/passwd", R_OK) == 0 || errno != EACCES)
        return 2;
    if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != EACCES)
        return 3;
    if (syscall(SYS_clone3, NULL, 0) >= 0 || errno != ENOSYS)
        return 4;
    return syscall(SYS_tgkill, 1, 1, 0) == 0 || errno != EPERM ? 5 : 0;
}

static void answers_polite_calls(void **state)
{
    (void)state;
    assert_int_equal(status_of(polite_calls, &usual), 0);
}

static int connects(void) { return (int)syscall(SYS_connect, 0, NULL, 0); }
static int executes(void) { return (int)syscall(SYS_execve, "/bin/true", NULL, NULL); }
static int clones(void) { return (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static int kills(void) { return (int)syscall(SYS_kill, 1, 0); }
static int traces(void) { return (int)syscall(SYS_ptrace, 0, 0, 0, 0); }
static int mounts(void) { return (int)syscall(SYS_mount, NULL, NULL, NULL, 0, NULL); }
static int rings(void) { return (int)syscall(SYS_io_uring_setup, 1, NULL); }
static int sends(void) { return (int)syscall(SYS_sendmsg, 0, NULL, 0); }
static int renames(void) { return (int)syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0); }

static void kills_for_the_rest(void **state)
{
    (void)state;
    int (*const crimes[])(void) = {connects, executes, clones, kills, traces, mounts, rings, sends, renames};
    for (size_t i = 0; i < SP_COUNT(crimes); i++) {
        int status = status_of(crimes[i], &usual);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

#if !defined(__SANITIZE_ADDRESS__) /* whose shadow needs more address space than any limit leaves */
static int eats_memory(void)
{
    return mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM ? 0 : 1;
}

static void limits_memory(void **state)
{
    (void)state;
    const struct os_sandbox_limits little = {.address_space_bytes = 512 << 20, .cpu_seconds = 20, .descriptors = 64};
    assert_int_equal(status_of(eats_memory, &little), 0);
}
#endif

static int spins(void)
{
    for (volatile bool forever = true; forever;)
        continue;
    return 0;
}

static int output_fd;
static int writes_too_much(void)
{
    static char block[4096];
    for (int i = 0; i < 100; i++)
        (void)!write(output_fd, block, sizeof(block));
    return 0;
}

static void limits_resources(void **state)
{
    (void)state;
    const struct os_sandbox_limits quick = {.cpu_seconds = 1, .descriptors = 64};
    int status = status_of(spins, &quick);
    assert_int_equal(WTERMSIG(status), SIGXCPU);
    output_fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(output_fd >= 0);
    const struct os_sandbox_limits small = {.file_size_bytes = 65536, .cpu_seconds = 20, .descriptors = 64};
    status = status_of(writes_too_much, &small);
    assert_int_equal(WTERMSIG(status), SIGXFSZ);
    assert_int_equal(lseek(output_fd, 0, SEEK_END), 65536);
    close(output_fd);
}

/* Every rule has its line, with a reason. */
static void prints_the_policy(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    os_sandbox_print(file);
    fclose(file);
    assert_non_null(strstr(text, "clone3 "));
    assert_non_null(strstr(text, "ENOSYS"));
    assert_non_null(strstr(text, "every other"));
    assert_null(strstr(text, "? "));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#if !defined(__SANITIZE_ADDRESS__)
        cmocka_unit_test(limits_memory),
#endif
        cmocka_unit_test(lets_codecs_work),   cmocka_unit_test(answers_polite_calls),
        cmocka_unit_test(kills_for_the_rest), cmocka_unit_test(limits_resources),
        cmocka_unit_test(prints_the_policy),
    };
    return cmocka_run_group_tests_name("os/sandbox", tests, set_up, tear_down);
}
