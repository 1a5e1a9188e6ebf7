/* Digests by libcrypto's EVP; see hash.h. BLAKE2b-256 comes from libsodium: EVP's is 512 bits only. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <sodium.h>

#include "base/op.h"

struct sp_hash {
    EVP_MD_CTX *evp;                   /* NULL: blake2b */
    crypto_generichash_state *blake2b; /* NULL: evp */
};

static void release_evp(void *evp) { EVP_MD_CTX_free(evp); }

/* libsodium's state must lie at a multiple of 64, the arena gives multiples of 16. */
static struct sp_err *init_blake2b(struct sp_op *op, struct sp_hash *hash)
{
    const size_t alignment = _Alignof(crypto_generichash_state);
    char *space = sp_alloc(op, 1, sizeof(*hash->blake2b) + alignment);
    SP_OWN(space);
    hash->blake2b = (void *)(space + (alignment - (uintptr_t)space % alignment) % alignment);
    crypto_generichash_init(hash->blake2b, NULL, 0, SP_BLAKE2B_256_BYTES);
    return NULL;
}

struct sp_err *sp_hash_create(struct sp_op *op, enum sp_hash_kind kind, struct sp_hash **ret_hash)
{
    struct sp_hash *hash;
    SP_NEW(op, hash);
    if (kind == SP_BLAKE2B_256) {
        SP_TRY(init_blake2b(op, hash));
    } else {
        hash->evp = EVP_MD_CTX_new();
        if (!hash->evp)
            return sp_err_no_memory();
        SP_TRY(sp_defer(op, release_evp, hash->evp));
        if (EVP_DigestInit_ex(hash->evp, kind == SP_SHA1 ? EVP_sha1() : EVP_sha256(), NULL) != 1)
            return sp_fail_internal(op, "EVP_DigestInit_ex refused digest %d", (int)kind);
    }
    *ret_hash = hash;
    return NULL;
}

struct sp_err *sp_hash_update(struct sp_op *op, struct sp_hash *hash, const void *data, size_t size)
{
    if (!hash->evp)
        crypto_generichash_update(hash->blake2b, data, size);
    else if (EVP_DigestUpdate(hash->evp, data, size) != 1)
        return sp_fail_internal(op, "EVP_DigestUpdate failed");
    return NULL;
}

struct sp_err *sp_hash_final(struct sp_op *op, struct sp_hash *hash, uint8_t *ret_digest)
{
    if (!hash->evp)
        crypto_generichash_final(hash->blake2b, ret_digest, SP_BLAKE2B_256_BYTES);
    else if (EVP_DigestFinal_ex(hash->evp, ret_digest, NULL) != 1)
        return sp_fail_internal(op, "EVP_DigestFinal_ex failed");
    return NULL;
}

struct sp_err *sp_hash_of(struct sp_op *op, enum sp_hash_kind kind, const void *data, size_t size, uint8_t *ret_digest)
{
    struct sp_hash *hash;
    SP_TRY(sp_hash_create(op, kind, &hash));
    SP_TRY(sp_hash_update(op, hash, data, size));
    return sp_hash_final(op, hash, ret_digest);
}
