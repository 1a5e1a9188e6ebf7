/* The access log: one line a request through sp_log, with nothing in it that a client could use as a secret. */
#ifndef SP_HTTP_ACCESS_LOG_H
#define SP_HTTP_ACCESS_LOG_H

struct http_exchange;

/* Event thread, at the end of the request; the operation may be gone. */
void http_access_log(const struct http_exchange *x);

#endif
