/*
 * Deletion: into the trash, back, and for good. For good means that the asset's row is gone at once and its files when
 * the collector has come by (job_collect.c); until then nothing of it is shown. Called on worker threads; trash_purge
 * by the job.
 */
#ifndef SP_DOMAIN_TRASH_H
#define SP_DOMAIN_TRASH_H

#include <stdint.h>

#include "base/attr.h"
#include "base/types.h"

struct db_conn;
struct principal;
struct sp_err;
struct sp_op;

enum { TRASH_DAYS = 30 };

/* Into the trash, or (force) for good wherever they are. All or nothing: see access_require. */
SP_MUST_CHECK struct sp_err *trash_delete_assets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                 const struct sp_uuid_list *ids, bool force);
/* Counts of what a person sees: the video of a live photo is none. */
SP_MUST_CHECK struct sp_err *trash_restore_assets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                  const struct sp_uuid_list *ids, int64_t *ret_count);
SP_MUST_CHECK struct sp_err *trash_restore_everything(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                                      int64_t *ret_count);
/*
 * For good, in steps that each are committed: when it fails in the middle (a very large trash, a deadline) the rest is
 * still in the trash and asking again goes on.
 */
SP_MUST_CHECK struct sp_err *trash_empty(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                         int64_t *ret_count);
/* Whoever's, and longer in the trash than TRASH_DAYS. */
SP_MUST_CHECK struct sp_err *trash_purge(struct sp_op *op, struct db_conn *db, int64_t *ret_count);

#endif
