/*
 * The only door to malloc. Long-lived objects and arena blocks come from here; everything that lives as long as an
 * operation comes from its arena (arena.h). Sizes are multiplied with overflow checks. Any thread.
 *
 * Fault injection: sp_heap_fail_nth(n) makes the nth allocation from now on (1 = the next one) fail once; 0 switches it
 * off. SWISSPHOTO_FAIL_ALLOC=n in the environment does the same at start, for the real binaries.
 */
#ifndef SP_BASE_HEAP_H
#define SP_BASE_HEAP_H

#include <stddef.h>

#include "base/attr.h"

/* Zeroed memory for count elements of size bytes, or NULL. Free with sp_heap_free. */
SP_MUST_CHECK void *sp_heap_new(size_t count, size_t size);
/* As realloc; new bytes are not zeroed. NULL on failure: the old block is untouched. */
SP_MUST_CHECK void *sp_heap_resize(void *block, size_t count, size_t size);
SP_MUST_CHECK char *sp_heap_strdup(const char *text);
void sp_heap_free(void *block); /* NULL is legal */
void sp_heap_fail_nth(long n);

#endif
