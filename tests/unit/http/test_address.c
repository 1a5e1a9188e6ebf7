/* Addresses, networks, and the client behind trusted proxies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"
#include "base/op.h"
#include "http/address.h"

static struct sp_op *op;

static struct http_address address(const char *text)
{
    struct http_address result;
    assert_true(http_address_parse(text, strlen(text), &result));
    return result;
}

static const char *formatted(struct http_address value)
{
    static char text[HTTP_ADDRESS_TEXT_BYTES];
    http_address_format(&value, text);
    return text;
}

static void parses_and_formats(void **state)
{
    assert_string_equal(formatted(address("192.0.2.1")), "192.0.2.1");
    assert_string_equal(formatted(address("192.0.2.1:8080")), "192.0.2.1");
    assert_string_equal(formatted(address("2001:DB8::1")), "2001:db8::1");
    assert_string_equal(formatted(address("[2001:db8::1]:443")), "2001:db8::1");
    assert_string_equal(formatted(address("::ffff:192.0.2.1")), "192.0.2.1");
    const char *bad[] = {"", "x", "1.2.3", "1.2.3.4.5", "[::1", "[::1]x", "::1::", "999.1.1.1", "unknown", "_hidden"};
    struct http_address result;
    for (size_t i = 0; i < SP_COUNT(bad); i++)
        assert_false(http_address_parse(bad[i], strlen(bad[i]), &result));
}

static void tells_clients_apart(void **state)
{
    struct http_address a = address("192.0.2.1"), b = address("192.0.2.2"), c = address("2001:db8::1"),
                        d = address("2001:db8::ffff:1"), e = address("2001:db8:0:1::1");
    assert_true(http_address_same_client(&a, &a));
    assert_false(http_address_same_client(&a, &b));
    assert_true(http_address_same_client(&c, &d));
    assert_false(http_address_same_client(&c, &e));
    assert_false(http_address_same_client(&a, &c));
    struct http_address loops[] = {address("127.0.0.1"), address("127.9.9.9"), address("::1")};
    for (size_t i = 0; i < SP_COUNT(loops); i++)
        assert_true(http_address_is_loopback(&loops[i]));
    assert_false(http_address_is_loopback(&a));
}

static bool inside(const char *list, const char *text)
{
    struct http_networks *networks;
    struct http_address one = address(text);
    assert_null(http_networks_create(op, list, &networks));
    bool found = http_networks_have(networks, &one);
    http_networks_destroy(networks);
    return found;
}

static void matches_networks(void **state)
{
    assert_true(inside("10.0.0.0/8", "10.255.0.1"));
    assert_false(inside("10.0.0.0/8", "11.0.0.1"));
    assert_true(inside("192.0.2.0/25 , 172.16.0.0/12", "172.31.255.255"));
    assert_false(inside("172.16.0.0/12", "172.32.0.0"));
    assert_true(inside("192.0.2.0/25", "192.0.2.127"));
    assert_false(inside("192.0.2.0/25", "192.0.2.128"));
    assert_true(inside("0.0.0.0/0", "1.2.3.4"));
    assert_false(inside("0.0.0.0/0", "2001:db8::1"));
    assert_true(inside("2001:db8::/32,::1", "2001:db8:ffff::1"));
    assert_true(inside("::/0", "1.2.3.4"));
    assert_true(inside("192.0.2.1", "192.0.2.1"));
    assert_false(inside("", "127.0.0.1"));
    assert_false(inside(NULL, "127.0.0.1"));
    const char *bad[] = {"x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "::1/129", "10.0.0.0/8;::1"};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        struct http_networks *none;
        assert_non_null(http_networks_create(op, bad[i], &none));
    }
}

static const char *client(const char *peer, const char *forwarded)
{
    struct http_networks *trusted;
    struct http_address from = address(peer);
    assert_null(http_networks_create(op, "10.0.0.0/8,127.0.0.1", &trusted));
    struct http_address result = http_forwarded_client(trusted, &from, forwarded);
    http_networks_destroy(trusted);
    return formatted(result);
}

static void finds_the_client_behind_proxies(void **state)
{
    assert_string_equal(client("127.0.0.1", NULL), "127.0.0.1");
    assert_string_equal(client("127.0.0.1", "192.0.2.9"), "192.0.2.9");
    assert_string_equal(client("127.0.0.1", "6.6.6.6, 192.0.2.9"), "192.0.2.9");
    assert_string_equal(client("127.0.0.1", "6.6.6.6,192.0.2.9 , 10.1.1.1"), "192.0.2.9");
    assert_string_equal(client("127.0.0.1", "10.2.2.2, 10.1.1.1"), "10.2.2.2");
    assert_string_equal(client("192.0.2.1", "6.6.6.6"), "192.0.2.1");
    assert_string_equal(client("127.0.0.1", "6.6.6.6, nonsense"), "127.0.0.1");
    assert_string_equal(client("127.0.0.1", "6.6.6.6, nonsense, 10.1.1.1"), "10.1.1.1");
    assert_string_equal(client("127.0.0.1", ", ,"), "127.0.0.1");
    assert_string_equal(client("127.0.0.1", "[2001:db8::7]:1234"), "2001:db8::7");
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
        cmocka_unit_test(parses_and_formats),
        cmocka_unit_test(tells_clients_apart),
        cmocka_unit_test(matches_networks),
        cmocka_unit_test(finds_the_client_behind_proxies),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
