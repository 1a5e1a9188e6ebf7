/* The Cookie header (RFC 6265 section 4.2.1, read as leniently as section 5.4 clients write). Any thread. */
#ifndef SP_HTTP_COOKIE_H
#define SP_HTTP_COOKIE_H

struct sp_op;

/* The value of the first cookie of that name, without surrounding quotes, in op's memory. NULL: none, or no memory. */
const char *http_cookie_value(struct sp_op *op, const char *header, const char *name);

#endif
