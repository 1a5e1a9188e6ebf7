/*
 * Values with parameters (Content-Type, Content-Disposition): reading them as clients write them, and writing a
 * Content-Disposition that every browser reads. Pure functions of an operation, any thread.
 */
#ifndef SP_HTTP_HEADER_VALUE_H
#define SP_HTTP_HEADER_VALUE_H

#include "base/attr.h"
#include <stdbool.h>
#include <stddef.h>

struct sp_op;

/* Whether the value before any parameter is name, without case ("multipart/form-data; boundary=x"). */
bool http_value_is(const char *value, const char *name);
/*
 * The text of a parameter, quoted or not, in op's memory; NULL: absent, or no memory. In a quoted one a backslash
 * escapes only a quote or a backslash: Internet Explorer's "C:\dir\file" stays whole.
 */
const char *http_value_parameter(struct sp_op *op, const char *value, const char *name);
/* The same for name* (RFC 5987: UTF-8 or ISO 8859-1); NULL also where it is malformed. */
const char *http_value_extended_parameter(struct sp_op *op, const char *value, const char *name);
/* attachment; filename="ascii fallback"; filename*=UTF-8''… ; NULL: no memory. */
SP_MUST_CHECK const char *http_disposition(struct sp_op *op, bool attachment, const char *file_name);

#endif
