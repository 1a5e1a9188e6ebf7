/*
 * A streamed body between its threads: the event thread fills one of two buffers, an I/O thread takes the other apart
 * (multipart) and hands it to the application; the connection is suspended while both are full. A lock inside.
 */
#ifndef SP_HTTP_STREAM_H
#define SP_HTTP_STREAM_H

#include "base/attr.h"
#include <stddef.h>

struct http_exchange;
struct http_stream;
struct sp_err;

/* Worker. Makes x->stream. SP_INVALID: the Content-Type has no usable boundary. */
SP_MUST_CHECK struct sp_err *http_stream_create(struct http_exchange *x);
void http_stream_destroy(struct http_stream *stream); /* NULL is legal */
/* Worker. The application's stream_begin. */
SP_MUST_CHECK struct sp_err *http_stream_begin(struct http_exchange *x, void *worker);
/*
 * Event thread. Returns how much of data was taken (and counted in x->received). With less than size the connection is
 * suspended: until there is room, or because the stream failed and the reply is on its way.
 */
size_t http_stream_feed(struct http_exchange *x, const char *data, size_t size);
/* Event thread. The whole body came: suspends; http_task_stream_end follows when the I/O threads are through. */
void http_stream_end_of_body(struct http_exchange *x);
/* Worker. The application's stream_end, or stream_abort and the error that the stream met. */
SP_MUST_CHECK struct sp_err *http_stream_finish(struct http_exchange *x, void *worker);
/* Event thread. The client is gone: stream_abort follows on a worker, unless end or abort are on their way. */
void http_stream_cancel(struct http_exchange *x);

#endif
