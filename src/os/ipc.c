/* See ipc.h. */
#include "os/ipc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/op.h"

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(OS_IPC_FDS_MAX * sizeof(int))];
};

struct sp_err *os_socket_pair(struct sp_op *op, int ret_fds[static 2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) != 0)
        return sp_fail_errno(op, "socketpair");
    return NULL;
}

struct sp_err *os_send(struct sp_op *op, int fd, const struct os_message *message)
{
    sp_assert(message->fd_count <= OS_IPC_FDS_MAX);
    union control control;
    memset(&control, 0, sizeof(control));
    struct iovec bytes = {.iov_base = message->data, .iov_len = message->size};
    struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (message->fd_count > 0) {
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(message->fd_count * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(message->fd_count * sizeof(int));
        memcpy(CMSG_DATA(&control.header), message->fds, message->fd_count * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(fd, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent == (ssize_t)message->size)
        return NULL;
    int error = errno;
    struct sp_err *err = sp_fail(op, SP_UNAVAILABLE, "Another process of SwissPhoto has ended. Try again.");
    return sp_err_detail(op, err, "sendmsg: %s", strerror(error));
}

static void take_fds(struct msghdr *header, struct os_message *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(message->fds + message->fd_count, CMSG_DATA(c), count * sizeof(int));
        message->fd_count += count;
    }
}

struct sp_err *os_receive(struct sp_op *op, int fd, struct os_message *message)
{
    union control control;
    struct iovec bytes = {.iov_base = message->data, .iov_len = message->size};
    struct msghdr header = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    ssize_t got;
    do
        got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return sp_fail_errno(op, "recvmsg");
    message->fd_count = 0;
    take_fds(&header, message);
    if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        for (size_t i = 0; i < message->fd_count; i++)
            close(message->fds[i]);
        message->fd_count = 0;
        return sp_fail_internal(op, "a message between processes was too long");
    }
    message->size = (size_t)got;
    return NULL;
}
