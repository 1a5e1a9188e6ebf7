/*
 * Threads of the HTTP layer: small stacks (an idle instance pays for every touched page), all signals blocked (main
 * handles them), named for top and gdb. Any thread.
 */
#ifndef SP_HTTP_THREAD_H
#define SP_HTTP_THREAD_H

#include "base/attr.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sp_op;
struct sp_err;

enum { HTTP_STACK_SMALL = 256 << 10, HTTP_STACK_WORKER = 1 << 20 };

/* name: at most 15 characters. The thread is joinable. */
SP_MUST_CHECK struct sp_err *http_thread_start(struct sp_op *op, const char *name, size_t stack_bytes,
                                               void *(*run)(void *), void *argument, pthread_t *ret_thread);
/* A condition variable on the monotonic clock. */
void http_cond_init(pthread_cond_t *cond);
/* Waits until signalled or deadline_ms (sp_clock_mono_ms) is reached; false: it was reached. */
bool http_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms);
/* Joins within the time; false: the thread is still running. */
bool http_thread_join_within(pthread_t thread, int64_t timeout_ms);

#endif
