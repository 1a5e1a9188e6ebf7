/*
 * What the handlers share: set up by apps/swissphotod before the first request, read-only afterwards, any thread.
 */
#ifndef SP_API_APP_H
#define SP_API_APP_H

#include "base/types.h"

struct store;

struct api_app {
    const char *database_url;             /* each worker thread connects for itself */
    const char *redis_url, *redis_prefix; /* so does its counting of wrong passwords; redis_url "": none */
    struct store *store;
    const char *public_url;    /* what people type; "" when not set */
    const char *instance_zone; /* IANA name: for pictures that do not say */
    int64_t upload_max_bytes;  /* one asset */
};

#endif
