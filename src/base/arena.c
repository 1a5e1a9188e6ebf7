/* Bump allocation in chained blocks; see arena.h. */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/heap.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGNMENT = 16, FIRST_BLOCK_BYTES = 4096 - 64, LARGEST_GROWTH_BYTES = 1 << 20 };

struct block {
    struct block *older;
    size_t size, used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct sp_arena {
    struct block *newest;
    size_t budget, handed_out;
};

struct sp_arena *sp_arena_create(size_t budget_bytes)
{
    struct sp_arena *arena = sp_heap_new(1, sizeof(*arena));
    if (arena)
        arena->budget = budget_bytes;
    return arena;
}

static void free_blocks(struct block *block, const struct block *except)
{
    while (block) {
        struct block *older = block->older;
        if (block != except) {
            ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
            sp_heap_free(block);
        }
        block = older;
    }
}

void sp_arena_destroy(struct sp_arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->newest, NULL);
    sp_heap_free(arena);
}

void sp_arena_reset(struct sp_arena *arena)
{
    struct block *keep = NULL;
    for (struct block *block = arena->newest; block; block = block->older)
        keep = block->older ? keep : block; /* the oldest: the smallest */
    free_blocks(arena->newest, keep);
    arena->newest = keep;
    arena->handed_out = 0;
    if (keep) {
        keep->older = NULL;
        keep->used = 0;
        ASAN_POISON_MEMORY_REGION(keep->bytes, keep->size);
    }
}

static struct block *add_block(struct sp_arena *arena, size_t need)
{
    size_t size = FIRST_BLOCK_BYTES;
    if (arena->newest) {
        size = arena->newest->size * 2;
        if (size > LARGEST_GROWTH_BYTES)
            size = LARGEST_GROWTH_BYTES;
    }
    if (size < need)
        size = need;
    size_t total;
    if (__builtin_add_overflow(size, sizeof(struct block), &total))
        return NULL;
    struct block *block = sp_heap_resize(NULL, total, 1);
    if (!block)
        return NULL;
    block->older = arena->newest;
    block->size = size;
    block->used = 0;
    ASAN_POISON_MEMORY_REGION(block->bytes, block->size);
    arena->newest = block;
    return block;
}

void *sp_arena_alloc(struct sp_arena *arena, size_t count, size_t size)
{
    size_t bytes, rounded;
    if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, ALIGNMENT - 1, &rounded))
        return NULL;
    rounded &= ~(size_t)(ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ALIGNMENT;
    if (rounded > arena->budget - arena->handed_out)
        return NULL;
    struct block *block = arena->newest;
    if (!block || block->size - block->used < rounded)
        block = add_block(arena, rounded);
    if (!block)
        return NULL;
    void *memory = block->bytes + block->used;
    block->used += rounded;
    arena->handed_out += rounded;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes ? bytes : 1);
    memset(memory, 0, bytes);
    return memory;
}

size_t sp_arena_used(const struct sp_arena *arena) { return arena->handed_out; }
