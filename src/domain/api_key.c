/* See api_key.h. Worker threads. */
#include "domain/api_key.h"

#include "base/op.h"
#include "domain/principal.h"
#include "domain/secret.h"
#include "gen/db/api_key.h"

static struct sp_err *require_granted(struct sp_op *op, const struct principal *who,
                                      const struct sp_text_list *permissions)
{
    for (size_t i = 0; i < permissions->count; i++)
        if (!principal_may(who, permissions->items[i]))
            return sp_fail(op, SP_INVALID, "Cannot grant permissions you do not have");
    return NULL;
}

static struct sp_err *require_found(struct sp_op *op, const void *row, const char *permission)
{
    return row ? NULL : sp_fail(op, SP_INVALID, "Not found or no %s access", permission);
}

struct sp_err *api_key_create(struct sp_op *op, struct db_conn *db, const struct principal *who, const char *name,
                              const struct sp_text_list *permissions, struct api_key_new *ret_new)
{
    SP_TRY(require_granted(op, who, permissions));
    struct secret_token token;
    SP_TRY(secret_new_token(op, &token));
    const struct q_api_key_create_in in = {
        .user_id = who->user_id,
        .name = name ? name : "API Key",
        .key_hash = {token.hash, sizeof(token.hash)},
        .permissions = *permissions,
    };
    struct q_api_key_create_row *created;
    SP_TRY(q_api_key_create(op, db, &in, &created));
    struct q_api_key_get_row *key;
    SP_TRY(api_key_get(op, db, who, &created->id, &key));
    *ret_new = (struct api_key_new){key, token.text};
    return NULL;
}

struct sp_err *api_key_get(struct sp_op *op, struct db_conn *db, const struct principal *who, const struct sp_uuid *id,
                           struct q_api_key_get_row **ret_key)
{
    SP_TRY(q_api_key_get(op, db, id, &who->user_id, ret_key));
    return require_found(op, *ret_key, "apiKey.read");
}

struct sp_err *api_key_update(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct sp_uuid *id, const char *name, const struct sp_text_list *permissions,
                              struct q_api_key_get_row **ret_key)
{
    if (permissions)
        SP_TRY(require_granted(op, who, permissions));
    const struct q_api_key_update_in in = {
        .id = *id,
        .user_id = who->user_id,
        .name = name,
        .permissions = permissions ? *permissions : (struct sp_text_list){0},
    };
    int64_t changed;
    SP_TRY(q_api_key_update(op, db, &in, &changed));
    SP_TRY(require_found(op, changed ? who : NULL, "apiKey.update"));
    return api_key_get(op, db, who, id, ret_key);
}

struct sp_err *api_key_delete(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct sp_uuid *id)
{
    int64_t deleted;
    SP_TRY(q_api_key_delete(op, db, id, &who->user_id, &deleted));
    return require_found(op, deleted ? who : NULL, "apiKey.delete");
}

struct sp_err *api_key_rotate(struct sp_op *op, struct db_conn *db, const struct principal *who,
                              const struct sp_uuid *id, struct api_key_new *ret_new)
{
    struct q_api_key_get_row *key;
    SP_TRY(q_api_key_get(op, db, id, &who->user_id, &key));
    SP_TRY(require_found(op, key, "apiKey.rotate"));
    /* the answer holds the new secret: a narrow key must not get hold of a wider one's */
    SP_TRY(require_granted(op, who, &key->permissions));
    struct secret_token token;
    SP_TRY(secret_new_token(op, &token));
    int64_t changed;
    SP_TRY(q_api_key_rotate(op, db, (struct sp_bytes){token.hash, sizeof(token.hash)}, id, &who->user_id, &changed));
    SP_TRY(require_found(op, changed ? who : NULL, "apiKey.rotate"));
    SP_TRY(api_key_get(op, db, who, id, &key));
    *ret_new = (struct api_key_new){key, token.text};
    return NULL;
}
