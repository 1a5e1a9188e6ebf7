/* See backoff.h. */
#include "queue/backoff.h"

#include <sys/random.h>

int64_t backoff_ms(int64_t first_ms, int64_t max_ms, unsigned failures)
{
    int64_t delay = first_ms;
    for (unsigned i = 1; i < failures && delay < max_ms; i++)
        delay *= 2;
    if (delay > max_ms)
        delay = max_ms;
    uint16_t chance = 0;
    (void)!getrandom(&chance, sizeof(chance), 0);
    return delay + delay * chance / (4 * UINT16_MAX);
}
