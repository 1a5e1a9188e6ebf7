/* spawn.h: real programs of every Linux system, started with exactly what is named. */
#include "os/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/op.h"
#include "os/file.h"

enum { LONG_MS = 20000 };

static int set_up(void **state)
{
    *state = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    sp_op_destroy(*state);
    return 0;
}

/* Runs /bin/sh -c script with descriptor 1 in a pipe; what it wrote, and its status. */
static const char *run(struct sp_op *op, const char *script, struct os_spawn_options options, int *ret_status)
{
    static char output[4096];
    const char *const argv[] = {"sh", "-c", script, NULL};
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    struct os_fd_map fds[OS_SPAWN_FDS_MAX] = {{pipe_fds[1], 1}};
    for (size_t i = 0; i < options.fd_count; i++)
        fds[i + 1] = options.fds[i];
    options.path = "/bin/sh";
    options.argv = argv;
    options.fds = fds;
    options.fd_count++;
    struct os_child child;
    assert_null(os_spawn(op, &options, &child));
    close(pipe_fds[1]);
    size_t size;
    assert_null(os_read_full(op, pipe_fds[0], output, sizeof(output) - 1, &size));
    output[size] = '\0';
    close(pipe_fds[0]);
    bool ended;
    assert_null(os_child_wait(op, &child, LONG_MS, &ended, ret_status));
    assert_true(ended);
    assert_int_equal(child.pid, 0);
    assert_int_equal(child.pidfd, -1);
    return output;
}

static void tells_output_and_status(void **state)
{
    int status;
    const char *output = run(*state, "echo hello; exit 7", (struct os_spawn_options){0}, &status);
    assert_string_equal(output, "hello\n");
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void passes_only_the_named_environment(void **state)
{
    const char *const envp[] = {"COLOUR=blue", NULL};
    int status;
    assert_int_equal(setenv("SECRET", "x", 1), 0);
    const char *output = run(*state, "echo $COLOUR$SECRET", (struct os_spawn_options){.envp = envp}, &status);
    assert_string_equal(output, "blue\n");
}

static void passes_only_the_named_descriptors(void **state)
{
    int status, leaky = fcntl(STDERR_FILENO, F_DUPFD, 20); /* no O_CLOEXEC: a careless library's */
    assert_true(leaky >= 20);
    const struct os_fd_map fds[] = {{leaky, 9}};
    const char *output = run(*state, "for f in /proc/$$/fd/*; do echo \"${f##*/}\"; done",
                             (struct os_spawn_options){.fds = fds, .fd_count = 1}, &status);
    assert_memory_equal(output, "0\n1\n2\n", 6);
    assert_non_null(strstr(output, "\n9\n"));
    char own[16];
    snprintf(own, sizeof(own), "\n%d\n", leaky);
    assert_null(strstr(output, own));
    close(leaky);
}

/* 3 -> 4 and 4 -> 3: placing one must not destroy the other. */
static void swaps_descriptors(void **state)
{
    int a[2], b[2], status;
    assert_int_equal(pipe2(a, O_CLOEXEC), 0);
    assert_int_equal(pipe2(b, O_CLOEXEC), 0);
    assert_int_equal(write(a[1], "a\n", 2), 2);
    assert_int_equal(write(b[1], "b\n", 2), 2);
    const struct os_fd_map fds[] = {{a[0], b[0]}, {b[0], a[0]}};
    char script[100];
    snprintf(script, sizeof(script), "read x <&%d; read y <&%d; echo $x$y", b[0], a[0]);
    const char *output = run(*state, script, (struct os_spawn_options){.fds = fds, .fd_count = 2}, &status);
    assert_string_equal(output, "ab\n");
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

static void starts_elsewhere_with_default_signals(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    int status;
    const char *output = run(*state, "pwd; kill -PIPE $$; echo survived",
                             (struct os_spawn_options){.cwd = "/usr", .new_group = true}, &status);
    assert_string_equal(output, "/usr\n");
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
}

static void drops_rights(void **state)
{
    if (geteuid() != 0)
        skip();
    int status;
    const char *output =
        run(*state, "id -u; id -G",
            (struct os_spawn_options){
                .set_ids = true, .uid = 65534, .gid = 65534, .envp = (const char *const[]){"PATH=/usr/bin:/bin", NULL}},
            &status);
    assert_string_equal(output, "65534\n65534\n");
}

static void says_what_cannot_run(void **state)
{
    const char *const argv[] = {"x", NULL};
    struct os_child child = {.pid = 42, .pidfd = 42};
    const struct os_spawn_options missing = {.path = "/nonexistent/x", .argv = argv};
    struct sp_err *err = os_spawn(*state, &missing, &child);
    assert_non_null(err);
    assert_non_null(strstr(err->detail, "/nonexistent/x (exec): No such file"));
    assert_int_equal(child.pid, 42); /* outputs stay as they were */
    const struct os_spawn_options nowhere = {.path = "/bin/true", .argv = argv, .cwd = "/nonexistent"};
    err = os_spawn(*state, &nowhere, &child);
    assert_non_null(err);
    assert_non_null(strstr(err->detail, "working folder"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie is left */
    assert_int_equal(errno, ECHILD);
}

static struct os_child start_sleeper(struct sp_op *op, int death_signal)
{
    const char *const argv[] = {"sleep", "1000", NULL};
    const struct os_spawn_options options = {.path = "/bin/sleep", .argv = argv, .death_signal = death_signal};
    struct os_child child;
    assert_null(os_spawn(op, &options, &child));
    return child;
}

static void waits_signals_and_kills(void **state)
{
    struct os_child child = start_sleeper(*state, 0);
    bool ended = true;
    int status = 0;
    assert_null(os_child_wait(*state, &child, 0, &ended, &status));
    assert_false(ended);
    os_child_signal(&child, SIGTERM);
    assert_null(os_child_wait(*state, &child, LONG_MS, &ended, &status));
    assert_true(ended);
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_null(os_child_wait(*state, &child, -1, &ended, &status)); /* none: has ended */
    assert_true(ended);
    os_child_signal(&child, SIGTERM);
    os_child_kill(&child);

    child = start_sleeper(*state, 0);
    pid_t pid = child.pid;
    os_child_kill(&child);
    assert_int_equal(child.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
}

/* A process starts the sleeper and ends; the sleeper's end closes the pipe that it holds. */
static void dies_with_its_parent(void **state)
{
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t parent = fork();
    if (parent == 0) {
        const char *const argv[] = {"sleep", "1000", NULL};
        const struct os_fd_map fds[] = {{pipe_fds[1], 1}};
        const struct os_spawn_options options = {
            .path = "/bin/sleep", .argv = argv, .fds = fds, .fd_count = 1, .death_signal = SIGKILL};
        struct os_child child;
        _exit(os_spawn(*state, &options, &child) == NULL ? 0 : 1);
    }
    close(pipe_fds[1]);
    int status;
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(status, 0);
    char byte;
    assert_int_equal(read(pipe_fds[0], &byte, 1), 0);
    close(pipe_fds[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_output_and_status),
        cmocka_unit_test(passes_only_the_named_environment),
        cmocka_unit_test(passes_only_the_named_descriptors),
        cmocka_unit_test(swaps_descriptors),
        cmocka_unit_test(starts_elsewhere_with_default_signals),
        cmocka_unit_test(drops_rights),
        cmocka_unit_test(says_what_cannot_run),
        cmocka_unit_test(waits_signals_and_kills),
        cmocka_unit_test(dies_with_its_parent),
    };
    return cmocka_run_group_tests_name("os/spawn", tests, set_up, tear_down);
}
