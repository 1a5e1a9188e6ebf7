/* Digests against the standards' vectors, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/attr.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/op.h"

/* FIPS 180-4 examples; BLAKE2b-256 of "abc" by the reference implementation (b2sum -l 256) */
static const struct {
    enum sp_hash_kind kind;
    size_t size;
    const char *text, *hex;
} vectors[] = {
    {SP_SHA1, SP_SHA1_BYTES, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {SP_SHA1, SP_SHA1_BYTES, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {SP_SHA1, SP_SHA1_BYTES, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {SP_SHA256, SP_SHA256_BYTES, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {SP_SHA256, SP_SHA256_BYTES, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {SP_BLAKE2B_256, SP_BLAKE2B_256_BYTES, "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"},
    {SP_BLAKE2B_256, SP_BLAKE2B_256_BYTES, "", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
};

static void the_standards_vectors(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    for (size_t i = 0; i < SP_COUNT(vectors); i++) {
        uint8_t digest[SP_SHA256_BYTES];
        assert_null(sp_hash_of(op, vectors[i].kind, vectors[i].text, strlen(vectors[i].text), digest));
        assert_string_equal(sp_hex_encode(op, digest, vectors[i].size), vectors[i].hex);
    }
    sp_op_destroy(op);
}

static void pieces_are_the_whole(void **state)
{
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    unsigned char data[1000];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)(i * 7);
    for (int kind = SP_SHA1; kind <= SP_BLAKE2B_256; kind++) {
        uint8_t whole[SP_SHA256_BYTES] = {0}, pieces[SP_SHA256_BYTES] = {0};
        struct sp_hash *hash;
        assert_null(sp_hash_of(op, (enum sp_hash_kind)kind, data, sizeof(data), whole));
        assert_null(sp_hash_create(op, (enum sp_hash_kind)kind, &hash));
        for (size_t at = 0, step = 0; at < sizeof(data); at += step) {
            step = (step * 3 + 1) % 100;
            if (at + step > sizeof(data))
                step = sizeof(data) - at;
            assert_null(sp_hash_update(op, hash, data + at, step));
        }
        assert_null(sp_hash_final(op, hash, pieces));
        assert_memory_equal(whole, pieces, sizeof(whole));
    }
    sp_op_destroy(op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_vectors),
        cmocka_unit_test(pieces_are_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
