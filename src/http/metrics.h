/*
 * Counters of the HTTP layer, as Prometheus text (exposition format 0.0.4). Counting is lock-free; a scrape may see
 * one request in one counter and not yet in the next.
 */
#ifndef SP_HTTP_METRICS_H
#define SP_HTTP_METRICS_H

#include "base/attr.h"

struct sp_err;
struct sp_op;
struct sp_buf;
struct http_app;
struct http_exchange;
struct http_metrics;
struct http_server;

SP_MUST_CHECK struct sp_err *http_metrics_create(struct sp_op *op, const struct http_app *app,
                                                 struct http_metrics **ret_metrics);
void http_metrics_destroy(struct http_metrics *metrics); /* NULL is legal */
/* A request is over. Event threads. */
void http_metrics_record(struct http_metrics *metrics, const struct http_exchange *x);
void http_metrics_write(struct http_server *server, struct sp_buf *out);

#endif
