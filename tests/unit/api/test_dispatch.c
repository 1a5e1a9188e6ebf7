/*
 * Gate and dispatch with fakes in at link time: an exchange made of a few texts, principals by the text of their
 * credential, a route of each kind. What is under test is the real code from authenticate to the reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "api/app.h"
#include "api/call.h"
#include "api/dispatch.h"
#include "base/op.h"
#include "contract/schema.h"
#include "db/db.h"
#include "domain/auth.h"
#include "domain/principal.h"
#include "gen/api/routes.h"

/* ---- the fake exchange ---- */

struct pair {
    const char *name, *value;
};

struct http_exchange {
    struct sp_op *op;
    const struct http_route *route;
    const char *method, *body, *cookie;
    struct pair headers[4], query[4];
    void *context;
    int status; /* of the reply; 0: none yet */
    char answer[256];
};

static const char *find(const struct pair *pairs, size_t count, const char *name, size_t index)
{
    for (size_t i = 0; i < count; i++)
        if (pairs[i].name && strcasecmp(pairs[i].name, name) == 0 && index-- == 0)
            return pairs[i].value;
    return NULL;
}

struct sp_op *http_op(struct http_exchange *x) { return x->op; }
const struct http_route *http_route_of(const struct http_exchange *x) { return x->route; }
const char *http_method(const struct http_exchange *x) { return x->method ? x->method : x->route->method; }
const char *http_header(const struct http_exchange *x, const char *name) { return find(x->headers, 4, name, 0); }
const char *http_cookie(struct http_exchange *x, const char *name)
{
    return strcmp(name, "immich_access_token") == 0 ? x->cookie : NULL;
}
const char *http_path_param(const struct http_exchange *x, const char *name) { return "7"; }
const char *http_query(const struct http_exchange *x, const char *name, size_t index)
{
    return find(x->query, 4, name, index);
}
struct sp_bytes http_body(const struct http_exchange *x)
{
    return (struct sp_bytes){(const uint8_t *)x->body, x->body ? strlen(x->body) : 0};
}
void http_set_context(struct http_exchange *x, void *context) { x->context = context; }
void *http_context(const struct http_exchange *x) { return x->context; }
void http_reply_empty(struct http_exchange *x, int status) { x->status = status; }
void http_reply_buf(struct http_exchange *x, int status, const char *content_type, struct sp_buf *body)
{
    assert_string_equal(content_type, "application/json; charset=utf-8");
    assert_true(body->size < sizeof(x->answer));
    memcpy(x->answer, body->data, body->size + 1);
    x->status = status;
    sp_buf_finish(body);
}

/* ---- the fake database and domain ---- */

static struct db_conn *const database = (struct db_conn *)0x1000;

struct sp_err *db_open(struct sp_op *op, const char *url, const char *program, struct db_conn **ret_conn)
{
    *ret_conn = database;
    return NULL;
}
void db_close(struct db_conn *conn) { assert_ptr_equal(conn, database); }

/* The credential that counts, by the contract's order: share key, slug, session, API key. */
struct sp_err *auth_authenticate(struct sp_op *op, struct db_conn *db, const struct auth_credentials *credentials,
                                 struct principal **ret_principal)
{
    static const char *read_only[] = {"thing.read"};
    assert_ptr_equal(db, database);
    struct principal *who;
    SP_NEW(op, who);
    if (credentials->share_key || credentials->share_slug) {
        who->kind = PRINCIPAL_SHARED_LINK;
        who->permissions = (struct sp_text_list){read_only, 1};
    } else if (credentials->session_token) {
        if (strcmp(credentials->session_token, "bad") == 0)
            return sp_fail(op, SP_UNAUTHENTICATED, "Invalid user token");
        who->kind = PRINCIPAL_SESSION;
        who->all_permissions = true;
        who->is_admin = strcmp(credentials->session_token, "admin") == 0;
    } else if (credentials->api_key) {
        who->kind = PRINCIPAL_API_KEY;
        who->permissions = (struct sp_text_list){read_only, 1};
    }
    *ret_principal = who;
    return NULL;
}

/* ---- the fake contract ---- */

struct thing {
    int64_t x;
};
struct in {
    int64_t id;
    struct sp_opt_bool deep;
    const struct thing *body;
};
struct out {
    int status;
    struct thing body;
};

static const struct schema_field in_fields[] = {
    {"id", &schema_integer, offsetof(struct in, id), SCHEMA_PATH},
    {"deep", &schema_boolean, offsetof(struct in, deep), SCHEMA_QUERY | SCHEMA_OPTIONAL},
};
static const struct schema_type in_type = {SCHEMA_OBJECT, .count = 2, .size = sizeof(struct in), .fields = in_fields};
static const struct schema_field thing_fields[] = {{"x", &schema_integer, offsetof(struct thing, x), 0}};
static const struct schema_type thing_type = {SCHEMA_OBJECT, .count = 1, .size = sizeof(struct thing),
                                              .fields = thing_fields};
static const enum principal_kind *seen_kind;

static struct sp_err *echo(struct api_call *call, const void *pointer, void *out_pointer)
{
    const struct in *in = pointer;
    struct out *out = out_pointer;
    assert_ptr_equal(call->db, database);
    assert_int_equal(out->status, 201);
    seen_kind = &call->who->kind;
    out->body.x = (in && in->body ? in->body->x : 100) + (in ? in->id : 0) + (in && in->deep.value ? 1000 : 0);
    return NULL;
}

static int stream_calls;
static struct sp_err *stream_worker(struct api_call *call)
{
    assert_ptr_equal(call->db, database);
    stream_calls++;
    return NULL;
}
static struct sp_err *stream_io(struct api_call *call, const void *data, size_t size)
{
    assert_null(call->db);
    stream_calls++;
    return NULL;
}
static void stream_abort(struct api_call *call) { assert_ptr_equal(call->db, database); }
static const struct api_stream stream = {
    .begin = stream_worker, .data = stream_io, .end = stream_worker, .abort = stream_abort};

#define ANSWER                                                                                                         \
    .out_size = sizeof(struct out), .status = 201, .answer = &thing_type, .answer_at = offsetof(struct out, body),     \
    .invoke = echo
static const struct api_row public_row = {.auth = API_PUBLIC, ANSWER};
static const struct api_row read_row = {.auth = API_LINK, .permission = "thing.read", ANSWER};
static const struct api_row any_row = {.auth = API_USER, ANSWER};
static const struct api_row all_row = {.auth = API_USER, .permission = "all", ANSWER};
static const struct api_row session_row = {.auth = API_SESSION, .permission = "thing.read", ANSWER};
static const struct api_row admin_row = {.auth = API_ADMIN, .permission = "thing.read", ANSWER};
static const struct api_row link_row = {.auth = API_LINK, .permission = "all", ANSWER};
static const struct api_row body_row = {
    .auth = API_PUBLIC, .in = &in_type, .body = &thing_type, .body_at = offsetof(struct in, body), ANSWER};
static const struct api_row write_row = {
    .auth = API_USER, .permission = "thing.write", .out_size = sizeof(struct out), .status = 201, .invoke = echo};
static const struct api_row planned_row = {.auth = API_USER, .permission = "thing.read"};
static const struct api_row stream_row = {.auth = API_PUBLIC,
                                          .out_size = sizeof(struct out),
                                          .status = 201,
                                          .answer = &thing_type,
                                          .answer_at = offsetof(struct out, body),
                                          .stream = &stream};

enum { PUBLIC, READ, ANY, ALL, SESSION, ADMIN, LINK, BODY, WRITE, PLANNED, STREAM, ROUTES };
#define ROUTE(method, row) {method, "/api/" #row, #row, HTTP_BODY_NONE, 0, 0, &row}
const struct http_route api_routes[] = {
    [PUBLIC] = ROUTE("GET", public_row),   [READ] = ROUTE("GET", read_row),       [ANY] = ROUTE("GET", any_row),
    [ALL] = ROUTE("GET", all_row),         [SESSION] = ROUTE("GET", session_row), [ADMIN] = ROUTE("GET", admin_row),
    [LINK] = ROUTE("GET", link_row),       [BODY] = ROUTE("POST", body_row),      [WRITE] = ROUTE("POST", write_row),
    [PLANNED] = ROUTE("GET", planned_row), [STREAM] = ROUTE("POST", stream_row),
};
const size_t api_route_count = ROUTES;

/* ---- tests ---- */

static struct api_app the_app;
static struct http_app app;
static void *worker;

/* The status: of the reply, or of the error (whose message goes to x->answer). */
static int ask(struct http_exchange *x, struct sp_op *op, int route)
{
    x->op = op;
    x->route = &api_routes[route];
    struct sp_err *err = app.authenticate(worker, x);
    if (!err)
        err = app.handle(worker, x);
    if (!err)
        return x->status;
    snprintf(x->answer, sizeof(x->answer), "%s", err->message);
    return sp_code_info(err->code)->http_status;
}

static int ask_with_header(struct sp_op *op, int route, const char *name, const char *value)
{
    struct http_exchange x = {.headers = {{name, value}}};
    return ask(&x, op, route);
}

static void gate_by_kind_of_credential(void **state)
{
    enum { NOBODY, KEY, USER, BOSS, SHARE, KINDS };
    static const struct pair credential[KINDS] = {
        [KEY] = {"x-api-key", "k"},
        [USER] = {"Authorization", "Bearer user"},
        [BOSS] = {"x-immich-user-token", "admin"},
        [SHARE] = {"x-immich-share-key", "s"},
    };
    static const struct {
        int route, status[KINDS];
    } wanted[] = {
        {PUBLIC, {201, 201, 201, 201, 201}}, {READ, {401, 201, 201, 201, 201}},    {ANY, {401, 201, 201, 201, 403}},
        {ALL, {401, 403, 201, 201, 403}},    {SESSION, {401, 403, 201, 201, 403}}, {ADMIN, {401, 403, 403, 201, 403}},
        {LINK, {401, 403, 201, 201, 201}},   {WRITE, {401, 403, 201, 201, 403}},   {PLANNED, {401, 501, 501, 501, 403}},
    };
    for (size_t i = 0; i < SP_COUNT(wanted); i++)
        for (int kind = 0; kind < KINDS; kind++) {
            int status = ask_with_header(*state, wanted[i].route, credential[kind].name, credential[kind].value);
            assert_int_equal(status, wanted[i].status[kind]);
        }
}

static void takes_every_credential_of_the_contract(void **state)
{
    const char *headers[] = {"x-immich-user-token", "x-immich-session-token", "x-api-key", "x-immich-share-key",
                             "x-immich-share-slug"};
    for (size_t i = 0; i < SP_COUNT(headers); i++)
        assert_int_equal(ask_with_header(*state, READ, headers[i], "v"), 201);
    const char *queries[] = {"key", "slug", "sessionKey", "apiKey"};
    for (size_t i = 0; i < SP_COUNT(queries); i++) {
        struct http_exchange x = {.query = {{queries[i], "v"}}};
        assert_int_equal(ask(&x, *state, READ), 201);
        struct http_exchange empty = {.query = {{queries[i], ""}}};
        assert_int_equal(ask(&empty, *state, READ), 401);
    }
    struct http_exchange x = {.cookie = "v"};
    assert_int_equal(ask(&x, *state, READ), 201);
    assert_int_equal(ask_with_header(*state, READ, "Authorization", "bearer v"), 201);
    assert_int_equal(ask_with_header(*state, READ, "Authorization", "Basic v"), 401);
}

static void keeps_the_order_of_credentials(void **state)
{
    struct http_exchange x = {.cookie = "admin", .query = {{"key", "s"}}};
    assert_int_equal(ask(&x, *state, ADMIN), 403); /* the link counts, not the session */
    struct http_exchange y = {.cookie = "bad", .headers = {{"Authorization", "Bearer user"}}};
    assert_int_equal(ask(&y, *state, READ), 201);
    struct http_exchange z = {.cookie = "bad", .headers = {{"x-api-key", "k"}}};
    assert_int_equal(ask(&z, *state, READ), 401);
    assert_string_equal(z.answer, "Invalid user token");
    struct http_exchange bad = {.cookie = "bad"};
    assert_int_equal(ask(&bad, *state, PUBLIC), 201); /* public routes ask nobody */
    assert_int_equal(*seen_kind, PRINCIPAL_NOBODY);
}

static void names_what_is_missing(void **state)
{
    struct http_exchange x = {.headers = {{"x-api-key", "k"}}};
    assert_int_equal(ask(&x, *state, WRITE), 403);
    assert_string_equal(x.answer, "Missing required permission: thing.write");
    struct http_exchange y = {.headers = {{"x-api-key", "k"}}};
    assert_int_equal(ask(&y, *state, PLANNED), 501);
    assert_string_equal(y.answer, "planned_row (GET /api/planned_row) is not built yet");
}

static void refuses_other_sites_with_a_cookie(void **state)
{
    const struct {
        struct pair headers[3];
        int status;
    } cases[] = {
        {{{"Sec-Fetch-Site", "same-origin"}}, 201},
        {{{"Sec-Fetch-Site", "none"}}, 201},
        {{{"Sec-Fetch-Site", "cross-site"}}, 403},
        {{{"Sec-Fetch-Site", "same-site"}}, 403}, /* another customer's subdomain */
        {{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://p.ch"}, {"Host", "p.ch"}}, 403},
        {{{"Origin", "https://p.ch"}, {"Host", "p.ch"}}, 201},
        {{{"Origin", "https://p.ch"}, {"Host", "10.0.0.1"}, {"X-Forwarded-Host", "p.ch"}}, 201},
        {{{"Origin", "https://evil.ch"}, {"Host", "p.ch"}}, 403},
        {{{"Origin", "https://p.ch.evil.ch"}, {"Host", "p.ch"}}, 403},
        {{{"Origin", "null"}, {"Host", "p.ch"}}, 403},
        {{{"Host", "p.ch"}}, 201}, /* no browser */
    };
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct http_exchange x = {.cookie = "user"};
        memcpy(x.headers, cases[i].headers, sizeof(cases[i].headers));
        assert_int_equal(ask(&x, *state, WRITE), cases[i].status);
        struct http_exchange get = {.cookie = "user"};
        memcpy(get.headers, cases[i].headers, sizeof(cases[i].headers));
        assert_int_equal(ask(&get, *state, READ), 201); /* reading changes nothing */
    }
    struct http_exchange token = {.headers = {{"Sec-Fetch-Site", "cross-site"}, {"Authorization", "Bearer user"}}};
    assert_int_equal(ask(&token, *state, WRITE), 201); /* no cookie, nothing ambient */
}

static void reads_input_and_writes_the_answer(void **state)
{
    struct http_exchange x = {.body = "{\"x\":1}",
                              .query = {{"deep", "true"}},
                              .headers = {{"Content-Type", "application/json; charset=utf-8"}}};
    assert_int_equal(ask(&x, *state, BODY), 201);
    assert_string_equal(x.answer, "{\"x\":1008}");
}

static void refuses_bad_input(void **state)
{
    struct http_exchange form = {.body = "{\"x\":1}", .headers = {{"Content-Type", "text/plain"}}};
    assert_int_equal(ask(&form, *state, BODY), 415);
    struct http_exchange untyped = {.body = "{\"x\":1}"};
    assert_int_equal(ask(&untyped, *state, BODY), 415);
    struct http_exchange none = {.headers = {{"Content-Type", "application/json"}}};
    assert_int_equal(ask(&none, *state, BODY), 400);
    struct http_exchange broken = {.body = "{\"x\":", .headers = {{"Content-Type", "application/json"}}};
    assert_int_equal(ask(&broken, *state, BODY), 400);
    struct http_exchange query = {
        .body = "{\"x\":1}", .query = {{"deep", "yes"}}, .headers = {{"Content-Type", "application/json"}}};
    assert_int_equal(ask(&query, *state, BODY), 400);
    assert_string_equal(query.answer, "Validation failed");
}

static void streams_without_a_database_in_between(void **state)
{
    struct http_exchange x = {.op = *state, .route = &api_routes[STREAM]};
    stream_calls = 0;
    assert_null(app.authenticate(worker, &x));
    assert_null(app.stream_begin(worker, &x));
    assert_null(app.stream_data(&x, "a", 1));
    assert_null(app.stream_sync(&x));
    assert_null(app.stream_end(worker, &x));
    assert_int_equal(stream_calls, 3);
    const struct out out = {.status = 200, .body = {5}};
    assert_null(api_reply(x.context, &out));
    assert_int_equal(x.status, 200);
    assert_string_equal(x.answer, "{\"x\":5}");
}

static int set_up(void **state)
{
    *state = sp_op_create(SP_OP_BUDGET_DEFAULT);
    app = api_http_app(&the_app);
    return *state && !app.worker_start(*state, app.context, &worker) ? 0 : -1;
}

static int tear_down(void **state)
{
    app.worker_stop(worker);
    sp_op_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gate_by_kind_of_credential, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_every_credential_of_the_contract, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_the_order_of_credentials, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_what_is_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_other_sites_with_a_cookie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_input_and_writes_the_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_bad_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_without_a_database_in_between, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
