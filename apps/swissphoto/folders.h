/* The folders of an instance, and who owns them. The main thread, at start. */
#ifndef SP_APP_FOLDERS_H
#define SP_APP_FOLDERS_H

#include <sys/types.h>

#include "base/attr.h"

struct sp_err;
struct sp_op;

struct folders {
    const char *data;     /* absolute */
    const char *run;      /* sockets; short enough for their 107 bytes */
    const char *programs; /* where this program's siblings are */
    uid_t uid;            /* whose it is, and as whom everything runs */
    gid_t gid;
    int lock_fd;     /* the supervisor's alone */
    int programs_fd; /* a lock that programs inherit: nobody starts a second one beside them */
};

/*
 * Makes the data folder and locks it; whom it belongs to when root asks is the user "swissphoto" (or "nobody"). Waits
 * until the programs of a supervisor that was killed have ended. SP_CONFLICT: another one runs on it. SP_INVALID: it
 * cannot be used, or belongs to somebody else.
 */
SP_MUST_CHECK struct sp_err *folders_claim(struct sp_op *op, const char *data, struct folders *ret_folders);
/* Where the sockets of the instance on this folder are, whether it runs or not. */
SP_MUST_CHECK struct sp_err *folders_find_run(struct sp_op *op, const char *data, const char **ret_run);
/* Becomes the owner for good and makes the folder of the sockets. */
SP_MUST_CHECK struct sp_err *folders_enter(struct sp_op *op, struct folders *folders);

#endif
