/*
 * A request in flight, as the files of this folder share it. One thread at a time works on it: the event thread, then
 * (while the connection is suspended) a worker or an I/O thread, then the event thread again. The exceptions are
 * atomic, or inside struct http_stream, which has a lock.
 */
#ifndef SP_HTTP_EXCHANGE_STATE_H
#define SP_HTTP_EXCHANGE_STATE_H

#include "base/op.h"
#include "http/address.h"
#include "http/head_check.h"
#include "http/pool.h"
#include "http/reply.h"
#include "http/server_state.h"
#include "http/target.h"
#include <stdatomic.h>

struct MHD_Connection;
struct http_connection;
struct http_stream;

enum { HTTP_STATUS_GONE_CLIENT = 499 }; /* in log and metrics: the answer was not sent whole */

enum http_stage {
    HTTP_STAGE_TARGET,   /* the request line came */
    HTTP_STAGE_COMPLETE, /* there is no body: libmicrohttpd calls once more when it has switched to its reply */
    HTTP_STAGE_ADMITTED, /* resumed: the body is wanted */
    HTTP_STAGE_BODY,     /* a buffered or ignored body comes */
    HTTP_STAGE_STREAM,   /* a streamed body comes */
    HTTP_STAGE_REFUSED,  /* resumed: there is a reply, the (rest of the) body is not wanted */
    HTTP_STAGE_DISCARD,  /* a small rest of the body is dropped, then the reply follows */
    HTTP_STAGE_LINGER,   /* the reply is out, the body is dropped, then the connection ends */
    HTTP_STAGE_REPLY,    /* the reply can be queued */
    HTTP_STAGE_SENDING
};

struct http_exchange {
    struct http_server *server;
    struct http_connection *connection; /* event threads alone, while mhd is set */
    struct MHD_Connection *mhd;         /* NULL once libmicrohttpd is through with the request */
    struct sp_op *op;                   /* NULL once the reply is made: the application's resources are given back */
    _Atomic unsigned references;
    _Atomic bool suspended; /* who takes it back to false resumes the connection */
    _Atomic bool working;   /* a job owns the exchange */
    enum http_stage stage;

    /* the request */
    const char *method, *raw_target;
    struct http_target target;
    struct http_head head;
    const struct http_route *route; /* NULL: none of the application's */
    bool secure, head_only;
    bool has_body, body_open, body_complete; /* it is announced, libmicrohttpd hands it out, all of it came */
    int64_t body_max, received, lingered;
    struct sp_buf body;
    struct http_stream *stream;
    void *context;

    /* the job in progress */
    struct http_job job;
    void (*task)(struct http_exchange *x, void *worker);

    /* the reply */
    struct http_reply reply;
    struct MHD_Response *response; /* made from reply, to be queued */
    struct sp_buf early;           /* or its bytes, where the answer leaves before the body has come */

    /* for the log and the metrics, which come when op is gone */
    char id[SP_OP_ID_BYTES];
    char client_text[HTTP_ADDRESS_TEXT_BYTES];
    char method_text[16];
    const char *operation;  /* "getMyUser", "static", "unrouted" */
    const char *path_shown; /* the route's template, or a static word: never what a client wrote */
    int status;
    int64_t started_us, bytes_out;
};

/* A new exchange with one reference; NULL: no memory. */
SP_MUST_CHECK struct http_exchange *http_exchange_create(struct http_server *server, const char *raw_target);
void http_exchange_retain(struct http_exchange *x);
void http_exchange_release(struct http_exchange *x);
/* Runs the deferred calls of the operation and forgets it. Not on an event thread if the application had it. */
void http_exchange_end_op(struct http_exchange *x);
/* Event thread, inside the request handler; whoever ends the wait calls resume. */
void http_exchange_suspend(struct http_exchange *x);
/* Resumes the connection, unless it is not suspended (any more). Any thread. */
void http_exchange_resume(struct http_exchange *x);

#endif
