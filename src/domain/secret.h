/*
 * Secrets that people and devices hold: passwords (Argon2id, RFC 9106, by libsodium) and tokens (32 random bytes as
 * text, of which only the SHA-256 is stored: full entropy needs no slow hash). Any thread after secret_init.
 */
#ifndef SP_DOMAIN_SECRET_H
#define SP_DOMAIN_SECRET_H

#include "base/attr.h"
#include "base/hash.h"
#include <stdbool.h>
#include <stdint.h>

struct sp_op;
struct sp_err;

enum { SECRET_PASSWORD_MAX_BYTES = 1024 };

struct secret_token {
    const char *text;              /* what the client gets, once */
    uint8_t hash[SP_SHA256_BYTES]; /* what is stored */
};

/* Once, before any thread starts. */
SP_MUST_CHECK struct sp_err *secret_init(struct sp_op *op);
/* An encoded Argon2id hash. Takes about 19 MiB for some tens of milliseconds. */
SP_MUST_CHECK struct sp_err *secret_hash_password(struct sp_op *op, const char *password, const char **ret_hash);
/* hash NULL: there is no such account; takes as long as a real comparison and says no. */
bool secret_verify_password(const char *hash, const char *password);
SP_MUST_CHECK struct sp_err *secret_new_token(struct sp_op *op, struct secret_token *ret_token);
SP_MUST_CHECK struct sp_err *secret_token_hash(struct sp_op *op, const char *text,
                                               uint8_t ret_hash[static SP_SHA256_BYTES]);

#endif
