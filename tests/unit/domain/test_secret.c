/* Passwords verify against their own hash alone; tokens are long, fresh and reproducibly hashed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/op.h"
#include "domain/principal.h"
#include "domain/secret.h"

static int start(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    *state = op;
    return op && !secret_init(op) ? 0 : -1;
}

static int stop(void **state)
{
    sp_op_destroy(*state);
    return 0;
}

static void password_verifies_against_its_own_hash_alone(void **state)
{
    const char *hash, *other;
    assert_null(secret_hash_password(*state, "correct horse", &hash));
    assert_null(secret_hash_password(*state, "correct horse", &other));
    assert_string_not_equal(hash, other); /* salted */
    assert_int_equal(strncmp(hash, "$argon2id$", 10), 0);
    assert_true(secret_verify_password(hash, "correct horse"));
    assert_false(secret_verify_password(hash, "correct horsf"));
    assert_false(secret_verify_password(hash, ""));
}

static void nobody_has_no_password(void **state) { assert_false(secret_verify_password(NULL, "nobody")); }

static void token_is_fresh_and_its_hash_is_found_again(void **state)
{
    struct secret_token a, b;
    uint8_t hash[SP_SHA256_BYTES];
    assert_null(secret_new_token(*state, &a));
    assert_null(secret_new_token(*state, &b));
    assert_int_equal(strlen(a.text), 43); /* 32 bytes */
    assert_string_not_equal(a.text, b.text);
    assert_null(secret_token_hash(*state, a.text, hash));
    assert_memory_equal(hash, a.hash, sizeof(hash));
}

static void key_may_what_it_lists_and_a_session_everything(void **state)
{
    const char *listed[] = {"album.read"};
    const struct principal key = {.kind = PRINCIPAL_API_KEY, .permissions = {listed, 1}};
    const struct principal session = {.kind = PRINCIPAL_SESSION, .all_permissions = true};
    assert_true(principal_may(&key, "album.read"));
    assert_false(principal_may(&key, "album.readx"));
    assert_true(principal_may(&session, "album.delete"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(password_verifies_against_its_own_hash_alone),
        cmocka_unit_test(nobody_has_no_password),
        cmocka_unit_test(token_is_fresh_and_its_hash_is_found_again),
        cmocka_unit_test(key_may_what_it_lists_and_a_session_everything),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
