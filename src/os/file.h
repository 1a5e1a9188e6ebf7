/* Files by descriptors: whole reads and writes, durable folders, paths that cannot escape. Any thread. */
#ifndef SP_OS_FILE_H
#define SP_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/attr.h"

struct sp_err;
struct sp_op;

/* Closes *fd if it is open and sets it to -1; for SP_CLEANUP. */
void os_close(int *fd);
/* Every byte, through short writes and EINTR. */
SP_MUST_CHECK struct sp_err *os_write_all(struct sp_op *op, int fd, const void *data, size_t size);
/* Up to size bytes, fewer only at the end of the file. */
SP_MUST_CHECK struct sp_err *os_read_full(struct sp_op *op, int fd, void *buffer, size_t size, size_t *ret_size);
SP_MUST_CHECK struct sp_err *os_sync(struct sp_op *op, int fd);
/* openat2 below root_fd: no .., no absolute path, no symbolic link on the way. O_CLOEXEC is added. */
SP_MUST_CHECK struct sp_err *os_open_beneath(struct sp_op *op, int root_fd, const char *path, int flags, mode_t mode,
                                             int *ret_fd);
/* Makes the folders of path (a folder's path) below root_fd, each synced into its parent; 0700. */
SP_MUST_CHECK struct sp_err *os_make_folders(struct sp_op *op, int root_fd, const char *path);

/* The nth write or fsync from now on (1 = the next) fails once with EIO; 0: never. SWISSPHOTO_FAIL_IO=n. */
void os_file_fail_nth(long n);

#endif
