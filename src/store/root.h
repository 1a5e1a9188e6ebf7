/* The inside of struct store: its roots. For the files of src/store alone. */
#ifndef SP_STORE_ROOT_H
#define SP_STORE_ROOT_H

#include "base/types.h"
#include "store/store.h"

struct store {
    char *folder[STORE_ROOT_COUNT];
    struct sp_uuid instance_id;
};

/*
 * The root's folder, freshly opened and its marker checked, so that a NAS that was unmounted (or mounted) since is
 * seen. The caller closes ret_fd.
 */
SP_MUST_CHECK struct sp_err *store_open_root(struct sp_op *op, const struct store *store, enum store_root root,
                                             int *ret_fd);
/* The folder that path lies in, made where it is missing, or opened (SP_NOT_FOUND). The caller closes ret_fd. */
SP_MUST_CHECK struct sp_err *store_make_folder_of(struct sp_op *op, const struct store *store, enum store_root root,
                                                  const char *path, int *ret_fd);
SP_MUST_CHECK struct sp_err *store_open_folder_of(struct sp_op *op, const struct store *store, enum store_root root,
                                                  const char *path, int *ret_fd);
/* Behind the last slash. */
const char *store_last_segment(const char *path);

#endif
