/*
 * One call of an operation, as its handler (src/api/<tag>.c) sees it. Made by dispatch.c when a request is
 * authenticated; lives as long as the operation. Handlers, begin and end of a stream run on worker threads, the other
 * parts of a stream on I/O threads, where db is NULL.
 */
#ifndef SP_API_CALL_H
#define SP_API_CALL_H

#include "base/attr.h"
#include "contract/row.h"

struct api_app;
struct attempts;
struct db_conn;
struct http_exchange;
struct principal;
struct sp_op;

struct api_call {
    struct sp_op *op;
    struct http_exchange *x;
    struct db_conn *db;
    const struct principal *who; /* never NULL; of kind PRINCIPAL_NOBODY on public routes */
    struct api_app *app;
    struct attempts *attempts; /* the worker's, as db; NULL: wrong passwords are not counted */
    const struct api_row *row;
    const void *in; /* of a streamed operation: its struct api_x_in, NULL where it has none */
    void *stream;   /* the stream's own */
};

#endif
