/*
 * The one gate: which of these ids may this principal use in this way? Owner, album membership, partner, link, locked
 * visibility and trash are decided by one query (db/queries/access.sql); nothing loads by a bare id.
 */
#ifndef SP_DOMAIN_ACCESS_H
#define SP_DOMAIN_ACCESS_H

#include "base/attr.h"
#include "base/types.h"

struct db_conn;
struct principal;
struct sp_err;
struct sp_op;

/*
 * All or nothing: SP_INVALID `Not found or no <permission> access` unless every id may be used. A foreign id and an
 * unknown one are one answer.
 */
SP_MUST_CHECK struct sp_err *access_require(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                            const char *permission, const struct sp_uuid_list *ids);
SP_MUST_CHECK struct sp_err *access_require_one(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                const char *permission, const struct sp_uuid *id);
/* ret_allowed->items[i]: whether ids->items[i] may be used. */
SP_MUST_CHECK struct sp_err *access_filter(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                           const char *permission, const struct sp_uuid_list *ids,
                                           struct sp_bool_list *ret_allowed);

#endif
