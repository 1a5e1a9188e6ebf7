/*
 * The relay: carries the ids of due job rows to Redis. One thread in every worker; an advisory lock lets one of them
 * work at a time, so a second worker takes over when the first is gone. It also brings back jobs whose worker died
 * (expired lease) and writes the rows of periodic jobs.
 */
#ifndef SP_QUEUE_RELAY_H
#define SP_QUEUE_RELAY_H

#include "base/attr.h"
#include <stdatomic.h>

struct sp_err;
struct sp_op;

struct relay_config {
    const char *database_url, *redis_url;
    const atomic_bool *stop; /* relay_run returns soon after it is true */
};

/* The thread's body: returns when stopped, or with an error when its connections could not even be made. */
SP_MUST_CHECK struct sp_err *relay_run(struct sp_op *op, const struct relay_config *config);

#endif
