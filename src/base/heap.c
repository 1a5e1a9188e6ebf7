/* malloc behind overflow checks and an injectable failure. Called from everywhere, any thread. */
#include "base/heap.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Atomic long fail_countdown; /* 0: never fails */

void sp_heap_fail_nth(long n) { atomic_store(&fail_countdown, n); }

static void __attribute__((constructor)) read_environment(void)
{
    const char *text = getenv("SWISSPHOTO_FAIL_ALLOC");
    if (text)
        sp_heap_fail_nth(strtol(text, NULL, 10));
}

static int injected_failure(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0)
        return 0;
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

void *sp_heap_new(size_t count, size_t size)
{
    if (injected_failure())
        return NULL;
    return calloc(count, size);
}

void *sp_heap_resize(void *block, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || injected_failure())
        return NULL;
    return realloc(block, bytes ? bytes : 1);
}

char *sp_heap_strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = sp_heap_new(bytes, 1);
    if (copy)
        memcpy(copy, text, bytes);
    return copy;
}

void sp_heap_free(void *block) { free(block); }
