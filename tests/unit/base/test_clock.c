/* The calendar and the ISO 8601 forms that clients send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"

static void formats_and_parses_back(void **state)
{
    const sp_time_ms samples[] = {0, -1, 1714566896789, 253402300799999, -62167219200000};
    for (size_t i = 0; i < SP_COUNT(samples); i++) {
        char text[SP_ISO_TIME_BYTES];
        sp_time_ms back = 1;
        sp_time_format(samples[i], text);
        assert_true(sp_time_parse(text, &back));
        assert_int_equal(back, samples[i]);
    }
}

static void parses_what_clients_send(void **state)
{
    sp_time_ms time;
    assert_true(sp_time_parse("2024-05-01T14:34:56.789+02:00", &time));
    assert_int_equal(time, 1714566896789);
    assert_true(sp_time_parse("2024-05-01", &time));
    assert_int_equal(time, 1714521600000);
    assert_true(sp_time_parse("2024-02-29T00:00:00.123456Z", &time));
    assert_int_equal(time % 1000, 123);
}

static void refuses_what_is_no_date(void **state)
{
    const char *bad[] = {"",
                         "2024",
                         "2023-02-29",
                         "2024-13-01T00:00:00Z",
                         "2024-05-01T24:00:00Z",
                         "2024-05-01T00:00:00",
                         "2024-05-01T00:00:00Zx",
                         "2024-05-01T00:00:00.Z",
                         "-024-05-01"};
    for (size_t i = 0; i < SP_COUNT(bad); i++) {
        sp_time_ms time = 42;
        assert_false(sp_time_parse(bad[i], &time));
        assert_int_equal(time, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_parses_back),
        cmocka_unit_test(parses_what_clients_send),
        cmocka_unit_test(refuses_what_is_no_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
