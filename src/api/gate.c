/* See gate.h. */
#include "api/gate.h"

#include <string.h>
#include <strings.h>

#include "api/call.h"
#include "base/encode.h"
#include "base/op.h"
#include "domain/auth.h"
#include "domain/principal.h"
#include "http/exchange.h"

static const struct principal nobody = {.kind = PRINCIPAL_NOBODY};

static const char *non_empty(const char *text) { return text && *text ? text : NULL; }

static const char *header_or_query(struct http_exchange *x, const char *header, const char *query)
{
    const char *value = non_empty(http_header(x, header));
    return value ? value : non_empty(http_query(x, query, 0));
}

struct sp_err *api_gate_query(struct sp_op *op, struct http_exchange *x, const char **ret_query)
{
    static const char *const names[] = {"key", "slug", "sessionKey", "apiKey"};
    const char *query = "";
    for (size_t i = 0; i < SP_COUNT(names); i++) {
        const char *value = non_empty(http_query(x, names[i], 0));
        if (!value)
            continue;
        const char *encoded = sp_percent_encode(op, value);
        SP_OWN(encoded);
        query = sp_format(op, "%s%c%s=%s", query, *query ? '&' : '?', names[i], encoded);
        SP_OWN(query);
    }
    *ret_query = query;
    return NULL;
}

static const char *bearer(struct http_exchange *x)
{
    static const char scheme[] = "Bearer ";
    const char *value = http_header(x, "Authorization");
    if (!value || strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    value += sizeof(scheme) - 1;
    return non_empty(value + strspn(value, " "));
}

static const char *session_token(struct http_exchange *x, bool *ret_from_cookie)
{
    const char *token = non_empty(http_header(x, "x-immich-user-token"));
    if (!token)
        token = header_or_query(x, "x-immich-session-token", "sessionKey");
    if (!token)
        token = bearer(x);
    *ret_from_cookie = !token;
    return token ? token : non_empty(http_cookie(x, "immich_access_token"));
}

static bool changes_state(struct http_exchange *x)
{
    const char *method = http_method(x);
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

/* Origin is "https://host:port"; the host may have been rewritten by a proxy that kept it in X-Forwarded-Host. */
static bool origin_is_ours(struct http_exchange *x, const char *origin)
{
    const char *authority = strstr(origin, "://"), *host = http_header(x, "Host");
    const char *forwarded = http_header(x, "X-Forwarded-Host");
    if (!authority)
        return false; /* "null" too */
    authority += strlen("://");
    return (host && strcasecmp(authority, host) == 0) || (forwarded && strcasecmp(authority, forwarded) == 0);
}

/*
 * A cookie comes along with whatever a foreign page makes the browser send (CSRF). Browsers say where a request comes
 * from: by Sec-Fetch-Site (W3C Fetch Metadata; https and localhost alone), else by Origin (RFC 6454 section 7). Clients
 * that send neither are no browsers. Foreign pages cannot set X-Forwarded-Host.
 */
static struct sp_err *check_same_site(struct api_call *call)
{
    const char *site = http_header(call->x, "Sec-Fetch-Site"), *origin = http_header(call->x, "Origin");
    bool ours = true;
    if (site)
        ours = strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    else if (origin)
        ours = origin_is_ours(call->x, origin);
    if (ours)
        return NULL;
    return sp_fail(call->op, SP_FORBIDDEN, "This request was made by another site. Open SwissPhoto itself and retry.");
}

static struct sp_err *check_permission(struct api_call *call)
{
    const struct api_row *row = call->row;
    const struct principal *who = call->who;
    bool link = who->kind == PRINCIPAL_SHARED_LINK;
    if (who->kind == PRINCIPAL_NOBODY)
        return sp_fail(call->op, SP_UNAUTHENTICATED, "Authentication required");
    if ((link && row->auth != API_LINK) || (row->auth == API_SESSION && who->kind != PRINCIPAL_SESSION) ||
        (row->auth == API_ADMIN && !who->is_admin))
        return sp_fail(call->op, SP_FORBIDDEN, "Forbidden");
    if (!row->permission || (link && strcmp(row->permission, "all") == 0))
        return NULL;
    if (!principal_may(who, row->permission))
        return sp_fail(call->op, SP_FORBIDDEN, "Missing required permission: %s", row->permission);
    return NULL;
}

struct sp_err *api_gate(struct api_call *call)
{
    call->who = &nobody;
    if (call->row->auth == API_PUBLIC)
        return NULL;
    bool from_cookie;
    const struct auth_credentials credentials = {
        .share_key = header_or_query(call->x, "x-immich-share-key", "key"),
        .share_slug = header_or_query(call->x, "x-immich-share-slug", "slug"),
        .session_token = session_token(call->x, &from_cookie),
        .api_key = header_or_query(call->x, "x-api-key", "apiKey"),
    };
    bool by_cookie = credentials.session_token && from_cookie && !credentials.share_key && !credentials.share_slug;
    if (by_cookie && changes_state(call->x))
        SP_TRY(check_same_site(call));
    struct principal *who;
    SP_TRY(auth_authenticate(call->op, call->db, &credentials, &who));
    call->who = who;
    return check_permission(call);
}
