/* The tag Authentication: sign-up, login with its three cookies, logout, status. Worker threads. */
#include "api/call.h"

#include <string.h>

#include "api/user_dto.h"
#include "base/op.h"
#include "domain/account.h"
#include "domain/attempt.h"
#include "domain/auth.h"
#include "domain/pin.h"
#include "domain/principal.h"
#include "domain/user.h"
#include "gen/api/authentication.h"
#include "http/exchange.h"

enum { COOKIE_SECONDS = 400 * 24 * 60 * 60 };

/* HttpOnly keeps the token from scripts; the web app asks only whether it is logged in. */
static struct sp_err *set_cookie(struct api_call *call, const char *name, const char *value, bool readable, int seconds)
{
    const char *header = sp_format(call->op, "%s=%s; Path=/; Max-Age=%d; SameSite=Lax%s%s", name, value, seconds,
                                   readable ? "" : "; HttpOnly", http_is_secure(call->x) ? "; Secure" : "");
    SP_OWN(header);
    return http_reply_header(call->x, "Set-Cookie", header);
}

static struct sp_err *set_login_cookies(struct api_call *call, const char *token)
{
    SP_TRY(set_cookie(call, "immich_access_token", token, false, COOKIE_SECONDS));
    SP_TRY(set_cookie(call, "immich_auth_type", "password", false, COOKIE_SECONDS));
    return set_cookie(call, "immich_is_authenticated", "true", true, COOKIE_SECONDS);
}

static struct sp_err *clear_login_cookies(struct api_call *call)
{
    SP_TRY(set_cookie(call, "immich_access_token", "", false, 0));
    SP_TRY(set_cookie(call, "immich_auth_type", "", false, 0));
    return set_cookie(call, "immich_is_authenticated", "", true, 0);
}

static struct attempt_source source_of(struct api_call *call)
{
    return (struct attempt_source){.attempts = call->attempts, .address = http_client_address(call->x)};
}

/* err, with the time after which another try makes sense. */
static struct sp_err *tell_when(struct api_call *call, const struct attempt_source *source, struct sp_err *err)
{
    if (!err || err->code != SP_THROTTLED)
        return err;
    const char *seconds = sp_format(call->op, "%lld", (long long)source->retry_after_s);
    SP_OWN(seconds);
    SP_TRY(http_reply_header(call->x, "Retry-After", seconds));
    return err;
}

/* "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) …" -> "iOS"; a label for the list of sessions, no more. */
static const char *os_of_user_agent(const char *agent)
{
    static const struct {
        const char *mark, *os;
    } marks[] = {{"iPhone", "iOS"},     {"iPad", "iOS"},      {"Android", "Android"}, {"Windows", "Windows"},
                 {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}};
    for (size_t i = 0; agent && i < SP_COUNT(marks); i++)
        if (strstr(agent, marks[i].mark))
            return marks[i].os;
    return NULL;
}

static const char *browser_of_user_agent(const char *agent)
{
    static const struct {
        const char *mark, *browser;
    } marks[] = {{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}};
    for (size_t i = 0; agent && i < SP_COUNT(marks); i++)
        if (strstr(agent, marks[i].mark))
            return marks[i].browser;
    return NULL;
}

static struct auth_device device_of(struct api_call *call)
{
    const char *agent = http_header(call->x, "User-Agent");
    const char *model = http_header(call->x, "deviceModel"), *type = http_header(call->x, "deviceType");
    return (struct auth_device){
        .os = type ? type : os_of_user_agent(agent),
        .type = model ? model : browser_of_user_agent(agent),
    };
}

struct sp_err *api_sign_up_admin(struct api_call *call, const struct api_sign_up_admin_in *in,
                                 struct api_sign_up_admin_out *out)
{
    const struct q_user_by_id_row *user;
    SP_TRY(auth_sign_up_admin(call->op, call->db, in->body->email, in->body->password, in->body->name, &user));
    out->body = user_admin_dto(user);
    return NULL;
}

struct sp_err *api_login(struct api_call *call, const struct api_login_in *in, struct api_login_out *out)
{
    struct attempt_source source = source_of(call);
    const struct auth_login login = {in->body->email, in->body->password, device_of(call), &source};
    struct auth_session session;
    SP_TRY(tell_when(call, &source, auth_log_in(call->op, call->db, &login, &session)));
    SP_TRY(set_login_cookies(call, session.token));
    const struct dto_user_admin_response user = user_admin_dto(session.user);
    out->body = (struct dto_login_response){
        .access_token = session.token,
        .is_admin = user.is_admin,
        .is_onboarded = true,
        .name = user.name,
        .profile_image_path = user.profile_image_path,
        .should_change_password = user.should_change_password,
        .user_email = user.email,
        .user_id = user.id,
    };
    return NULL;
}

struct sp_err *api_logout(struct api_call *call, const struct api_logout_in *in, struct api_logout_out *out)
{
    SP_TRY(auth_log_out(call->op, call->db, call->who));
    SP_TRY(clear_login_cookies(call));
    out->body = (struct dto_logout_response){.successful = true, .redirect_uri = "/auth/login?autoLaunch=0"};
    return NULL;
}

struct sp_err *api_validate_access_token(struct api_call *call, const struct api_validate_access_token_in *in,
                                         struct api_validate_access_token_out *out)
{
    out->body.auth_status = true; /* who got here has a valid credential */
    return NULL;
}

struct sp_err *api_get_auth_status(struct api_call *call, const struct api_get_auth_status_in *in,
                                   struct api_get_auth_status_out *out)
{
    struct auth_status status;
    SP_TRY(auth_get_status(call->op, call->db, call->who, &status));
    out->body = (struct dto_auth_status_response){
        .password = status.password,
        .pin_code = status.pin_code,
        .is_elevated = status.elevated,
        .expires_at = status.expires_at,
        .pin_expires_at = status.pin_expires_at,
    };
    return NULL;
}

/* ---- password and PIN ---- */

struct sp_err *api_change_password(struct api_call *call, const struct api_change_password_in *in,
                                   struct api_change_password_out *out)
{
    struct attempt_source source = source_of(call);
    const bool end_others = in->body->invalidate_sessions.set && in->body->invalidate_sessions.value;
    const struct q_user_by_id_row *user;
    SP_TRY(tell_when(call, &source,
                     account_change_password(call->op, call->db, call->who, &source, in->body->password,
                                             in->body->new_password, end_others, &user)));
    out->body = user_admin_dto(user);
    return NULL;
}

struct sp_err *api_setup_pin_code(struct api_call *call, const struct api_setup_pin_code_in *in,
                                  struct api_setup_pin_code_out *out)
{
    return pin_set_up(call->op, call->db, call->who, in->body->pin_code);
}

struct sp_err *api_change_pin_code(struct api_call *call, const struct api_change_pin_code_in *in,
                                   struct api_change_pin_code_out *out)
{
    struct attempt_source source = source_of(call);
    const struct pin_proof proof = {in->body->pin_code, in->body->password};
    return tell_when(call, &source, pin_change(call->op, call->db, call->who, &source, &proof, in->body->new_pin_code));
}

struct sp_err *api_reset_pin_code(struct api_call *call, const struct api_reset_pin_code_in *in,
                                  struct api_reset_pin_code_out *out)
{
    struct attempt_source source = source_of(call);
    const struct pin_proof proof = {in->body->pin_code, in->body->password};
    return tell_when(call, &source, pin_reset(call->op, call->db, call->who, &source, &proof));
}

struct sp_err *api_unlock_auth_session(struct api_call *call, const struct api_unlock_auth_session_in *in,
                                       struct api_unlock_auth_session_out *out)
{
    struct attempt_source source = source_of(call);
    const struct pin_proof proof = {in->body->pin_code, in->body->password};
    return tell_when(call, &source, pin_unlock(call->op, call->db, call->who, &source, &proof));
}

struct sp_err *api_lock_auth_session(struct api_call *call, const struct api_lock_auth_session_in *in,
                                     struct api_lock_auth_session_out *out)
{
    return pin_lock(call->op, call->db, &call->who->session_id);
}
