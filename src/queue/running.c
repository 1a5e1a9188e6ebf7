/* See running.h. */
#include "queue/running.h"

#include <string.h>

#include "base/attr.h"

void running_init(struct running_jobs *running)
{
    memset(running->slots, 0, sizeof(running->slots));
    pthread_mutex_init(&running->lock, NULL);
}

void running_begin(struct running_jobs *running, unsigned slot, int64_t job_id, int64_t until_ms)
{
    sp_assert(slot < RUNNING_MAX && job_id > 0);
    pthread_mutex_lock(&running->lock);
    running->slots[slot].job_id = job_id;
    running->slots[slot].until_ms = until_ms;
    pthread_mutex_unlock(&running->lock);
}

void running_end(struct running_jobs *running, unsigned slot)
{
    sp_assert(slot < RUNNING_MAX);
    pthread_mutex_lock(&running->lock);
    running->slots[slot].job_id = 0;
    pthread_mutex_unlock(&running->lock);
}

size_t running_list(struct running_jobs *running, int64_t now_ms, int64_t ret_ids[static RUNNING_MAX])
{
    size_t count = 0;
    pthread_mutex_lock(&running->lock);
    for (unsigned i = 0; i < RUNNING_MAX; i++)
        if (running->slots[i].job_id && now_ms < running->slots[i].until_ms)
            ret_ids[count++] = running->slots[i].job_id;
    pthread_mutex_unlock(&running->lock);
    return count;
}
