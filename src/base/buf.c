/* A capped buffer; see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/heap.h"
#include "base/op.h"

enum { FIRST_CAPACITY = 256 };

void sp_buf_init(struct sp_buf *buf, size_t max_bytes) { *buf = (struct sp_buf){.max = max_bytes}; }

void sp_buf_finish(struct sp_buf *buf)
{
    sp_heap_free(buf->data);
    *buf = (struct sp_buf){.max = buf->max};
}

void sp_buf_clear(struct sp_buf *buf)
{
    buf->size = 0;
    buf->failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

static bool reserve(struct sp_buf *buf, size_t more)
{
    if (buf->failed || more > buf->max - buf->size)
        return !(buf->failed = true);
    size_t need = buf->size + more + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    char *data = sp_heap_resize(buf->data, capacity, 1);
    if (!data)
        return !(buf->failed = true);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void sp_buf_append(struct sp_buf *buf, const void *data, size_t size)
{
    if (size == 0 || !reserve(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void sp_buf_puts(struct sp_buf *buf, const char *text) { sp_buf_append(buf, text, strlen(text)); }

void sp_buf_putc(struct sp_buf *buf, char c) { sp_buf_append(buf, &c, 1); }

void sp_buf_printf(struct sp_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0 && reserve(buf, (size_t)length)) {
        vsnprintf(buf->data + buf->size, (size_t)length + 1, format, again);
        buf->size += (size_t)length;
    }
    va_end(again);
}

struct sp_err *sp_buf_check(struct sp_op *op, const struct sp_buf *buf)
{
    if (!buf->failed)
        return NULL;
    return sp_fail(op, SP_TOO_LARGE, "The answer would be larger than %zu bytes. Ask for less at once.", buf->max);
}
