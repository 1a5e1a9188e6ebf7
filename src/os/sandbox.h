/*
 * A box for code that touches hostile bytes: no new files, no sockets, no processes, no privileges; limited memory,
 * time and output. What was open before stays usable. Called once, in a process that is about to decode.
 *
 *   seccomp    a list of allowed system calls; everything else answers EPERM (must: fails without it)
 *   rlimits    address space, processor seconds, file size, descriptors (must)
 *   Landlock   no path of the file system at all (where the kernel has it)
 *
 * Threads may be made (codecs need them), processes not: clone needs CLONE_THREAD, clone3 answers ENOSYS so that the C
 * library falls back to clone.
 */
#ifndef SP_OS_SANDBOX_H
#define SP_OS_SANDBOX_H

#include <stdint.h>
#include "base/attr.h"

struct sp_err;
struct sp_op;

struct os_sandbox_limits {
    int64_t address_space_bytes, file_size_bytes; /* 0: no limit */
    int64_t cpu_seconds;
};

SP_MUST_CHECK struct sp_err *os_sandbox_limit(struct sp_op *op, const struct os_sandbox_limits *limits);
SP_MUST_CHECK struct sp_err *os_sandbox_enter(struct sp_op *op);

#endif
