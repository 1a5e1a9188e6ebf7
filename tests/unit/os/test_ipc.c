/* ipc.h: messages keep their borders, descriptors arrive and never leak. */
#include "os/ipc.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/op.h"

static struct sp_op *op;
static int pair[2];

static int set_up(void **state)
{
    (void)state;
    op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    return op && !os_socket_pair(op, pair) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(pair[0]);
    close(pair[1]);
    sp_op_destroy(op);
    return 0;
}

static unsigned open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void keeps_borders(void **state)
{
    (void)state;
    char one[] = "one", three[] = "three", buffer[16];
    struct os_message first = {.data = one, .size = 3}, second = {.data = three, .size = 5};
    assert_null(os_send(op, pair[0], &first));
    assert_null(os_send(op, pair[0], &second));
    struct os_message got = {.data = buffer, .size = sizeof(buffer)};
    assert_null(os_receive(op, pair[1], &got));
    assert_int_equal(got.size, 3);
    got.size = sizeof(buffer);
    assert_null(os_receive(op, pair[1], &got));
    assert_int_equal(got.size, 5);
    assert_memory_equal(buffer, "three", 5);
}

static void passes_descriptors(void **state)
{
    (void)state;
    int pipe_fds[2];
    char byte = 'x', buffer[4];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    struct os_message message = {.data = &byte, .size = 1, .fd_count = OS_IPC_FDS_MAX};
    for (size_t i = 0; i < OS_IPC_FDS_MAX; i++)
        message.fds[i] = pipe_fds[1];
    assert_null(os_send(op, pair[0], &message));
    struct os_message got = {.data = buffer, .size = sizeof(buffer)};
    assert_null(os_receive(op, pair[1], &got));
    assert_int_equal(got.fd_count, OS_IPC_FDS_MAX);
    assert_int_equal(fcntl(got.fds[0], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(write(got.fds[OS_IPC_FDS_MAX - 1], "hi", 2), 2);
    assert_int_equal(read(pipe_fds[0], buffer, 2), 2);
    for (size_t i = 0; i < got.fd_count; i++)
        close(got.fds[i]);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

/* By plain sendmsg, which os_send would refuse: more descriptors than there is room for. */
static void send_many_descriptors(size_t count)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(64 * sizeof(int))];
    } control = {.space = {0}};
    int fds[64];
    char byte = 'x';
    struct iovec bytes = {&byte, 1};
    for (size_t i = 0; i < count; i++)
        fds[i] = STDERR_FILENO;
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
    const struct msghdr header = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    assert_int_equal(sendmsg(pair[0], &header, 0), 1);
}

static void refuses_too_much_without_a_leak(void **state)
{
    (void)state;
    unsigned before = open_descriptors();
    char text[] = "a long message", buffer[4];
    struct os_message message = {.data = text, .size = sizeof(text), .fds = {STDERR_FILENO}, .fd_count = 1};
    assert_null(os_send(op, pair[0], &message));
    struct os_message got = {.data = buffer, .size = sizeof(buffer)};
    assert_non_null(os_receive(op, pair[1], &got));
    assert_int_equal(got.fd_count, 0);
    for (size_t count = OS_IPC_FDS_MAX + 1; count < 20; count++) {
        send_many_descriptors(count);
        got.size = sizeof(buffer);
        assert_non_null(os_receive(op, pair[1], &got));
        assert_int_equal(got.fd_count, 0);
    }
    assert_int_equal(open_descriptors(), before);
}

static void tells_that_the_other_end_is_gone(void **state)
{
    (void)state;
    char byte = 'x';
    struct os_message message = {.data = &byte, .size = 1};
    assert_null(os_send(op, pair[0], &message));
    close(pair[0]);
    pair[0] = -1;
    assert_null(os_receive(op, pair[1], &message)); /* what was sent before still comes */
    assert_int_equal(message.size, 1);
    assert_null(os_receive(op, pair[1], &message));
    assert_int_equal(message.size, 0);
    message.size = 1;
    struct sp_err *err = os_send(op, pair[1], &message);
    assert_non_null(err);
    assert_int_equal(err->code, SP_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps_borders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(passes_descriptors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_too_much_without_a_leak, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tells_that_the_other_end_is_gone, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("os/ipc", tests, NULL, NULL);
}
