/*
 * Replies from files on a root that can hang: an I/O thread reads ahead into buffers, the event thread copies from
 * them, and the connection is suspended while none is ready.
 */
#ifndef SP_HTTP_FILE_READER_H
#define SP_HTTP_FILE_READER_H

#include "base/attr.h"

struct MHD_Response;
struct http_exchange;

/* For x->reply (a slow file), whose descriptor is taken over and closed on an I/O thread. NULL: no memory. */
SP_MUST_CHECK struct MHD_Response *http_file_reader_response(struct http_exchange *x);

#endif
