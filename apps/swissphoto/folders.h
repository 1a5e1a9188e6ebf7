/* The folders of an instance, and who owns them. The main thread, at start. */
#ifndef SP_APP_FOLDERS_H
#define SP_APP_FOLDERS_H

#include "base/attr.h"

struct sp_err;
struct sp_op;

struct folders {
    const char *data;     /* absolute */
    const char *run;      /* sockets; short enough for their 107 bytes */
    const char *programs; /* where this program's siblings are */
    int lock_fd;
};

/*
 * Makes the data folder and locks it; as root it becomes the user "swissphoto" (or "nobody"), who then owns the folder.
 * SP_INVALID: another supervisor runs on it, or it belongs to somebody else.
 */
SP_MUST_CHECK struct sp_err *folders_open(struct sp_op *op, const char *data, struct folders *ret_folders);

#endif
