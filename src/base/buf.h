/*
 * A growing byte buffer with a maximum. Heap-backed: reply bodies outlive the arena's thread and large ones should
 * give their memory back. An append past the maximum or without memory marks the buffer failed and is dropped; so
 * writers append without checks and ask once, at the end, with sp_buf_check.
 */
#ifndef SP_BASE_BUF_H
#define SP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct sp_op;
struct sp_err;

struct sp_buf {
    char *data; /* NUL-terminated once anything was appended; may be NULL while size is 0 */
    size_t size, capacity, max;
    bool failed;
};

void sp_buf_init(struct sp_buf *buf, size_t max_bytes);
void sp_buf_finish(struct sp_buf *buf);
void sp_buf_append(struct sp_buf *buf, const void *data, size_t size);
void sp_buf_puts(struct sp_buf *buf, const char *text);
void sp_buf_putc(struct sp_buf *buf, char c);
SP_PRINTF(2, 3) void sp_buf_printf(struct sp_buf *buf, const char *format, ...);
/* Forgets the content (and a failure), keeps the memory. */
void sp_buf_clear(struct sp_buf *buf);
/* SP_TOO_LARGE when an append failed since the last clear. */
SP_MUST_CHECK struct sp_err *sp_buf_check(struct sp_op *op, const struct sp_buf *buf);

#endif
