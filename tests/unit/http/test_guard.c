/* The guard: who is cut, who is not, and the limit per address. Socket pairs stand for connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/op.h"
#include "http/guard.h"

enum { HEADER_MS = 600, IDLE_MS = 500, RATE = 1000, LONG_MS = 5000, SHORT_MS = 1500 };

static struct sp_op *op;
static struct http_guard *guard;
static struct http_connection *connection;
static int ours, theirs;

static struct http_connection *add(int fd, const char *address, bool trusted)
{
    struct http_address peer;
    assert_true(http_address_parse(address, strlen(address), &peer));
    return http_guard_add(guard, fd, 0, &peer, trusted);
}

static int begin(void **state)
{
    const struct http_guard_config config = {HEADER_MS, IDLE_MS, RATE, 2};
    int pair[2];
    op = sp_op_create(1 << 20);
    if (!op || http_guard_create(op, &config, &guard) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        return -1;
    ours = pair[0];
    theirs = pair[1];
    connection = add(ours, "192.0.2.1", false);
    return connection && http_guard_attach(guard, ours) == connection ? 0 : -1;
}

static int end(void **state)
{
    http_guard_remove(guard, connection);
    http_guard_destroy(guard);
    sp_op_destroy(op);
    close(ours);
    close(theirs);
    return 0;
}

/* Milliseconds until the other side sees the cut, -1: it does not within timeout_ms. */
static int64_t cut_after(int timeout_ms)
{
    struct pollfd wait = {.fd = theirs, .events = POLLIN};
    int64_t began_ms = sp_clock_mono_ms();
    return poll(&wait, 1, timeout_ms) == 1 ? sp_clock_mono_ms() - began_ms : -1;
}

static void cuts_a_head_that_does_not_end(void **state)
{
    int64_t after_ms = cut_after(LONG_MS);
    assert_in_range(after_ms, HEADER_MS - 50, HEADER_MS + 700);
    assert_int_equal(http_guard_cuts(guard), 1);
}

static void cuts_an_idle_connection_later(void **state)
{
    http_guard_phase(connection, HTTP_PHASE_IDLE);
    int64_t after_ms = cut_after(LONG_MS);
    assert_in_range(after_ms, HEADER_MS + IDLE_MS - 50, HEADER_MS + IDLE_MS + 700);
}

static void never_cuts_while_it_is_our_turn(void **state)
{
    http_guard_phase(connection, HTTP_PHASE_BUSY);
    assert_int_equal(cut_after(SHORT_MS), -1);
    assert_int_equal(http_guard_cuts(guard), 0);
}

static void cuts_a_body_that_is_too_slow(void **state)
{
    http_guard_phase(connection, HTTP_PHASE_BODY);
    atomic_fetch_add(&connection->body_bytes, RATE / 10);
    assert_in_range(cut_after(LONG_MS), HEADER_MS - 250, 2 * HEADER_MS + 700);
}

static void spares_a_body_that_comes(void **state)
{
    int64_t until_ms = sp_clock_mono_ms() + SHORT_MS;
    while (sp_clock_mono_ms() < until_ms) {
        http_guard_phase(connection, HTTP_PHASE_BODY);
        atomic_fetch_add(&connection->body_bytes, RATE / 5);
        assert_int_equal(cut_after(100), -1);
    }
}

static void spares_a_body_that_waits_for_us(void **state)
{
    for (int i = 0; i < SHORT_MS / 100; i++) { /* a full buffer: hardly any time is the client's */
        http_guard_phase(connection, HTTP_PHASE_BODY);
        http_guard_phase(connection, HTTP_PHASE_BUSY);
        assert_int_equal(cut_after(100), -1);
    }
}

static void ends_lingering_in_time(void **state)
{
    atomic_store(&connection->cut_at_ms, sp_clock_mono_ms() + 400);
    http_guard_phase(connection, HTTP_PHASE_LINGER);
    assert_in_range(cut_after(LONG_MS), 350, 1100);
}

static void sees_that_a_peer_is_gone(void **state)
{
    struct pollfd wait = {.fd = ours};
    http_guard_phase(connection, HTTP_PHASE_IDLE);
    shutdown(theirs, SHUT_WR);
    assert_int_equal(poll(&wait, 1, LONG_MS), 1); /* shut down in both directions: POLLHUP */
    assert_int_equal(http_guard_cuts(guard), 0);
}

static void limits_connections_per_client(void **state)
{
    struct http_connection *second = add(1001, "192.0.2.1", false);
    assert_non_null(second);
    assert_null(add(1002, "192.0.2.1", false));
    struct http_connection *proxy = add(1003, "192.0.2.1", true), *other = add(1004, "192.0.2.2", false);
    assert_non_null(proxy);
    assert_non_null(other);
    http_guard_remove(guard, second);
    struct http_connection *again = add(1002, "192.0.2.1", false);
    assert_non_null(again);
    assert_int_equal(http_guard_connections(guard), 4);
    http_guard_remove(guard, proxy);
    http_guard_remove(guard, other);
    http_guard_remove(guard, again);
}

static void forgets_a_socket_that_was_never_taken_over(void **state)
{
    assert_non_null(add(1001, "192.0.2.1", false));
    struct http_connection *reused = add(1001, "192.0.2.1", false); /* the kernel gave the number out again */
    assert_non_null(reused);
    assert_int_equal(http_guard_connections(guard), 2);
    http_guard_remove(guard, reused);
}

int main(void)
{
#define GUARDED(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        GUARDED(cuts_a_head_that_does_not_end),   GUARDED(cuts_an_idle_connection_later),
        GUARDED(never_cuts_while_it_is_our_turn), GUARDED(cuts_a_body_that_is_too_slow),
        GUARDED(spares_a_body_that_comes),        GUARDED(spares_a_body_that_waits_for_us),
        GUARDED(ends_lingering_in_time),          GUARDED(sees_that_a_peer_is_gone),
        GUARDED(limits_connections_per_client),   GUARDED(forgets_a_socket_that_was_never_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
