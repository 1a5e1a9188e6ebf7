/* Construction of errors and the one table of their meaning at the edges. Any thread. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/op.h"

static const struct sp_code_info table[SP_CODE_COUNT] = {
    [SP_INTERNAL] = {"internal", 500, 70, true},
    [SP_INVALID] = {"invalid", 400, 65, false},
    [SP_UNAUTHENTICATED] = {"unauthenticated", 401, 77, false},
    [SP_FORBIDDEN] = {"forbidden", 403, 77, false},
    [SP_NOT_FOUND] = {"not-found", 404, 66, false},
    [SP_NOT_ALLOWED] = {"not-allowed", 405, 64, false},
    [SP_DEADLINE] = {"deadline", 408, 75, true},
    [SP_CONFLICT] = {"conflict", 409, 65, false},
    [SP_PRECONDITION] = {"precondition", 412, 65, false},
    [SP_TOO_LARGE] = {"too-large", 413, 65, false},
    [SP_UNSUPPORTED] = {"unsupported", 415, 65, false},
    [SP_RANGE] = {"range", 416, 65, false},
    [SP_THROTTLED] = {"throttled", 429, 75, true},
    [SP_UNIMPLEMENTED] = {"unimplemented", 501, 69, false},
    [SP_UNAVAILABLE] = {"unavailable", 503, 69, true},
    [SP_TIMEOUT] = {"timeout", 504, 75, true},
    [SP_NO_SPACE] = {"no-space", 507, 74, true},
    [SP_MEDIA] = {"media", 422, 65, false},
};

static struct sp_err no_memory = {
    .code = SP_UNAVAILABLE,
    .message = "The server is out of memory for this request. Try again later or ask for less.",
    .detail = "allocation failed or over the operation's budget",
    .file = __FILE__,
};

const struct sp_code_info *sp_code_info(enum sp_code code)
{
    sp_assert((unsigned)code < SP_CODE_COUNT);
    return &table[code];
}

struct sp_err *sp_err_no_memory(void) { return &no_memory; }

void sp_assert_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "assertion failed: %s (%s:%d)\n", expr, file, line);
    abort();
}

static struct sp_err *allocate(struct sp_op *op, enum sp_code code, const char *file, int line)
{
    struct sp_err *err = sp_alloc(op, 1, sizeof(*err));
    if (!err)
        return &no_memory;
    err->code = code;
    err->file = file;
    err->line = line;
    return err;
}

static SP_PRINTF(3, 0) const char *format_or(struct sp_op *op, const char *fallback, const char *format, va_list args)
{
    const char *text = sp_vformat(op, format, args);
    return text ? text : fallback;
}

struct sp_err *sp_err_new(struct sp_op *op, enum sp_code code, const struct sp_err *cause, const char *file, int line,
                          const char *format, ...)
{
    struct sp_err *err = allocate(op, code, file, line);
    if (err == &no_memory)
        return err;
    va_list args;
    va_start(args, format);
    err->message = format_or(op, table[code].name, format, args);
    va_end(args);
    err->cause = cause;
    if (cause)
        err->issues = cause->issues;
    return err;
}

static enum sp_code code_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return SP_NO_SPACE;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EIO:
    case EROFS:
    case ESTALE:
    case ENOTCONN:
        return SP_UNAVAILABLE;
    default:
        return SP_INTERNAL;
    }
}

static const char *message_of_code(enum sp_code code)
{
    switch (code) {
    case SP_NO_SPACE:
        return "The server's disk is full. Free some space, then try again.";
    case SP_UNAVAILABLE:
        return "The server's storage does not answer at the moment. Try again later.";
    default:
        return "Internal server error";
    }
}

struct sp_err *sp_err_from_errno(struct sp_op *op, const char *file, int line, const char *format, ...)
{
    int number = errno;
    enum sp_code code = code_of_errno(number);
    struct sp_err *err = allocate(op, code, file, line);
    if (err == &no_memory)
        return err;
    err->message = message_of_code(code);
    va_list args;
    va_start(args, format);
    const char *what = format_or(op, "", format, args);
    va_end(args);
    err->detail = sp_format(op, "%s: %s", what, strerror(number));
    return err;
}

struct sp_err *sp_err_internal(struct sp_op *op, const char *file, int line, const char *format, ...)
{
    struct sp_err *err = allocate(op, SP_INTERNAL, file, line);
    if (err == &no_memory)
        return err;
    err->message = message_of_code(SP_INTERNAL);
    va_list args;
    va_start(args, format);
    err->detail = format_or(op, "", format, args);
    va_end(args);
    return err;
}

struct sp_err *sp_err_detail(struct sp_op *op, struct sp_err *err, const char *format, ...)
{
    if (err == &no_memory)
        return err;
    va_list args;
    va_start(args, format);
    err->detail = format_or(op, "", format, args);
    va_end(args);
    return err;
}

struct sp_err *sp_err_issue(struct sp_op *op, struct sp_err *err, const char *path, const char *code,
                            const char *message)
{
    if (!err) {
        err = allocate(op, SP_INVALID, __FILE__, __LINE__);
        if (err == &no_memory)
            return err;
        err->message = "Validation failed";
    }
    struct sp_issue *issue = sp_alloc(op, 1, sizeof(*issue));
    if (!issue || err == &no_memory)
        return &no_memory;
    *issue = (struct sp_issue){.path = path, .message = message, .code = code};
    struct sp_issue **tail = &err->issues;
    while (*tail)
        tail = &(*tail)->next;
    *tail = issue;
    return err;
}
