/*
 * Other programs as children of this process: started with exactly the descriptors, environment and rights that are
 * named, watched through a pidfd, ended. The supervisor and the client of swissphoto-decode. Any thread; one thread at
 * a time works on a struct os_child.
 */
#ifndef SP_OS_SPAWN_H
#define SP_OS_SPAWN_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sp_err;
struct sp_op;

enum { OS_SPAWN_FDS_MAX = 16 };

/* Descriptor from of this process becomes descriptor to of the child (0, 1, 2 included); to is 0 to 63. */
struct os_fd_map {
    int from, to;
};

struct os_spawn_options {
    const char *path;        /* of the program; PATH is not searched */
    const char *const *argv; /* NULL-terminated, argv[0] included */
    const char *const *envp; /* NULL-terminated; NULL: an empty environment */
    const struct os_fd_map *fds;
    size_t fd_count; /* 0, 1 and 2 are inherited unless named here; every other descriptor is closed */
    const char *cwd; /* NULL: as here; path is then looked up from there */
    bool set_ids;    /* become uid and gid, without supplementary groups */
    uid_t uid;
    gid_t gid;
    bool new_group;   /* a process group of its own: a terminal's Ctrl-C does not reach it */
    int death_signal; /* sent to it when the calling thread (not only the process) ends; 0: none */
};

struct os_child {
    pid_t pid; /* 0: none, or reaped */
    int pidfd; /* becomes readable when the child ends; -1 with pid 0 */
};
#define OS_CHILD_NONE {.pid = 0, .pidfd = -1}

/*
 * Returns once the program runs: a program that cannot be executed is this function's error, not an early exit code.
 * Signal handlers, the mask and ignored signals are back at their defaults in the child.
 */
SP_MUST_CHECK struct sp_err *os_spawn(struct sp_op *op, const struct os_spawn_options *options,
                                      struct os_child *ret_child);
/*
 * Waits up to timeout_ms (0: only looks, negative: for ever). When it has ended it is reaped, ret_status is as
 * waitpid's and the child is OS_CHILD_NONE. A child that is none already has ended, with status 0.
 */
SP_MUST_CHECK struct sp_err *os_child_wait(struct sp_op *op, struct os_child *child, int64_t timeout_ms,
                                           bool *ret_ended, int *ret_status);
/* Never reaches another process, as a bare pid could. None or ended: no effect. */
void os_child_signal(const struct os_child *child, int signal);
/* SIGKILL, and reaps it. None: no effect. */
void os_child_kill(struct os_child *child);

#endif
