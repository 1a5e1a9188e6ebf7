/*
 * API keys: a secret of the user's for tools and apps, with the permissions that it carries. Called on worker threads.
 * A key is seen and changed by its owner alone; it cannot grant what the asking credential lacks.
 */
#ifndef SP_DOMAIN_API_KEY_H
#define SP_DOMAIN_API_KEY_H

#include "base/attr.h"
#include "base/types.h"

struct db_conn;
struct principal;
struct q_api_key_get_row;
struct sp_err;
struct sp_op;

struct api_key_new {
    const struct q_api_key_get_row *key;
    const char *secret; /* shown once; only its hash is stored */
};

/* SP_INVALID when who lacks one of the permissions. name NULL: "API Key". */
SP_MUST_CHECK struct sp_err *api_key_create(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const char *name, const struct sp_text_list *permissions,
                                            struct api_key_new *ret_new);
/* SP_INVALID for a foreign or unknown id, in all of these. */
SP_MUST_CHECK struct sp_err *api_key_get(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                         const struct sp_uuid *id, struct q_api_key_get_row **ret_key);
/* name or permissions NULL: stay as they are. */
SP_MUST_CHECK struct sp_err *api_key_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct sp_uuid *id, const char *name,
                                            const struct sp_text_list *permissions, struct q_api_key_get_row **ret_key);
SP_MUST_CHECK struct sp_err *api_key_delete(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct sp_uuid *id);
/* A new secret; the old one ends at once. */
SP_MUST_CHECK struct sp_err *api_key_rotate(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const struct sp_uuid *id, struct api_key_new *ret_new);

#endif
