/* Any Cookie, Accept-Encoding, Content-Disposition and X-Forwarded-For: the same text as each of them. */
#include <string.h>

#include "base/encode.h"
#include "base/err.h"
#include "base/op.h"
#include "http/address.h"
#include "http/compress.h"
#include "http/cookie.h"
#include "http/header_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_op *op = sp_op_create(1 << 20);
    static struct http_networks *trusted;
    char *text = sp_strndup(op, (const char *)data, size);
    if (!trusted)
        sp_assert(!http_networks_create(op, "127.0.0.0/8,::1", &trusted));
    if (text) {
        const char *cookie = http_cookie_value(op, text, "token");
        sp_assert(!cookie || strlen(cookie) < size);
        const char *name = http_value_parameter(op, text, "filename");
        sp_assert(!name || strlen(name) < size);
        const char *extended = http_value_extended_parameter(op, text, "filename");
        sp_assert(!extended || sp_utf8_valid(extended, strlen(extended)));
        unsigned coding = http_coding_wanted(text, HTTP_CODINGS_MADE);
        sp_assert(coding == HTTP_IDENTITY || (coding & HTTP_CODINGS_MADE));
        struct http_address loopback, client;
        sp_assert(http_address_parse("127.0.0.1", 9, &loopback));
        client = http_forwarded_client(trusted, &loopback, text);
        char formatted[HTTP_ADDRESS_TEXT_BYTES];
        http_address_format(&client, formatted);
        sp_assert(http_address_parse(formatted, strlen(formatted), &loopback));
        struct http_networks *networks;
        if (!http_networks_create(op, text, &networks))
            http_networks_destroy(networks);
        if (sp_utf8_valid(text, strlen(text))) {
            const char *disposition = http_disposition(op, true, text);
            const char *back = disposition ? http_value_extended_parameter(op, disposition, "filename") : NULL;
            sp_assert(!disposition || (back && strcmp(back, text) == 0));
        }
    }
    sp_op_destroy(op);
    return 0;
}
