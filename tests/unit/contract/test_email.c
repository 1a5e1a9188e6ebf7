/* What is an e-mail address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "contract/email.h"

static void accepts(void **state)
{
    const char *good[] = {"a@b.ch",      "first.last+tag@sub.example.org", "o'neil@example.com",
                          "x@localhost", "a@xn--bcher-kva.example",        "1@1.1"};
    for (size_t i = 0; i < SP_COUNT(good); i++)
        assert_true(schema_is_email(good[i]));
}

static void refuses(void **state)
{
    const char *bad[] = {"",
                         "a",
                         "@b.ch",
                         "a@",
                         "a@b..ch",
                         "a@.ch",
                         "a@b.ch.",
                         "a@-b.ch",
                         "a@b-.ch",
                         "a b@c.ch",
                         "a@b@c.ch",
                         "a@b_c.ch",
                         "ä@b.ch",
                         "a@b.ch\n",
                         "0123456789012345678901234567890123456789012345678901234567890123x@b.ch",
                         "a@0123456789012345678901234567890123456789012345678901234567890123.ch"};
    for (size_t i = 0; i < SP_COUNT(bad); i++)
        assert_false(schema_is_email(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepts), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
