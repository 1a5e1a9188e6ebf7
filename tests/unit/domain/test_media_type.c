/* The extension decides, in either case; what has no row is not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/media_type.h"

static void finds_by_extension_in_either_case(void **state)
{
    assert_string_equal(media_type_of_name("IMG_1.JPG")->mime, "image/jpeg");
    assert_string_equal(media_type_of_name("a.b.heic")->mime, "image/heic");
    assert_int_equal(media_type_of_name("x.MOV")->class, MEDIA_VIDEO);
    assert_int_equal(media_type_of_name("x.dng")->class, MEDIA_RAW);
    assert_int_equal(media_type_of_name("x.jpg.xmp")->class, MEDIA_SIDECAR);
}

static void refuses_what_it_does_not_know(void **state)
{
    assert_null(media_type_of_name(""));
    assert_null(media_type_of_name("jpg"));
    assert_null(media_type_of_name("a.jpg.exe"));
    assert_null(media_type_of_name("a."));
}

static void table_is_lower_case_with_a_dot_and_without_doubles(void **state)
{
    size_t count;
    const struct media_type *types = media_types(&count);
    assert_true(count > 50);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(types[i].extension[0], '.');
        for (const char *c = types[i].extension; *c; c++)
            assert_false(*c >= 'A' && *c <= 'Z');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(types[i].extension, types[j].extension);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_extension_in_either_case),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(table_is_lower_case_with_a_dot_and_without_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
