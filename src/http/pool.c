/* A thread pool with one lock; see pool.h. */
#include "http/pool.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/op.h"
#include "http/thread.h"

struct http_pool {
    struct http_pool_config config;
    pthread_mutex_t lock;
    pthread_cond_t work, started;
    struct http_job *head, *tail;
    unsigned waiting, busy, idle;
    bool stopping, stopped;
    pthread_t *threads;
    unsigned running; /* threads that exist */
    /* the start of one thread: it uses its creator's operation while the creator waits */
    struct sp_op *start_op;
    struct sp_err *start_error;
    bool start_done;
};

static struct http_job *take(struct http_pool *pool)
{
    struct http_job *job = pool->head;
    pool->head = job->next;
    if (!pool->head)
        pool->tail = NULL;
    pool->waiting--;
    return job;
}

static void serve(struct http_pool *pool, void *worker)
{
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->head && !pool->stopping) {
            pool->idle++;
            pthread_cond_wait(&pool->work, &pool->lock);
            pool->idle--;
        }
        if (!pool->head)
            break;
        struct http_job *job = take(pool);
        pool->busy++;
        pthread_mutex_unlock(&pool->lock);
        job->run(job, worker);
        pthread_mutex_lock(&pool->lock);
        pool->busy--;
    }
    pthread_mutex_unlock(&pool->lock);
}

static void *run_thread(void *argument)
{
    struct http_pool *pool = argument;
    void *worker = NULL;
    struct sp_err *err = pool->config.start ? pool->config.start(pool->start_op, pool->config.context, &worker) : NULL;
    pthread_mutex_lock(&pool->lock);
    pool->start_error = err;
    pool->start_done = true;
    pthread_cond_signal(&pool->started);
    pthread_mutex_unlock(&pool->lock);
    if (err)
        return NULL;
    serve(pool, worker);
    if (pool->config.stop)
        pool->config.stop(worker);
    return NULL;
}

static struct sp_err *start_thread(struct sp_op *op, struct http_pool *pool)
{
    pool->start_op = op;
    pool->start_error = NULL;
    pool->start_done = false;
    pthread_t *thread = &pool->threads[pool->running];
    SP_TRY(http_thread_start(op, pool->config.name, pool->config.stack_bytes, run_thread, pool, thread));
    pthread_mutex_lock(&pool->lock);
    while (!pool->start_done)
        pthread_cond_wait(&pool->started, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    if (pool->start_error)
        pthread_join(*thread, NULL);
    else
        pool->running++;
    return pool->start_error;
}

struct sp_err *http_pool_create(struct sp_op *op, const struct http_pool_config *config, struct http_pool **ret_pool)
{
    struct http_pool *pool = sp_heap_new(1, sizeof(*pool));
    if (!pool)
        return sp_err_no_memory();
    pool->config = *config;
    pthread_mutex_init(&pool->lock, NULL);
    http_cond_init(&pool->work);
    http_cond_init(&pool->started);
    pool->threads = sp_heap_new(config->threads, sizeof(*pool->threads));
    struct sp_err *err = pool->threads ? NULL : sp_err_no_memory();
    while (!err && pool->running < config->threads)
        err = start_thread(op, pool);
    if (err) {
        http_pool_stop(pool, INT32_MAX);
        http_pool_destroy(pool);
        return err;
    }
    *ret_pool = pool;
    return NULL;
}

static void append(struct http_pool *pool, struct http_job *job)
{
    job->next = NULL;
    if (pool->tail)
        pool->tail->next = job;
    else
        pool->head = job;
    pool->tail = job;
    pool->waiting++;
    if (pool->idle)
        pthread_cond_signal(&pool->work);
}

bool http_pool_push(struct http_pool *pool, struct http_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool room = !pool->stopped && pool->waiting < pool->config.queue_max + pool->idle;
    if (room)
        append(pool, job);
    pthread_mutex_unlock(&pool->lock);
    return room;
}

void http_pool_push_always(struct http_pool *pool, struct http_job *job)
{
    pthread_mutex_lock(&pool->lock);
    bool stopped = pool->stopped;
    if (!stopped)
        append(pool, job);
    pthread_mutex_unlock(&pool->lock);
    if (stopped)
        job->run(job, NULL);
}

unsigned http_pool_waiting(struct http_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    unsigned waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

unsigned http_pool_busy(struct http_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    unsigned busy = pool->busy;
    pthread_mutex_unlock(&pool->lock);
    return busy;
}

bool http_pool_stop(struct http_pool *pool, int64_t timeout_ms)
{
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    int64_t deadline_ms = sp_clock_mono_ms() + timeout_ms;
    for (unsigned i = pool->running; i-- > 0;) {
        int64_t left_ms = deadline_ms - sp_clock_mono_ms();
        if (http_thread_join_within(pool->threads[i], left_ms > 0 ? left_ms : 0))
            pool->threads[i] = pool->threads[--pool->running];
    }
    bool all = pool->running == 0;
    pthread_mutex_lock(&pool->lock);
    pool->stopped = all;
    pthread_mutex_unlock(&pool->lock);
    return all;
}

void http_pool_destroy(struct http_pool *pool)
{
    if (!pool)
        return;
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->started);
    pthread_mutex_destroy(&pool->lock);
    sp_heap_free(pool->threads);
    sp_heap_free(pool);
}
