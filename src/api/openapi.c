/* GET /api/openapi.json: the document that describes all of this, built into the program. Worker threads. */
#include "api/call.h"

#include <string.h>

#include "base/buf.h"
#include "base/op.h"
#include "gen/api/discovery.h"
#include "gen/api/openapi.h"
#include "http/exchange.h"

/* The file's bytes, found by the include path. OPENAPI_ETAG changes with them, so that this file is compiled again. */
__asm__(".section .rodata\n"
        "openapi_document:\n"
        ".incbin \"gen/api/openapi.json\"\n"
        "openapi_document_end:\n"
        ".previous\n");
extern const char openapi_document[], openapi_document_end[];

struct sp_err *api_get_open_api_document(struct api_call *call, const struct api_get_open_api_document_in *in,
                                         struct api_get_open_api_document_out *out)
{
    SP_TRY(http_reply_header(call->x, "Cache-Control", "no-cache"));
    SP_TRY(http_reply_header(call->x, "ETag", OPENAPI_ETAG));
    const char *known = http_header(call->x, "If-None-Match");
    if (known && strstr(known, OPENAPI_ETAG)) {
        http_reply_empty(call->x, 304);
        return NULL;
    }
    size_t size = (size_t)(openapi_document_end - openapi_document);
    struct sp_buf buf;
    sp_buf_init(&buf, size);
    sp_buf_append(&buf, openapi_document, size);
    struct sp_err *err = sp_buf_check(call->op, &buf);
    if (!err)
        http_reply_buf(call->x, 200, "application/json; charset=utf-8", &buf);
    sp_buf_finish(&buf);
    return err;
}
