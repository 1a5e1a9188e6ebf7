/* The wish that a worker's threads end: raised once, by main; seen at once by whoever waits. */
#ifndef SP_QUEUE_STOP_H
#define SP_QUEUE_STOP_H

#include "base/attr.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct sp_err;
struct sp_op;

struct queue_stop {
    atomic_bool raised;
    int fd; /* readable from then on, for poll */
};

SP_MUST_CHECK struct sp_err *queue_stop_init(struct sp_op *op, struct queue_stop *stop);
void queue_stop_finish(struct queue_stop *stop);
void queue_stop_raise(struct queue_stop *stop);
bool queue_stop_is_raised(const struct queue_stop *stop);
/* Until it is raised, at most ms. */
void queue_stop_wait(const struct queue_stop *stop, int ms);

#endif
