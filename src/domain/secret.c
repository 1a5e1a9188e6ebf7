/* See secret.h. Called by auth.c and api_key.c on worker threads. */
#include "domain/secret.h"

#include <sodium.h>
#include <string.h>

#include "base/encode.h"
#include "base/op.h"

/* OWASP's first choice for Argon2id: 19 MiB, two passes. The server's memory budget does not bear libsodium's 64 MiB.
 */
enum { PASSWORD_OPSLIMIT = 2, PASSWORD_MEMLIMIT_BYTES = 19 * 1024 * 1024, TOKEN_BYTES = 32 };

/* Compared against when the account does not exist, so that the time does not tell. */
static char nobodys_hash[crypto_pwhash_STRBYTES];

static bool hash_password(char out[static crypto_pwhash_STRBYTES], const char *password)
{
    return crypto_pwhash_str_alg(out, password, strlen(password), PASSWORD_OPSLIMIT, PASSWORD_MEMLIMIT_BYTES,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
}

struct sp_err *secret_init(struct sp_op *op)
{
    if (sodium_init() < 0)
        return sp_fail_internal(op, "libsodium cannot be initialised");
    if (!hash_password(nobodys_hash, "nobody"))
        return sp_err_no_memory();
    return NULL;
}

struct sp_err *secret_hash_password(struct sp_op *op, const char *password, const char **ret_hash)
{
    char hash[crypto_pwhash_STRBYTES];
    if (!hash_password(hash, password))
        return sp_err_no_memory();
    *ret_hash = sp_strdup(op, hash);
    SP_OWN(*ret_hash);
    return NULL;
}

bool secret_verify_password(const char *hash, const char *password)
{
    bool right = crypto_pwhash_str_verify(hash ? hash : nobodys_hash, password, strlen(password)) == 0;
    return hash && right;
}

struct sp_err *secret_new_token(struct sp_op *op, struct secret_token *ret_token)
{
    uint8_t random[TOKEN_BYTES];
    randombytes_buf(random, sizeof(random));
    ret_token->text = sp_base64url_encode(op, random, sizeof(random));
    SP_OWN(ret_token->text);
    return secret_token_hash(op, ret_token->text, ret_token->hash);
}

struct sp_err *secret_token_hash(struct sp_op *op, const char *text, uint8_t ret_hash[static SP_SHA256_BYTES])
{
    return sp_hash_of(op, SP_SHA256, text, strlen(text), ret_hash);
}
