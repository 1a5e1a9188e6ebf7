/*
 * Digests, streamed: SHA-1 (the contract's checksum), SHA-256 (tokens and keys at rest) and BLAKE2b-256 (SwissPhoto's
 * own integrity checks). By OpenSSL's libcrypto. An object is used by one thread at a time.
 */
#ifndef SP_BASE_HASH_H
#define SP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct sp_op;
struct sp_err;
struct sp_hash;

enum sp_hash_kind { SP_SHA1, SP_SHA256, SP_BLAKE2B_256 };
enum { SP_SHA1_BYTES = 20, SP_SHA256_BYTES = 32, SP_BLAKE2B_256_BYTES = 32 };

/* Released with the operation. */
SP_MUST_CHECK struct sp_err *sp_hash_create(struct sp_op *op, enum sp_hash_kind kind, struct sp_hash **ret_hash);
SP_MUST_CHECK struct sp_err *sp_hash_update(struct sp_op *op, struct sp_hash *hash, const void *data, size_t size);
/* Writes as many bytes as the kind has; afterwards the object is spent. */
SP_MUST_CHECK struct sp_err *sp_hash_final(struct sp_op *op, struct sp_hash *hash, uint8_t *ret_digest);
/* All at once. */
SP_MUST_CHECK struct sp_err *sp_hash_of(struct sp_op *op, enum sp_hash_kind kind, const void *data, size_t size,
                                        uint8_t *ret_digest);

#endif
