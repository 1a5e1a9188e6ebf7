/* How long to wait before the next try. Pure but for chance, any thread. */
#ifndef SP_QUEUE_BACKOFF_H
#define SP_QUEUE_BACKOFF_H

#include <stdint.h>

/* first_ms, doubled with each failure after the first, at most max_ms; plus up to a quarter by chance, so that many do
 * not come back at once. */
int64_t backoff_ms(int64_t first_ms, int64_t max_ms, unsigned failures);

#endif
