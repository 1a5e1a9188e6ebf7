/*
 * The web app's files. The folder is read once, at start: a request can name only what was found there (no path of a
 * client's ever reaches the file system), descriptors stay open, and a rebuilt folder is seen after a restart as a
 * whole. NAME.gz, NAME.br and NAME.zst beside a file are its compressed forms; text
 * without any is packed here. Immutable after create: any thread.
 */
#ifndef SP_HTTP_STATIC_FILES_H
#define SP_HTTP_STATIC_FILES_H

#include "base/attr.h"
#include <stdbool.h>

struct sp_op;
struct sp_err;
struct http_exchange;
struct http_static_files;

enum { HTTP_STATIC_FILES_MAX = 4096 };

/* SP_INVALID when the folder has no index.html. Symbolic links and names with a leading dot are left out. */
SP_MUST_CHECK struct sp_err *http_static_create(struct sp_op *op, const char *folder,
                                                struct http_static_files **ret_files);
void http_static_destroy(struct http_static_files *files); /* NULL is legal */
/*
 * Sets the reply for a GET or HEAD. A path without a file gets index.html where the client takes HTML and the last
 * segment looks like a page, not a file (no dot). False: nothing to send, no reply was set.
 */
bool http_static_reply(const struct http_static_files *files, struct http_exchange *x);

#endif
