/* UUIDs: version 4's fixed bits, and a parser that takes the one form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/uuid.h"

static void version_4_has_its_bits_and_is_new(void **state)
{
    struct sp_uuid seen[100];
    for (size_t i = 0; i < SP_COUNT(seen); i++) {
        seen[i] = sp_uuid_v4();
        assert_int_equal(seen[i].bytes[6] >> 4, 4);
        assert_int_equal(seen[i].bytes[8] >> 6, 2);
        for (size_t j = 0; j < i; j++)
            assert_false(sp_uuid_equal(&seen[i], &seen[j]));
    }
}

static void goes_to_text_and_back(void **state)
{
    struct sp_uuid uuid, back;
    char text[SP_UUID_TEXT_BYTES];
    assert_true(sp_uuid_parse("01234567-89AB-cdef-0123-456789abcdEF", &uuid));
    assert_int_equal(uuid.bytes[0], 0x01);
    assert_int_equal(uuid.bytes[15], 0xef);
    sp_uuid_format(&uuid, text);
    assert_string_equal(text, "01234567-89ab-cdef-0123-456789abcdef");
    assert_true(sp_uuid_parse(text, &back));
    assert_true(sp_uuid_equal(&uuid, &back));
}

static void other_forms_are_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "0",
        "01234567",
        "01234567-89ab-cdef-0123-456789abcde",
        "01234567-89ab-cdef-0123-456789abcdef0",
        "01234567-89ab-cdef-0123-456789abcdeg",
        "{01234567-89ab-cdef-0123-456789abcdef}",
        "0123456789abcdef0123456789abcdef",
        "01234567089ab0cdef001230456789abcdef",
        " 1234567-89ab-cdef-0123-456789abcdef",
    };
    for (size_t i = 0; i < SP_COUNT(wrong); i++) {
        struct sp_uuid uuid = {{42}};
        assert_false(sp_uuid_parse(wrong[i], &uuid));
        assert_int_equal(uuid.bytes[0], 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_4_has_its_bits_and_is_new),
        cmocka_unit_test(goes_to_text_and_back),
        cmocka_unit_test(other_forms_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
