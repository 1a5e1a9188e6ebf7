/*
 * Wrong passwords and PINs, counted: ten in 15 minutes for an account, and for an address, then nothing is compared any
 * more until the oldest is 15 minutes old. Counted in Redis; while that is away nothing is (people can still log in).
 * Called on worker threads, each with its own struct attempts.
 */
#ifndef SP_DOMAIN_ATTEMPT_H
#define SP_DOMAIN_ATTEMPT_H

#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

struct attempts;
struct sp_err;
struct sp_op;

/* Who tries: lives as long as the request. */
struct attempt_source {
    struct attempts *attempts; /* NULL: nothing is counted */
    const char *address;       /* of the client, as text */
    int64_t retry_after_s;     /* set when SP_THROTTLED is returned */
};

/* A PIN that somebody guesses wrong does not keep its owner from logging in, nor the other way round. */
enum attempt_kind { ATTEMPT_PASSWORD, ATTEMPT_PIN };

/* redis_url NULL or "": there is none. prefix is borrowed. */
SP_MUST_CHECK struct sp_err *attempts_open(struct sp_op *op, const char *redis_url, const char *prefix,
                                           struct attempts **ret_attempts);
void attempts_close(struct attempts *attempts); /* NULL is legal */
/*
 * Compares secret with hash (secret.h; NULL: there is no such account or secret, which counts and takes as long) and
 * counts what was wrong. account: an address in normal form, or an id. SP_THROTTLED: nothing was compared.
 */
SP_MUST_CHECK struct sp_err *attempt_verify(struct sp_op *op, struct attempt_source *source, enum attempt_kind kind,
                                            const char *account, const char *hash, const char *secret, bool *ret_right);

#endif
