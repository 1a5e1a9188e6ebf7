/* See attempt.h. Worker threads. */
#include "domain/attempt.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/op.h"
#include "base/uuid.h"
#include "domain/secret.h"
#include "queue/limit.h"
#include "queue/redis.h"

enum { WRONG_MAX = 10, WINDOW_MS = 15 * 60 * 1000, AWAY_PAUSE_MS = 5000, IPV6_CLIENT_BYTES = 8 };

struct attempts {
    struct redis *redis;
    int64_t away_until_ms; /* monotonic; a dead Redis must not slow down every login */
};

static const struct limit wrong_limit = {WRONG_MAX, WINDOW_MS};
/* Of all threads, so that one outage is one line of the log. */
static atomic_bool is_away;

struct sp_err *attempts_open(struct sp_op *op, const char *redis_url, const char *prefix,
                             struct attempts **ret_attempts)
{
    if (!redis_url || !*redis_url) {
        if (!atomic_exchange(&is_away, true))
            sp_log(SP_LOG_WARN, op, "wrong passwords are not counted: there is no redis-url", NULL);
        *ret_attempts = NULL;
        return NULL;
    }
    struct redis *redis;
    SP_TRY(redis_open(op, redis_url, prefix, NULL, &redis));
    struct attempts *attempts = sp_heap_new(1, sizeof(*attempts));
    if (!attempts) {
        redis_close(redis);
        return sp_err_no_memory();
    }
    attempts->redis = redis;
    *ret_attempts = attempts;
    return NULL;
}

void attempts_close(struct attempts *attempts)
{
    if (!attempts)
        return;
    redis_close(attempts->redis);
    sp_heap_free(attempts);
}

/* Counting failed: said once, and not tried again at once. */
static void note_away(struct sp_op *op, struct attempts *attempts, const struct sp_err *err)
{
    attempts->away_until_ms = sp_clock_mono_ms() + AWAY_PAUSE_MS;
    if (!atomic_exchange(&is_away, true))
        sp_log_err(SP_LOG_WARN, op, err, "wrong passwords are not counted while Redis is away");
}

static void note_back(struct sp_op *op)
{
    if (atomic_exchange(&is_away, false))
        sp_log(SP_LOG_INFO, op, "wrong passwords are counted again", NULL);
}

/* A household's IPv6 addresses share 64 bits (RFC 6177): counting single ones would count nothing. */
static struct sp_err *address_key(struct sp_op *op, const char *address, const char **ret_key)
{
    struct in6_addr six;
    const char *client = address;
    if (inet_pton(AF_INET6, address, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
        client = sp_hex_encode(op, six.s6_addr, IPV6_CLIENT_BYTES);
        SP_OWN(client);
    }
    *ret_key = sp_format(op, "attempts:address:%s", client);
    SP_OWN(*ret_key);
    return NULL;
}

/* Hashed: who reads Redis does not learn who has an account. */
static struct sp_err *account_key(struct sp_op *op, enum attempt_kind kind, const char *account, const char **ret_key)
{
    uint8_t hash[SP_SHA256_BYTES];
    SP_TRY(secret_token_hash(op, account, hash));
    const char *hex = sp_hex_encode(op, hash, sizeof(hash));
    SP_OWN(hex);
    *ret_key = sp_format(op, "attempts:%s:%s", kind == ATTEMPT_PIN ? "pin" : "password", hex);
    SP_OWN(*ret_key);
    return NULL;
}

struct count {
    const char *account, *address; /* keys */
    char event[SP_UUID_TEXT_BYTES];
    bool taken;
};

/*
 * Of an account every try counts as wrong until it was right: a hundred at once are not a hundred guesses. Of an
 * address only what was wrong counts, afterwards: a household that logs in at once is no attack, and how many tries can
 * pass beside each other is bounded by the workers.
 */
static struct sp_err *take(struct sp_op *op, struct attempt_source *source, struct count *count)
{
    struct attempts *attempts = source->attempts;
    if (!attempts || attempts->away_until_ms > sp_clock_mono_ms())
        return NULL;
    int64_t wait_ms;
    struct sp_err *err =
        limit_take(op, attempts->redis, &wrong_limit, count->account, count->address, count->event, &wait_ms);
    if (err) {
        note_away(op, attempts, err);
        return NULL;
    }
    note_back(op);
    count->taken = wait_ms <= 0;
    if (count->taken)
        return NULL;
    source->retry_after_s = (wait_ms + 999) / 1000;
    return sp_fail(op, SP_THROTTLED, "Too many wrong passwords or PINs. Try again in %d minutes.",
                   (int)((source->retry_after_s + 59) / 60));
}

static void settle(struct sp_op *op, struct attempts *attempts, const struct count *count, bool right)
{
    if (!count->taken)
        return;
    struct sp_err *err = right ? limit_give_back(op, attempts->redis, count->account, count->event)
                               : limit_add(op, attempts->redis, &wrong_limit, count->address, count->event);
    if (err)
        note_away(op, attempts, err);
}

struct sp_err *attempt_verify(struct sp_op *op, struct attempt_source *source, enum attempt_kind kind,
                              const char *account, const char *hash, const char *secret, bool *ret_right)
{
    struct count count = {0};
    const struct sp_uuid event = sp_uuid_v4();
    sp_uuid_format(&event, count.event);
    SP_TRY(account_key(op, kind, account, &count.account));
    SP_TRY(address_key(op, source->address, &count.address));
    SP_TRY(take(op, source, &count));
    *ret_right = secret_verify_password(hash, secret);
    settle(op, source->attempts, &count, *ret_right);
    return NULL;
}
