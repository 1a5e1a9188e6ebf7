/* The pool: order, refusal when full, its workers, and stopping with work left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"
#include "base/op.h"
#include "http/pool.h"

struct work {
    struct http_job job;
    int number;
};

static struct sp_op *op;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int started, stopped, done;
static int order[64];
static int fail_start_of; /* the how manieth start fails; 0: none */

static struct sp_err *start(struct sp_op *start_op, void *context, void **ret_worker)
{
    assert_ptr_equal(context, &order);
    if (atomic_fetch_add(&started, 1) + 1 == fail_start_of)
        return sp_fail(start_op, SP_UNAVAILABLE, "no database");
    *ret_worker = &started;
    return NULL;
}

static void stop(void *worker)
{
    assert_ptr_equal(worker, &started);
    atomic_fetch_add(&stopped, 1);
}

static void note(struct http_job *job, void *worker)
{
    struct work *work = (struct work *)job; /* its first member */
    order[atomic_fetch_add(&done, 1)] = work->number;
}

static void wait_for_gate(struct http_job *job, void *worker)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    note(job, worker);
}

static struct http_pool *make(unsigned threads, unsigned queue_max)
{
    const struct http_pool_config config = {.name = "test",
                                            .threads = threads,
                                            .queue_max = queue_max,
                                            .stack_bytes = 256 << 10,
                                            .context = &order,
                                            .start = start,
                                            .stop = stop};
    struct http_pool *pool = NULL;
    started = stopped = done = 0;
    assert_null(http_pool_create(op, &config, &pool));
    return pool;
}

static void refuses_when_full_and_keeps_the_order(void **state)
{
    struct work work[6];
    struct http_pool *pool = make(1, 3);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 6; i++)
        work[i] = (struct work){{.run = i == 0 ? wait_for_gate : note}, i};
    assert_true(http_pool_push(pool, &work[0].job));
    while (http_pool_busy(pool) == 0)
        ;
    for (int i = 1; i < 4; i++)
        assert_true(http_pool_push(pool, &work[i].job));
    assert_false(http_pool_push(pool, &work[4].job));
    http_pool_push_always(pool, &work[4].job);
    assert_int_equal(http_pool_waiting(pool), 4);
    pthread_mutex_unlock(&gate);
    assert_true(http_pool_stop(pool, 5000)); /* runs what waits */
    assert_int_equal(done, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(order[i], i);
    assert_int_equal(started, 1);
    assert_int_equal(stopped, 1);
    assert_false(http_pool_push(pool, &work[5].job));
    http_pool_push_always(pool, &work[5].job); /* on this thread */
    assert_int_equal(done, 6);
    http_pool_destroy(pool);
}

static void tells_that_a_thread_hangs(void **state)
{
    struct work work = {{.run = wait_for_gate}, 0};
    struct http_pool *pool = make(2, 4);
    pthread_mutex_lock(&gate);
    assert_true(http_pool_push(pool, &work.job));
    while (http_pool_busy(pool) == 0)
        ;
    assert_false(http_pool_stop(pool, 20));
    pthread_mutex_unlock(&gate);
    assert_true(http_pool_stop(pool, 5000));
    assert_int_equal(stopped, 2);
    http_pool_destroy(pool);
}

static void fails_as_a_whole(void **state)
{
    const struct http_pool_config config = {.name = "test",
                                            .threads = 4,
                                            .queue_max = 1,
                                            .stack_bytes = 256 << 10,
                                            .context = &order,
                                            .start = start,
                                            .stop = stop};
    struct http_pool *pool = NULL;
    started = stopped = 0;
    fail_start_of = 3;
    struct sp_err *err = http_pool_create(op, &config, &pool);
    fail_start_of = 0;
    assert_non_null(err);
    assert_string_equal(err->message, "no database");
    assert_null(pool);
    assert_int_equal(started, 3);
    assert_int_equal(stopped, 2);
}

static int setup(void **state)
{
    op = sp_op_create(1 << 20);
    return op ? 0 : -1;
}

static int teardown(void **state)
{
    sp_op_destroy(op);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_when_full_and_keeps_the_order),
        cmocka_unit_test(tells_that_a_thread_hangs),
        cmocka_unit_test(fails_as_a_whole),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
