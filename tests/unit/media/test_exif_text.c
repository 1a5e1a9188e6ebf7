/* exif_text.h: what cameras and editors really write, and what they should not. */
#include "media/exif_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/encode.h"

static int64_t ms_of(const char *iso)
{
    int64_t ms;
    assert_true(sp_time_parse(iso, &ms));
    return ms;
}

static void cleans_text(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } samples[] = {
        {"Canon", "Canon"},
        {"  NIKON CORPORATION \n", "NIKON CORPORATION"},
        {"", ""},
        {" \t\r\n ", ""},
        {"Zürich", "Zürich"},
        {"Z\xfcrich", "Zürich"}, /* Latin-1 */
        {"a\x01g\x7f\x1b[31m", "a g  [31m"},
        {"line\nline", "line\nline"},
        {"c1 \xc2\x80\xc2\x9f end", "c1      end"},
        {"no-break\xc2\xa0space", "no-break\xc2\xa0space"},
        {"lang=\"x-default\" At the lake", "At the lake"},
        {"lang=\"x-default\"", ""},
        {"x\xed\xa0\x80y", "xí\xc2\xa0  y"}, /* a surrogate is no UTF-8; 0x80 is a control character */
    };
    for (size_t i = 0; i < SP_COUNT(samples); i++) {
        char text[64];
        exif_clean_text(text, sizeof(text), samples[i].from);
        assert_string_equal(text, samples[i].to);
    }
}

/* Whatever the capacity, the result is whole characters. */
static void cuts_between_characters(void **state)
{
    (void)state;
    static const char *const texts[] = {"aä€😀ä€😀", "\xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4", "plain plain plain"};
    for (size_t i = 0; i < SP_COUNT(texts); i++)
        for (size_t capacity = 1; capacity < 24; capacity++) {
            char text[24];
            memset(text, 'x', sizeof(text));
            exif_clean_text(text, capacity, texts[i]);
            size_t length = strnlen(text, capacity);
            assert_true(length < capacity);
            assert_true(sp_utf8_valid(text, length));
            for (size_t j = capacity; j < sizeof(text); j++)
                assert_int_equal(text[j], 'x');
        }
    char text[4];
    exif_clean_text(text, sizeof(text), "ä€");
    assert_string_equal(text, "ä");
}

static void reads_times(void **state)
{
    (void)state;
    static const struct {
        const char *text, *iso;
    } samples[] = {
        {"2024:05:01 12:34:56", "2024-05-01T12:34:56Z"},
        {"  2024:05:01 12:34:56", "2024-05-01T12:34:56Z"},
        {"2024-05-01T12:34:56", "2024-05-01T12:34:56Z"},
        {"2024-05-01T12:34:56.789+02:00", "2024-05-01T12:34:56.789Z"},
        {"2024-05-01T12:34:56.7891234", "2024-05-01T12:34:56.789Z"},
        {"2024:05:01 12:34:56.", "2024-05-01T12:34:56Z"},
        {"2024:02:29 00:00:00", "2024-02-29T00:00:00Z"},
        {"1839:01:01 00:00:00", "1839-01-01T00:00:00Z"},
    };
    for (size_t i = 0; i < SP_COUNT(samples); i++) {
        int64_t ms;
        assert_true(exif_parse_time(samples[i].text, &ms));
        assert_int_equal(ms, ms_of(samples[i].iso));
    }
}

static void refuses_no_times(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "2023:02:29 00:00:00",
        "2024:13:01 00:00:00",
        "2024:05:01 24:00:01",
        "2024:05:01",
        "2024:05:01 12:34",
        "24:05:01 12:34:56",
        "2024:05:01_12:34:56",
        "1700:01:01 00:00:00",
        "+024:05:01 12:34:56",
        "2024:-5:01 12:34:56",
    };
    for (size_t i = 0; i < SP_COUNT(texts); i++) {
        int64_t ms = 42;
        assert_false(exif_parse_time(texts[i], &ms));
        assert_int_equal(ms, 42);
    }
}

static void reads_fractions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } samples[] = {{"7", 700}, {"78", 780}, {"789", 789}, {"78912345678901234567890", 789}, {" 05 ", 50}, {"000", 0}};
    int64_t ms = 42;
    assert_false(exif_parse_fraction("", &ms));
    assert_false(exif_parse_fraction("-1", &ms));
    assert_int_equal(ms, 42);
    for (size_t i = 0; i < SP_COUNT(samples); i++) {
        assert_true(exif_parse_fraction(samples[i].text, &ms));
        assert_int_equal(ms, samples[i].ms);
    }
}

static void reads_offsets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t minutes;
    } samples[] = {{"+02:00", 120},    {"-03:30", -210}, {"+0545", 345},
                   {"Z", 0},           {"-00:00", 0},    {"2024-05-01T12:34:56-07:00", -420},
                   {"+14:00", 14 * 60}};
    static const char *const wrong[] = {"", "02:00", "+2:00", "+15:00", "+02:60", "2024-05-01T12:34:56", "+", "-1"};
    for (size_t i = 0; i < SP_COUNT(samples); i++) {
        int32_t minutes;
        assert_true(exif_parse_offset(samples[i].text, &minutes));
        assert_int_equal(minutes, samples[i].minutes);
    }
    for (size_t i = 0; i < SP_COUNT(wrong); i++) {
        int32_t minutes = 42;
        assert_false(exif_parse_offset(wrong[i], &minutes));
        assert_int_equal(minutes, 42);
    }
}

static void finds_offsets_by_the_satellites(void **state)
{
    (void)state;
    int32_t minutes = 42;
    int64_t utc = ms_of("2024-05-01T10:00:00Z");
    assert_true(exif_offset_between(ms_of("2024-05-01T12:00:03Z"), utc, &minutes));
    assert_int_equal(minutes, 120);
    assert_true(exif_offset_between(ms_of("2024-05-01T15:43:00Z"), utc, &minutes)); /* Kathmandu, two minutes off */
    assert_int_equal(minutes, 345);
    assert_true(exif_offset_between(ms_of("2024-04-30T22:30:00Z"), utc, &minutes));
    assert_int_equal(minutes, -690);
    minutes = 42;
    assert_false(exif_offset_between(ms_of("2024-05-01T12:08:00Z"), utc, &minutes));
    assert_false(exif_offset_between(ms_of("2024-05-02T01:00:00Z"), utc, &minutes)); /* +15:00 */
    assert_false(exif_offset_between(ms_of("2009-01-01T00:00:00Z"), utc, &minutes));
    assert_false(exif_offset_between(INT64_MAX, INT64_MIN, &minutes));
    assert_int_equal(minutes, 42);
}

static void formats_exposures(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } samples[] = {{1.0 / 250, "1/250"}, {0.25, "1/4"}, {0.4, "0.4"}, {1, "1"},  {30, "30"},
                   {2.5, "2.5"},         {0, ""},       {-1, ""},     {1e9, ""}, {1e-12, ""}};
    for (size_t i = 0; i < SP_COUNT(samples); i++) {
        char text[32];
        exif_format_exposure(samples[i].seconds, text, sizeof(text));
        assert_string_equal(text, samples[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleans_text),       cmocka_unit_test(cuts_between_characters),
        cmocka_unit_test(reads_times),       cmocka_unit_test(refuses_no_times),
        cmocka_unit_test(reads_fractions),   cmocka_unit_test(reads_offsets),
        cmocka_unit_test(formats_exposures), cmocka_unit_test(finds_offsets_by_the_satellites),
    };
    return cmocka_run_group_tests_name("media/exif_text", tests, NULL, NULL);
}
