/* Sliding windows in a real Redis. Run by: tools/with_redis.sh meson test */
#include "queue/limit.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/op.h"
#include "queue/redis.h"

enum { LONG_MS = 60 * 1000, SHORT_MS = 50 };

static struct sp_op *op;
static struct redis *redis;

static int set_up(void **state)
{
    (void)state;
    op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    static unsigned number; /* keys of its own for each test: others use this Redis at the same time */
    const char *prefix = sp_format(op, "limit-test:%d:%u:", (int)getpid(), number++);
    return redis_open(op, getenv("SWISSPHOTO_TEST_REDIS"), prefix, NULL, &redis) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    redis_close(redis);
    sp_op_destroy(op);
    return 0;
}

static int64_t take(const struct limit *limit, const char *key, const char *also, const char *event)
{
    int64_t wait_ms = -1;
    assert_null(limit_take(op, redis, limit, key, also, event, &wait_ms));
    return wait_ms;
}

static void test_it_is_full_after_the_maximum(void **state)
{
    (void)state;
    const struct limit limit = {2, LONG_MS};
    assert_int_equal(take(&limit, "a", "other", "1"), 0);
    assert_int_equal(take(&limit, "a", "other", "2"), 0);
    assert_in_range(take(&limit, "a", "other", "3"), 1, LONG_MS);
    assert_int_equal(take(&limit, "b", "other", "1"), 0);
}

static void test_what_was_given_back_makes_room(void **state)
{
    (void)state;
    const struct limit limit = {1, LONG_MS};
    assert_int_equal(take(&limit, "a", "other", "1"), 0);
    assert_null(limit_give_back(op, redis, "a", "1"));
    assert_null(limit_give_back(op, redis, "a", "unknown"));
    assert_int_equal(take(&limit, "a", "other", "2"), 0);
    assert_in_range(take(&limit, "a", "other", "3"), 1, LONG_MS);
}

static void test_a_full_other_key_refuses_and_takes_nothing(void **state)
{
    (void)state;
    const struct limit limit = {1, LONG_MS};
    assert_null(limit_add(op, redis, &limit, "other", "1"));
    assert_in_range(take(&limit, "a", "other", "1"), 1, LONG_MS);
    assert_int_equal(take(&limit, "a", "free", "1"), 0);
}

static void test_room_comes_when_the_oldest_is_too_old(void **state)
{
    (void)state;
    const struct limit limit = {1, SHORT_MS};
    assert_int_equal(take(&limit, "a", "other", "1"), 0);
    for (int64_t wait_ms, n = 2; (wait_ms = take(&limit, "a", "other", "2")) != 0; n++) {
        assert_in_range(wait_ms, 1, SHORT_MS);
        assert_in_range(n, 2, 1000);
        (void)poll(NULL, 0, (int)wait_ms);
    }
}

static void test_a_server_that_is_away_is_an_error(void **state)
{
    (void)state;
    const struct limit limit = {1, LONG_MS};
    struct redis *nobody;
    int64_t wait_ms = 7;
    assert_null(redis_open(op, "unix:///nobody/listens.sock", "", NULL, &nobody));
    assert_non_null(limit_take(op, nobody, &limit, "a", "b", "1", &wait_ms));
    assert_int_equal(wait_ms, 7);
    redis_close(nobody);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_is_full_after_the_maximum),
        TEST(test_what_was_given_back_makes_room),
        TEST(test_a_full_other_key_refuses_and_takes_nothing),
        TEST(test_room_comes_when_the_oldest_is_too_old),
        TEST(test_a_server_that_is_away_is_an_error),
    };
    if (!getenv("SWISSPHOTO_TEST_REDIS")) {
        printf("1..0 # SKIP run me by tools/with_redis.sh\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
