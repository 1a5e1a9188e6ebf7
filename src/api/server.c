/* The tag Server, and /.well-known/immich: what this instance is and can. Worker threads. */
#include "api/call.h"

#include "api/app.h"
#include "base/op.h"
#include "domain/auth.h"
#include "domain/media_type.h"
#include "gen/api/discovery.h"
#include "gen/api/server.h"

/* The version of the contract that is spoken; phone apps choose their protocol by it. */
enum { CONTRACT_MAJOR = 3, CONTRACT_MINOR = 2, CONTRACT_PATCH = 2 };
#define CONTRACT_VERSION "v3.2.2"

enum { TRASH_DAYS = 30, USER_DELETE_DELAY_DAYS = 7, FACES_MIN = 3 };

struct sp_err *api_get_well_known(struct api_call *call, const struct api_get_well_known_in *in,
                                  struct api_get_well_known_out *out)
{
    SP_NEW(call->op, out->body.api);
    out->body.api->endpoint = "/api";
    return NULL;
}

struct sp_err *api_ping_server(struct api_call *call, const struct api_ping_server_in *in,
                               struct api_ping_server_out *out)
{
    out->body.res = "pong";
    return NULL;
}

struct sp_err *api_get_server_version(struct api_call *call, const struct api_get_server_version_in *in,
                                      struct api_get_server_version_out *out)
{
    out->body = (struct dto_server_version_response){CONTRACT_MAJOR, CONTRACT_MINOR, CONTRACT_PATCH, {0}};
    return NULL;
}

/* A flag is true only when the feature is built and switched on. */
struct sp_err *api_get_server_features(struct api_call *call, const struct api_get_server_features_in *in,
                                       struct api_get_server_features_out *out)
{
    out->body = (struct dto_server_features){.password_login = true};
    return NULL;
}

struct sp_err *api_get_server_config(struct api_call *call, const struct api_get_server_config_in *in,
                                     struct api_get_server_config_out *out)
{
    bool initialised;
    SP_TRY(auth_is_initialised(call->op, call->db, &initialised));
    out->body = (struct dto_server_config){
        .external_domain = call->app->public_url,
        .is_initialized = initialised,
        .is_onboarded = initialised, /* the first-run guide is the sign-up page until there is more to set */
        .login_page_message = "",
        .map_dark_style_url = "",
        .map_light_style_url = "",
        .min_faces = FACES_MIN,
        .oauth_button_text = "",
        .public_users = true,
        .trash_days = TRASH_DAYS,
        .user_delete_delay = USER_DELETE_DELAY_DAYS,
    };
    return NULL;
}

struct sp_err *api_get_about_info(struct api_call *call, const struct api_get_about_info_in *in,
                                  struct api_get_about_info_out *out)
{
    out->body = (struct dto_server_about_response){.licensed = false, .version = CONTRACT_VERSION, .version_url = ""};
    return NULL;
}

static struct sp_err *extensions(struct sp_op *op, bool (*wanted)(enum media_class), struct sp_text_list *ret_list)
{
    size_t count;
    const struct media_type *types = media_types(&count);
    struct sp_text_list list = {0};
    SP_NEW_ARRAY(op, list.items, count);
    for (size_t i = 0; i < count; i++)
        if (wanted(types[i].class))
            list.items[list.count++] = types[i].extension;
    *ret_list = list;
    return NULL;
}

static bool is_still(enum media_class class) { return class == MEDIA_IMAGE || class == MEDIA_RAW; }

static bool is_video(enum media_class class) { return class == MEDIA_VIDEO; }

static bool is_sidecar(enum media_class class) { return class == MEDIA_SIDECAR; }

struct sp_err *api_get_supported_media_types(struct api_call *call, const struct api_get_supported_media_types_in *in,
                                             struct api_get_supported_media_types_out *out)
{
    SP_TRY(extensions(call->op, is_still, &out->body.image));
    SP_TRY(extensions(call->op, is_video, &out->body.video));
    return extensions(call->op, is_sidecar, &out->body.sidecar);
}
