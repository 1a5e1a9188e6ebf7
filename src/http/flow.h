/*
 * The way of a request through the server: libmicrohttpd's callbacks on the event threads, the application's calls on
 * the workers. server.c registers the callbacks.
 */
#ifndef SP_HTTP_FLOW_H
#define SP_HTTP_FLOW_H

#include <microhttpd.h>
#include <stddef.h>

struct http_exchange;

/* The request line came (MHD_OPTION_URI_LOG_CALLBACK): makes the exchange. cls is the server. */
void *http_flow_target(void *cls, const char *target, struct MHD_Connection *mhd);
/* The access handler. */
enum MHD_Result http_flow_request(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **request);
/* The request is over, sent or not (MHD_OPTION_NOTIFY_COMPLETED). */
void http_flow_completed(void *cls, struct MHD_Connection *mhd, void **request, enum MHD_RequestTerminationCode why);

#endif
