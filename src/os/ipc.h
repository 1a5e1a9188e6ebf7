/* Messages with file descriptors over SOCK_SEQPACKET unix sockets. Any thread; one message is one call. */
#ifndef SP_OS_IPC_H
#define SP_OS_IPC_H

#include "base/attr.h"
#include <stddef.h>

struct sp_err;
struct sp_op;

enum { OS_IPC_FDS_MAX = 8 };

struct os_message {
    void *data;
    size_t size; /* capacity when receiving; then what came. 0: the other end is closed */
    int fds[OS_IPC_FDS_MAX];
    size_t fd_count; /* received ones are O_CLOEXEC and the caller's */
};

/* Both ends O_CLOEXEC. */
SP_MUST_CHECK struct sp_err *os_socket_pair(struct sp_op *op, int ret_fds[static 2]);
/* SP_UNAVAILABLE when the other end is gone. */
SP_MUST_CHECK struct sp_err *os_send(struct sp_op *op, int fd, const struct os_message *message);
/* A message that is larger than the capacity, or that has more descriptors than fit, is an error; none leak. */
SP_MUST_CHECK struct sp_err *os_receive(struct sp_op *op, int fd, struct os_message *message);

#endif
