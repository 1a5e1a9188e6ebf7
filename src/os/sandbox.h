/*
 * A box for code that touches hostile bytes: no new files, no sockets, no processes, no privileges; limited memory,
 * time and output. What was open before stays usable, so close what it must not have. The zygote prepares, each forked
 * process enters once and stays inside until it ends; both single-threaded at that moment.
 *
 *   seccomp    a list of system calls (sandbox.c, with reasons); a few more answer an error that codecs survive, every
 *              other one kills the process (must: nothing enters without it)
 *   rlimits    address space, processor seconds, file size, descriptors, no core (must)
 *   Landlock   no path of the file system, no TCP, no signals to others: what the kernel's version knows (best effort)
 *
 * Threads may be made (codecs need them), processes not.
 */
#ifndef SP_OS_SANDBOX_H
#define SP_OS_SANDBOX_H

#include "base/attr.h"
#include <stdint.h>
#include <stdio.h>

struct sp_err;
struct sp_op;
struct os_sandbox;

struct os_sandbox_limits {
    int64_t address_space_bytes, file_size_bytes; /* 0: no limit */
    int64_t cpu_seconds;                          /* of all threads; SIGXCPU, then SIGKILL a second later */
    int64_t descriptors;                          /* highest number + 1 */
};

/* Compiles the filter, once for many processes: libseccomp takes longer than a small decode. */
SP_MUST_CHECK struct sp_err *os_sandbox_create(struct sp_op *op, struct os_sandbox **ret_sandbox);
void os_sandbox_destroy(struct os_sandbox *sandbox); /* NULL is legal */
/* No way back. On failure the process is half locked: it must answer and end. */
SP_MUST_CHECK struct sp_err *os_sandbox_enter(struct sp_op *op, const struct os_sandbox *sandbox,
                                              const struct os_sandbox_limits *limits);
/* The table, one line a rule: call, verdict, reason. For the operator who audits it. */
void os_sandbox_print(FILE *file);

#endif
