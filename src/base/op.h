/*
 * An operation: one request, one job, one command. It owns the arena that everything it makes lives in, carries the id
 * that every log line shows, the deadline, and the list of things to release at its end.
 *
 * Ownership: created and destroyed by the edge (http, worker, main); everyone else borrows it. One thread at a time.
 */
#ifndef SP_BASE_OP_H
#define SP_BASE_OP_H

#include <stdarg.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

enum { SP_OP_ID_BYTES = 33 };

struct sp_op {
    struct sp_arena *arena;
    char id[SP_OP_ID_BYTES]; /* 32 hex digits: X-Correlation-ID, op= in the log */
    int64_t deadline_ms;     /* monotonic milliseconds (clock.h); 0 = none */
    struct sp_deferred *deferred;
};

enum { SP_OP_BUDGET_DEFAULT = 64 << 20 };

/* NULL when memory is out. */
SP_MUST_CHECK struct sp_op *sp_op_create(size_t budget_bytes);
/* Runs the deferred calls, newest first, and frees the arena. NULL is legal. */
void sp_op_destroy(struct sp_op *op);
/* destroy and create in one, keeping the first block: for loops over many small operations. */
void sp_op_reset(struct sp_op *op);
/* Milliseconds until the deadline: at least 1 while it has not passed, 0 after, INT64_MAX without one. */
int64_t sp_op_remaining_ms(const struct sp_op *op);

/* Zeroed memory of the operation, or NULL (budget, memory, overflow). Prefer SP_NEW and SP_NEW_ARRAY. */
SP_MUST_CHECK void *sp_alloc(struct sp_op *op, size_t count, size_t size);
/* Copies of text in the operation's arena; NULL when memory is out. sp_strdup(op, NULL) is NULL. */
SP_MUST_CHECK char *sp_strdup(struct sp_op *op, const char *text);
SP_MUST_CHECK char *sp_strndup(struct sp_op *op, const char *text, size_t length);
SP_MUST_CHECK SP_PRINTF(2, 3) char *sp_format(struct sp_op *op, const char *format, ...);
SP_MUST_CHECK SP_PRINTF(2, 0) char *sp_vformat(struct sp_op *op, const char *format, va_list args);

/* SP_NEW(op, pointer): a zeroed object, or returns the out-of-memory error from the calling function. */
#define SP_NEW(op, pointer)                                                                                            \
    do {                                                                                                               \
        (pointer) = sp_alloc((op), 1, sizeof(*(pointer)));                                                             \
        if (!(pointer))                                                                                                \
            return sp_err_no_memory();                                                                                 \
    } while (0)
#define SP_NEW_ARRAY(op, pointer, count)                                                                               \
    do {                                                                                                               \
        (pointer) = sp_alloc((op), (count), sizeof(*(pointer)));                                                       \
        if (!(pointer))                                                                                                \
            return sp_err_no_memory();                                                                                 \
    } while (0)
/* SP_OWN(pointer): pointer is fresh from sp_strdup, sp_format …; NULL returns the out-of-memory error. */
#define SP_OWN(pointer)                                                                                                \
    do {                                                                                                               \
        if (!(pointer))                                                                                                \
            return sp_err_no_memory();                                                                                 \
    } while (0)

/* Runs release(resource) when the operation ends. On failure the resource is released at once. */
SP_MUST_CHECK struct sp_err *sp_defer(struct sp_op *op, void (*release)(void *), void *resource);

#endif
