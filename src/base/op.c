/* The life of an operation; see op.h. */
#include "base/op.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/heap.h"

struct sp_deferred {
    void (*release)(void *);
    void *resource;
    struct sp_deferred *older;
};

static void set_id(struct sp_op *op)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[16];
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        memset(random, 0, sizeof(random)); /* an id is for finding log lines, not for secrecy */
    for (size_t i = 0; i < sizeof(random); i++) {
        op->id[2 * i] = digits[random[i] >> 4];
        op->id[2 * i + 1] = digits[random[i] & 15];
    }
    op->id[32] = '\0';
}

struct sp_op *sp_op_create(size_t budget_bytes)
{
    struct sp_op *op = sp_heap_new(1, sizeof(*op));
    if (!op)
        return NULL;
    op->arena = sp_arena_create(budget_bytes);
    if (!op->arena) {
        sp_heap_free(op);
        return NULL;
    }
    set_id(op);
    return op;
}

static void run_deferred(struct sp_op *op)
{
    while (op->deferred) {
        struct sp_deferred *entry = op->deferred;
        op->deferred = entry->older;
        entry->release(entry->resource);
    }
}

void sp_op_destroy(struct sp_op *op)
{
    if (!op)
        return;
    run_deferred(op);
    sp_arena_destroy(op->arena);
    sp_heap_free(op);
}

void sp_op_reset(struct sp_op *op)
{
    run_deferred(op);
    sp_arena_reset(op->arena);
    op->deadline_ms = 0;
    set_id(op);
}

int64_t sp_op_remaining_ms(const struct sp_op *op)
{
    if (op->deadline_ms == 0)
        return INT64_MAX;
    int64_t left = op->deadline_ms - sp_clock_mono_ms();
    return left > 0 ? left : 0;
}

void *sp_alloc(struct sp_op *op, size_t count, size_t size) { return sp_arena_alloc(op->arena, count, size); }

char *sp_strndup(struct sp_op *op, const char *text, size_t length)
{
    char *copy = sp_alloc(op, length + 1, 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *sp_strdup(struct sp_op *op, const char *text) { return text ? sp_strndup(op, text, strlen(text)) : NULL; }

char *sp_vformat(struct sp_op *op, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        return NULL;
    char *text = sp_alloc(op, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *sp_format(struct sp_op *op, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = sp_vformat(op, format, args);
    va_end(args);
    return text;
}

struct sp_err *sp_defer(struct sp_op *op, void (*release)(void *), void *resource)
{
    struct sp_deferred *entry = sp_alloc(op, 1, sizeof(*entry));
    if (!entry) {
        release(resource);
        return sp_err_no_memory();
    }
    *entry = (struct sp_deferred){.release = release, .resource = resource, .older = op->deferred};
    op->deferred = entry;
    return NULL;
}
