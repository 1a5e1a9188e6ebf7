/* Files by descriptors: whole reads and writes, durable folders, paths that cannot escape. Any thread. */
#ifndef SP_OS_FILE_H
#define SP_OS_FILE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

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
/*
 * Opens the folder path below root_fd, made where it is missing (0700). When it returns, all of it is on the disk, also
 * what somebody else is making at the same moment.
 */
SP_MUST_CHECK struct sp_err *os_make_folders(struct sp_op *op, int root_fd, const char *path, int *ret_fd);
/*
 * Renames within one file system and never over another file: SP_CONFLICT when there is one. Network file systems
 * that know no RENAME_NOREPLACE get a hard link, those without links a look before the rename. Not synced.
 */
SP_MUST_CHECK struct sp_err *os_rename_new(struct sp_op *op, int from_folder_fd, const char *from, int to_folder_fd,
                                           const char *to);

/* The nth write, fsync, rename or mkdir from now on (1 = the next) fails once with EIO; 0: never. SWISSPHOTO_FAIL_IO=n.
 */
void os_file_fail_nth(long n);

#endif
