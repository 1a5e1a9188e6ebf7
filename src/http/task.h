/*
 * What workers do with an exchange: the application's calls, and making the reply. While a task runs the connection is
 * suspended and the task owns the exchange; it ends by resuming.
 */
#ifndef SP_HTTP_TASK_H
#define SP_HTTP_TASK_H

struct http_exchange;

/* Tasks. worker is the application's. */
void http_task_request(struct http_exchange *x, void *worker);    /* authenticate and handle */
void http_task_admit(struct http_exchange *x, void *worker);      /* authenticate, begin a stream; the body follows */
void http_task_handle(struct http_exchange *x, void *worker);     /* the body is here */
void http_task_stream_end(struct http_exchange *x, void *worker); /* the streamed body was taken, or failed */
void http_task_metrics(struct http_exchange *x, void *worker);

/* Event thread: suspends and runs task on a worker; answers 503 where the queue is full. */
void http_task_start(struct http_exchange *x, void (*task)(struct http_exchange *x, void *worker));
/* Runs task on a worker for an exchange that is suspended, or that libmicrohttpd has forgotten. Takes a reference. */
void http_task_continue(struct http_exchange *x, void (*task)(struct http_exchange *x, void *worker));
/* Makes the response (or the early bytes) of x->reply and sets the stage that sends it. */
void http_task_seal(struct http_exchange *x);

#endif
