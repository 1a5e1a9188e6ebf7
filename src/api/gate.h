/*
 * The gate before every handler: the request's credentials, in the contract's order of precedence, the principal behind
 * them, and whether it may call this route at all. (Which ids it may touch is decided by domain/access.h.) Worker
 * threads.
 */
#ifndef SP_API_GATE_H
#define SP_API_GATE_H

#include "base/attr.h"

struct api_call;
struct http_exchange;
struct sp_err;
struct sp_op;

/*
 * Sets call->who. SP_UNAUTHENTICATED: none or bad credentials; SP_FORBIDDEN: known, but not allowed here, or a request
 * that another site made the browser send.
 */
SP_MUST_CHECK struct sp_err *api_gate(struct api_call *call);
/* The credentials that stand in the query, as a query for a redirect: "?apiKey=…", or "". */
SP_MUST_CHECK struct sp_err *api_gate_query(struct sp_op *op, struct http_exchange *x, const char **ret_query);

#endif
