/* running.h, backoff.h and stop.h: the small parts of the queue. */
#include "queue/running.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/op.h"
#include "queue/backoff.h"
#include "queue/stop.h"

static void test_leases_are_kept_while_time_is_left(void **state)
{
    struct running_jobs running;
    int64_t ids[RUNNING_MAX];
    (void)state;
    running_init(&running);
    assert_int_equal(running_list(&running, 0, ids), 0);
    running_begin(&running, 0, 11, 1000);
    running_begin(&running, RUNNING_MAX - 1, 22, 2000);
    assert_int_equal(running_list(&running, 999, ids), 2);
    assert_int_equal(ids[0], 11);
    assert_int_equal(ids[1], 22);
    assert_int_equal(running_list(&running, 1000, ids), 1); /* the first one hangs */
    assert_int_equal(ids[0], 22);
    running_end(&running, RUNNING_MAX - 1);
    assert_int_equal(running_list(&running, 0, ids), 1);
}

static void test_delays_double_up_to_the_most(void **state)
{
    (void)state;
    static const int64_t wanted[] = {100, 100, 200, 400, 800, 1000, 1000};
    for (int round = 0; round < 100; round++) {
        for (unsigned failures = 0; failures < SP_COUNT(wanted); failures++) {
            int64_t delay = backoff_ms(100, 1000, failures);
            assert_in_range(delay, wanted[failures], wanted[failures] + wanted[failures] / 4);
        }
    }
    assert_in_range(backoff_ms(5000, 3600000, 4000000000U), 3600000, 4500000);
}

static void test_a_stop_ends_every_wait(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    struct queue_stop stop;
    (void)state;
    assert_null(queue_stop_init(op, &stop));
    assert_false(queue_stop_is_raised(&stop));
    queue_stop_wait(&stop, 1);
    queue_stop_raise(&stop);
    queue_stop_raise(&stop);
    assert_true(queue_stop_is_raised(&stop));
    int64_t begin = sp_clock_mono_ms();
    queue_stop_wait(&stop, 60000);
    queue_stop_wait(&stop, 60000);
    assert_true(sp_clock_mono_ms() - begin < 10000);
    queue_stop_finish(&stop);
    sp_op_destroy(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leases_are_kept_while_time_is_left),
        cmocka_unit_test(test_delays_double_up_to_the_most),
        cmocka_unit_test(test_a_stop_ends_every_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
