/* A program that the supervisor runs: started, watched, restarted with back-off, stopped. The main thread alone. */
#ifndef SP_APP_CHILD_H
#define SP_APP_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct sp_err;
struct sp_op;

struct child {
    const char *name;
    const char *path;       /* of the program */
    char *const *argv;      /* NULL-terminated */
    char *const *variables; /* "NAME=value" beside the supervisor's own; NULL-terminated */
    const char *folder;     /* where it runs; NULL: where the supervisor does */
    int listen_fd;          /* handed over as systemd does (LISTEN_FDS), or -1 */
    int lock_fd;            /* kept open in it, so that the lock lasts as long as it does; or -1 */
    int stop_signal;        /* also sent when the supervisor dies */
    int64_t stop_timeout_ms;
    /* state */
    pid_t pid; /* 0: not running */
    int64_t started_ms, restart_at_ms, stop_asked_ms;
    unsigned failures; /* in a row */
    unsigned starts;
};

SP_MUST_CHECK struct sp_err *child_start(struct sp_op *op, struct child *child);
/* Called when waitpid reported it: plans the restart. */
void child_ended(struct child *child, int status);
/* Sends stop_signal and does not wait. */
void child_ask_to_stop(struct child *child);
/* stop_signal, then SIGKILL after stop_timeout_ms; returns when it is gone. */
void child_stop(struct child *child);

#endif
