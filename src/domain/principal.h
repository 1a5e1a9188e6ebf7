/*
 * Who asks: the user behind a session, an API key or a shared link, and what that credential may do. Every call of the
 * domain takes one. Made by auth_authenticate, lives as long as the operation, never changes.
 */
#ifndef SP_DOMAIN_PRINCIPAL_H
#define SP_DOMAIN_PRINCIPAL_H

#include "base/types.h"
#include <stdbool.h>

enum principal_kind { PRINCIPAL_NOBODY, PRINCIPAL_SESSION, PRINCIPAL_API_KEY, PRINCIPAL_SHARED_LINK };

struct principal {
    enum principal_kind kind;
    struct sp_uuid user_id; /* the owner of the session, key or link; zero for nobody */
    bool is_admin;
    struct sp_uuid session_id;       /* PRINCIPAL_SESSION */
    bool elevated;                   /* a session unlocked by its PIN: sees locked assets */
    struct sp_uuid api_key_id;       /* PRINCIPAL_API_KEY */
    bool all_permissions;            /* a session, or a key with the permission "all" */
    struct sp_text_list permissions; /* of the key or link: "asset.read" … */
};

/* Whether the credential carries this permission ("album.read"). Says nothing about single ids: that is access.h. */
bool principal_may(const struct principal *who, const char *permission);

#endif
