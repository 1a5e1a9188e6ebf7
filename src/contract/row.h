/*
 * What the application knows of a route beside what HTTP does (struct http_route, whose app_row points here): who may
 * call it, how its input is read, which handler runs, how its answer is written. Generated tables (gen/api),
 * interpreted by src/api/dispatch.c. Constant, any thread.
 */
#ifndef SP_CONTRACT_ROW_H
#define SP_CONTRACT_ROW_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_call;
struct http_part;
struct schema_type;
struct sp_err;

enum api_auth {
    API_PUBLIC,  /* nobody is asked who they are */
    API_USER,    /* a session, or an API key with the permission */
    API_SESSION, /* a session alone */
    API_LINK,    /* API_USER, or a shared link */
    API_ADMIN    /* API_USER of an administrator */
};

/* The parts of a streamed body, as struct http_app has them; written by hand, beside the tag's handlers. */
struct api_stream {
    struct sp_err *(*begin)(struct api_call *call);
    struct sp_err *(*part)(struct api_call *call, const struct http_part *part);  /* I/O thread: no database */
    struct sp_err *(*data)(struct api_call *call, const void *data, size_t size); /* I/O thread: no database */
    struct sp_err *(*sync)(struct api_call *call);                                /* I/O thread; may be NULL */
    struct sp_err *(*end)(struct api_call *call);
    void (*abort)(struct api_call *call);
};

struct api_row {
    enum api_auth auth;
    /*
     * What an API key or a link must carry. "all": nothing less than everything. NULL: nothing (API_PUBLIC, and routes
     * that any valid credential may use).
     */
    const char *permission;
    /* The parameters' struct (struct api_x_in): kind SCHEMA_OBJECT, with its size. */
    const struct schema_type *in;
    /* The JSON body; NULL: none. body_at is where `in` points to it. */
    const struct schema_type *body;
    uint16_t body_at;
    bool body_optional;
    /* struct api_x_out: its status stands first. answer NULL: no content. */
    uint16_t out_size, answer_at;
    int status;
    const struct schema_type *answer;
    bool replies_itself; /* the handler answers by http_reply_*: files */
    /* NULL: a route of the contract that is not built yet, or a streamed one. */
    struct sp_err *(*invoke)(struct api_call *call, const void *in, void *out);
    const struct api_stream *stream; /* NULL: not streamed */
};

/*
 * The answer of a streamed operation: out is its struct api_x_out. (Handlers that are invoked just return.) Implemented
 * by src/api/dispatch.c; generated headers wrap it with the right type.
 */
SP_MUST_CHECK struct sp_err *api_reply(struct api_call *call, const void *out);

#endif
