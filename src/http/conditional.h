/*
 * Conditional requests and ranges (RFC 9110 sections 8.8, 13 and 14): dates, entity tags, byte ranges. Pure functions,
 * any thread.
 */
#ifndef SP_HTTP_CONDITIONAL_H
#define SP_HTTP_CONDITIONAL_H

#include "base/attr.h"
#include "base/types.h"
#include <stdbool.h>
#include <stdint.h>

enum { HTTP_DATE_BYTES = 30 };

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
void http_date_format(sp_time_ms time, char ret_text[static HTTP_DATE_BYTES]);
/* That form alone: the two obsolete ones are not sent by anyone. False: ret_time is untouched. */
bool http_date_parse(const char *text, sp_time_ms *ret_time);
/* Whether the list ("*", or "\"a\", W/\"b\"") has the tag, by weak comparison. */
bool http_etag_listed(const char *list, const char *etag);

/* What a request may say about the representation that it has; NULL: the header is absent. */
struct http_conditions {
    const char *if_none_match, *if_modified_since, *range, *if_range;
};

enum http_range_verdict { HTTP_WHOLE, HTTP_PART, HTTP_NOT_MODIFIED, HTTP_UNSATISFIABLE };

/*
 * Decides for a representation of size bytes. With HTTP_PART ret_first and ret_length are set. Several ranges, another
 * unit and a malformed header mean the whole, as the RFC allows. etag may be NULL.
 */
enum http_range_verdict http_condition_decide(const struct http_conditions *conditions, const char *etag,
                                              sp_time_ms modified_at, int64_t size, int64_t *ret_first,
                                              int64_t *ret_length);

#endif
