/* See stop.h. Any thread. */
#include "queue/stop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/op.h"

struct sp_err *queue_stop_init(struct sp_op *op, struct queue_stop *stop)
{
    atomic_init(&stop->raised, false);
    stop->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return stop->fd < 0 ? sp_fail_errno(op, "eventfd") : NULL;
}

void queue_stop_finish(struct queue_stop *stop) { close(stop->fd); }

void queue_stop_raise(struct queue_stop *stop)
{
    const uint64_t one = 1;
    atomic_store(&stop->raised, true);
    /* an eventfd takes this as long as its count is below 2^64 - 1 */
    (void)!write(stop->fd, &one, sizeof(one));
}

bool queue_stop_is_raised(const struct queue_stop *stop) { return atomic_load(&stop->raised); }

void queue_stop_wait(const struct queue_stop *stop, int ms)
{
    struct pollfd line = {.fd = stop->fd, .events = POLLIN};
    (void)poll(&line, 1, ms);
}
