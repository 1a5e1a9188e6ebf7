/* See trash.h. */
#include "domain/trash.h"

#include "base/op.h"
#include "domain/access.h"
#include "domain/principal.h"
#include "gen/db/trash.h"

enum { PAGE_SIZE = 500 };

struct sp_err *trash_delete_assets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                   const struct sp_uuid_list *ids, bool force)
{
    SP_TRY(access_require(op, db, who, "asset.delete", ids));
    if (force) {
        struct q_trash_delete_row *deleted;
        return q_trash_delete(op, db, &who->user_id, *ids, &deleted);
    }
    struct q_trash_move_row *moved;
    return q_trash_move(op, db, &who->user_id, *ids, &moved);
}

struct sp_err *trash_restore_assets(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                    const struct sp_uuid_list *ids, int64_t *ret_count)
{
    struct q_trash_restore_row *restored;
    SP_TRY(access_require(op, db, who, "asset.delete", ids));
    SP_TRY(q_trash_restore(op, db, &who->user_id, *ids, &restored));
    *ret_count = restored->count;
    return NULL;
}

struct sp_err *trash_restore_everything(struct sp_op *op, struct db_conn *db, const struct principal *who,
                                        int64_t *ret_count)
{
    struct q_trash_restore_all_row *restored;
    SP_TRY(q_trash_restore_all(op, db, &who->user_id, who->elevated, &restored));
    *ret_count = restored->count;
    return NULL;
}

struct sp_err *trash_empty(struct sp_op *op, struct db_conn *db, const struct principal *who, int64_t *ret_count)
{
    int64_t count = 0;
    for (;;) {
        struct q_trash_page_row *page;
        struct q_trash_delete_row *deleted;
        SP_TRY(q_trash_page(op, db, &who->user_id, who->elevated, PAGE_SIZE, &page));
        if (page->ids.count == 0)
            break;
        SP_TRY(q_trash_delete(op, db, &who->user_id, page->ids, &deleted));
        count += deleted->count;
    }
    *ret_count = count;
    return NULL;
}

struct sp_err *trash_purge(struct sp_op *op, struct db_conn *db, int64_t *ret_count)
{
    int64_t count = 0;
    for (;;) {
        struct q_trash_expired_row *page;
        struct q_trash_delete_row *deleted;
        SP_TRY(q_trash_expired(op, db, TRASH_DAYS, PAGE_SIZE, &page));
        if (!page)
            break;
        SP_TRY(q_trash_delete(op, db, &page->owner_id, page->ids, &deleted));
        count += deleted->count;
    }
    *ret_count = count;
    return NULL;
}
