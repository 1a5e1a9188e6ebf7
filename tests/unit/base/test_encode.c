/* Hex, base64, percent encoding and UTF-8: the RFCs' own vectors, and what is nearly right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/encode.h"
#include "base/op.h"

static struct sp_op *op;

static int set_up(void **state) { return !(op = sp_op_create(SP_OP_BUDGET_DEFAULT)); }

static int tear_down(void **state)
{
    sp_op_destroy(op);
    return 0;
}

/* RFC 4648 section 10 */
static const char *const vectors[][3] = {
    {"", "", ""},
    {"f", "Zg==", "66"},
    {"fo", "Zm8=", "666f"},
    {"foo", "Zm9v", "666f6f"},
    {"foob", "Zm9vYg==", "666f6f62"},
    {"fooba", "Zm9vYmE=", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "666f6f626172"},
};

static void the_vectors_of_rfc_4648(void **state)
{
    for (size_t i = 0; i < SP_COUNT(vectors); i++) {
        const uint8_t *data = (const uint8_t *)vectors[i][0];
        size_t size = strlen(vectors[i][0]), decoded;
        uint8_t out[16];
        assert_string_equal(sp_base64_encode(op, data, size), vectors[i][1]);
        assert_string_equal(sp_hex_encode(op, data, size), vectors[i][2]);
        assert_true(sp_base64_decode(vectors[i][1], out, sizeof(out), &decoded));
        assert_int_equal(decoded, size);
        assert_memory_equal(out, data, size);
        assert_true(sp_hex_decode(vectors[i][2], out, size));
        assert_memory_equal(out, data, size);
    }
}

static void every_byte_goes_there_and_back(void **state)
{
    uint8_t data[256], back[256];
    size_t size;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)i;
    assert_true(sp_base64_decode(sp_base64_encode(op, data, sizeof(data)), back, sizeof(back), &size));
    assert_memory_equal(data, back, sizeof(data));
    assert_true(sp_hex_decode(sp_hex_encode(op, data, sizeof(data)), back, sizeof(back)));
    assert_memory_equal(data, back, sizeof(data));
}

static void base64url_has_its_own_alphabet_and_no_padding(void **state)
{
    const uint8_t data[] = {0xfb, 0xff, 0xbf, 0xff};
    assert_string_equal(sp_base64url_encode(op, data, 4), "-_-__w");
    assert_string_equal(sp_base64_encode(op, data, 4), "+/+//w==");
}

static void wrong_base64_is_refused(void **state)
{
    static const char *const wrong[] = {"A",    "AA",   "AAA",    "Zg=",   "Zg===", "====",     "=Zg=",    "Z===",
                                        "Zh==", "Zm9=", "Zm9v\n", "Zm 9v", "Zm-_",  "Zg==Zg==", "Zm9vYg=A"};
    for (size_t i = 0; i < SP_COUNT(wrong); i++) {
        uint8_t out[16];
        size_t size = 42;
        assert_false(sp_base64_decode(wrong[i], out, sizeof(out), &size));
        assert_int_equal(size, 42);
    }
}

static void base64_stays_within_its_room(void **state)
{
    uint8_t out[4] = {1, 2, 3, 4};
    size_t size;
    assert_false(sp_base64_decode("Zm9vYg==", out, 3, &size));
    assert_true(sp_base64_decode("Zm9v", out, 3, &size));
    assert_int_equal(out[3], 4);
}

static void wrong_hex_is_refused(void **state)
{
    uint8_t out[2] = {7, 7};
    static const char *const wrong[] = {"", "a", "abc", "abcde", "abcg", "0x12", "ab c", "ABC:"};
    for (size_t i = 0; i < SP_COUNT(wrong); i++)
        assert_false(sp_hex_decode(wrong[i], out, 2));
    assert_int_equal(out[0], 7);
    assert_true(sp_hex_decode("aBCd", out, 2));
    assert_int_equal(out[0], 0xab);
    assert_int_equal(sp_hex_digit('G'), -1);
}

static void percent_decoding(void **state)
{
    static const struct {
        const char *in;
        bool plus;
        const char *out;
    } cases[] = {{"a%20b+c", true, "a b c"},
                 {"a%20b+c", false, "a b+c"},
                 {"%C3%A4%c3%b6", false, "\xc3\xa4\xc3\xb6"},
                 {"", false, ""},
                 {"%2541", false, "%41"},
                 {"100%25", false, "100%"}};
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        char *text = sp_strdup(op, cases[i].in);
        assert_true(sp_percent_decode(text, cases[i].plus));
        assert_string_equal(text, cases[i].out);
    }
}

static void wrong_percent_encoding_is_refused(void **state)
{
    static const char *const wrong[] = {"%",    "%4",   "%4g",     "a%",     "%%41",           "%00",          "a%00b",
                                        "%ff",  "%C3",  "%C3%28",  "%C0%80", "%ED%A0%80",      "%F4%90%80%80", "%u0041",
                                        "\xff", "% 41", "%E2%82%", "%+1",    "%F8%88%80%80%80"};
    for (size_t i = 0; i < SP_COUNT(wrong); i++)
        assert_false(sp_percent_decode(sp_strdup(op, wrong[i]), false));
}

static void percent_encoding_leaves_the_unreserved(void **state)
{
    assert_string_equal(sp_percent_encode(op, "Az09-._~"), "Az09-._~");
    assert_string_equal(sp_percent_encode(op, "a b/\xc3\xa4\"%"), "a%20b%2F%C3%A4%22%25");
    char *text = sp_percent_encode(op, "\x01\x7f\xf0\x9f\x8f\x94");
    assert_true(sp_percent_decode(text, true));
    assert_string_equal(text, "\x01\x7f\xf0\x9f\x8f\x94");
}

/* Unicode 15, table 3-7: the ends of every row, and one beyond. */
static void utf8_is_strict(void **state)
{
    static const char *const right[] = {"",
                                        "\x7f",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf"};
    static const char *const wrong[] = {"\x80",
                                        "\xc1\xbf",
                                        "\xc2",
                                        "\xc2\x41",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xe0\xa0",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xf0\x90\x80",
                                        "a\xff"};
    for (size_t i = 0; i < SP_COUNT(right); i++)
        assert_true(sp_utf8_valid(right[i], strlen(right[i])));
    for (size_t i = 0; i < SP_COUNT(wrong); i++)
        assert_false(sp_utf8_valid(wrong[i], strlen(wrong[i])));
    assert_int_equal(sp_utf8_length("Z\xc3\xbcrich \xf0\x9f\x8f\x94"), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648),
        cmocka_unit_test(every_byte_goes_there_and_back),
        cmocka_unit_test(base64url_has_its_own_alphabet_and_no_padding),
        cmocka_unit_test(wrong_base64_is_refused),
        cmocka_unit_test(base64_stays_within_its_room),
        cmocka_unit_test(wrong_hex_is_refused),
        cmocka_unit_test(percent_decoding),
        cmocka_unit_test(wrong_percent_encoding_is_refused),
        cmocka_unit_test(percent_encoding_leaves_the_unreserved),
        cmocka_unit_test(utf8_is_strict),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
