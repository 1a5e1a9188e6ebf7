/*
 * The rules for a request's head that libmicrohttpd does not enforce, or not in every version: two readers of one
 * message (a proxy and us) must never disagree about where its body ends (request smuggling, RFC 9112 section 11.2).
 * Pure functions, any thread.
 */
#ifndef SP_HTTP_HEAD_CHECK_H
#define SP_HTTP_HEAD_CHECK_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEADERS_MAX = 100, HTTP_HEADER_BYTES_MAX = 16 << 10, HTTP_TARGET_BYTES_MAX = 8 << 10 };

struct http_field {
    const char *name, *value;
};

/* What a head says about the message; fields in the order in which they came. */
struct http_head {
    const struct http_field *fields;
    size_t field_count;
    int64_t content_length; /* -1: none was given */
    bool chunked;
    bool expects_continue;
};

/* Why a request is refused, before anything of it is trusted. The connection is closed behind the answer. */
struct http_refusal {
    int status;
    const char *message;
};

/*
 * Refuses: names that are no token ("Transfer-Encoding :"), control characters, too many or too large fields, several
 * or malformed Content-Length, Transfer-Encoding other than one "chunked", both of them, Transfer-Encoding in HTTP/1.0,
 * a missing (HTTP/1.1), repeated or malformed Host, an Expect other than 100-continue.
 * NULL: accepted, ret_head is set (it borrows fields).
 */
SP_MUST_CHECK const struct http_refusal *http_head_check(const char *version, const struct http_field *fields,
                                                         size_t count, struct http_head *ret_head);
/*
 * libmicrohttpd 0.9.75 takes folded header lines, bare line feeds and NULs, and shows what is left. It parses in
 * place, so the head is strict exactly when the fields follow each other in memory with nothing but ":", blanks, CR
 * and LF (zeroed by it) between them: from behind the version up to end. Newer ones refuse such heads themselves.
 */
bool http_head_is_strict(const char *version, const struct http_field *fields, size_t count, const char *end);
/* The first value of a header, names without case; NULL: none. */
const char *http_head_value(const struct http_head *head, const char *name);

#endif
