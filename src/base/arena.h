/*
 * An arena: memory that lives as long as one operation (a request, a job) and is given back at once.
 *
 * Invariants: no block is freed on its own; every allocation is aligned to 16 and zeroed; the sum never passes the
 * budget (a limit on what one operation can take, not a reservation). Under ASan unallocated parts are poisoned.
 * Not thread-safe: one thread at a time works on an operation.
 */
#ifndef SP_BASE_ARENA_H
#define SP_BASE_ARENA_H

#include <stddef.h>

#include "base/attr.h"

struct sp_arena;

/* NULL when memory is out. budget_bytes bounds everything this arena ever hands out. */
SP_MUST_CHECK struct sp_arena *sp_arena_create(size_t budget_bytes);
void sp_arena_destroy(struct sp_arena *arena); /* NULL is legal */
/* Zeroed memory, or NULL: budget or memory is out, or count * size overflows. count or size 0 gives a valid pointer. */
SP_MUST_CHECK void *sp_arena_alloc(struct sp_arena *arena, size_t count, size_t size);
/* Forgets every allocation and keeps one block, for reuse by the next operation. */
void sp_arena_reset(struct sp_arena *arena);
size_t sp_arena_used(const struct sp_arena *arena);

#endif
