/*
 * Errors. A function that can fail returns struct sp_err *; NULL is success. The error lives in the operation's arena
 * (out of memory: in static storage), so nobody frees it and nobody keeps it beyond the operation.
 *
 *   code     what kind; err_table (err.c) maps it to HTTP status, exit code and whether a retry can help
 *   message  public: what was wrong and what to do, safe to show to any user
 *   detail   for the log only: may hold paths, SQL states, errno
 *   issues   for SP_INVALID: which fields of the input were wrong
 *
 * Libraries return errors, the edge (request, job, main) logs them, once.
 */
#ifndef SP_BASE_ERR_H
#define SP_BASE_ERR_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

struct sp_op;

enum sp_code {
    SP_INTERNAL,        /* 500 a bug or an unexpected failure of a part */
    SP_INVALID,         /* 400 input that no retry makes right */
    SP_UNAUTHENTICATED, /* 401 */
    SP_FORBIDDEN,       /* 403 */
    SP_NOT_FOUND,       /* 404 */
    SP_NOT_ALLOWED,     /* 405 */
    SP_DEADLINE,        /* 408 the peer was too slow */
    SP_CONFLICT,        /* 409 */
    SP_PRECONDITION,    /* 412 */
    SP_TOO_LARGE,       /* 413 */
    SP_UNSUPPORTED,     /* 415 a media type or encoding that is not supported */
    SP_RANGE,           /* 416 */
    SP_THROTTLED,       /* 429 too many tries; retry later */
    SP_UNIMPLEMENTED,   /* 501 a route of the contract that is not built yet */
    SP_UNAVAILABLE,     /* 503 a part is away or full; retry */
    SP_TIMEOUT,         /* 504 the operation's own deadline passed */
    SP_NO_SPACE,        /* 507 disk full */
    SP_MEDIA,           /* 422 a file that cannot be decoded: broken, lying or too large */
    SP_CODE_COUNT
};

/* One wrong field: path "assets.3.id", the sentence, and the validator's code ("too_big", "invalid_type", …). */
struct sp_issue {
    const char *path, *message, *code;
    struct sp_issue *next;
};

struct sp_err {
    enum sp_code code;
    const char *message;
    const char *detail; /* may be NULL */
    const char *file;
    int line;
    const struct sp_err *cause; /* may be NULL */
    struct sp_issue *issues;    /* may be NULL */
};

struct sp_code_info {
    const char *name; /* "invalid" */
    int http_status, exit_code;
    bool retry;
};
const struct sp_code_info *sp_code_info(enum sp_code code);

#define SP_TRY(expression)                                                                                             \
    do {                                                                                                               \
        struct sp_err *sp_try_err_ = (expression);                                                                     \
        if (sp_try_err_)                                                                                               \
            return sp_try_err_;                                                                                        \
    } while (0)

/* sp_fail(op, code, "public message %s", …) */
#define sp_fail(op, code, ...) sp_err_new((op), (code), NULL, __FILE__, __LINE__, __VA_ARGS__)
/* As sp_fail with a cause below it. The cause's code is kept with sp_wrap; sp_wrap_as changes it. */
#define sp_wrap(op, cause, ...) sp_err_new((op), (cause)->code, (cause), __FILE__, __LINE__, __VA_ARGS__)
#define sp_wrap_as(op, cause, code, ...) sp_err_new((op), (code), (cause), __FILE__, __LINE__, __VA_ARGS__)
/* SP_INTERNAL or what errno says (ENOSPC: SP_NO_SPACE, …); the public message is general, the detail is yours. */
#define sp_fail_errno(op, ...) sp_err_from_errno((op), __FILE__, __LINE__, __VA_ARGS__)
/* "Internal server error" with a detail for the log. */
#define sp_fail_internal(op, ...) sp_err_internal((op), __FILE__, __LINE__, __VA_ARGS__)

SP_MUST_CHECK SP_NEVER_NULL SP_PRINTF(6, 7) struct sp_err *sp_err_new(struct sp_op *op, enum sp_code code,
                                                                      const struct sp_err *cause, const char *file,
                                                                      int line, const char *format, ...);
SP_MUST_CHECK SP_NEVER_NULL SP_PRINTF(4, 5) struct sp_err *sp_err_from_errno(struct sp_op *op, const char *file,
                                                                             int line, const char *format, ...);
SP_MUST_CHECK SP_NEVER_NULL SP_PRINTF(4, 5) struct sp_err *sp_err_internal(struct sp_op *op, const char *file, int line,
                                                                           const char *format, ...);
/* Adds a detail for the log to an error that is on its way; returns err. */
SP_PRINTF(3, 4) struct sp_err *sp_err_detail(struct sp_op *op, struct sp_err *err, const char *format, ...);
/* "Validation failed" with one issue; err may be NULL, else the issue is appended to it. */
SP_MUST_CHECK SP_NEVER_NULL struct sp_err *sp_err_issue(struct sp_op *op, struct sp_err *err, const char *path,
                                                        const char *code, const char *message);
/* The error for "no memory or over the operation's budget": static, never NULL. */
SP_MUST_CHECK SP_NEVER_NULL struct sp_err *sp_err_no_memory(void);

#endif
