/* See admin.h. One action a row. */
#include "swissphoto/admin.h"

#include <stdio.h>
#include <string.h>

#include "base/op.h"
#include "db/db.h"
#include "domain/account.h"
#include "domain/secret.h"
#include "gen/db/user.h"
#include "options/options.h"
#include "swissphoto/folders.h"

static struct sp_err *reset_password(struct sp_op *op, struct db_conn *db, const char *email)
{
    struct sp_uuid id;
    const char *password;
    SP_TRY(account_find(op, db, email, &id));
    SP_TRY(account_reset_password(op, db, &id, &password));
    fprintf(stderr, "The new password of %s, to be changed at the next login; every session has ended:\n", email);
    printf("%s\n", password);
    return NULL;
}

static struct sp_err *set_admin(struct sp_op *op, struct db_conn *db, const char *email, bool is_admin)
{
    struct sp_uuid id;
    SP_TRY(account_find(op, db, email, &id));
    SP_TRY(account_set_admin(op, db, &id, is_admin));
    printf("%s is %s administrator now\n", email, is_admin ? "an" : "no");
    return NULL;
}

static struct sp_err *grant(struct sp_op *op, struct db_conn *db, const char *email)
{
    return set_admin(op, db, email, true);
}

static struct sp_err *revoke(struct sp_op *op, struct db_conn *db, const char *email)
{
    return set_admin(op, db, email, false);
}

/* People choose their names: none may steer the operator's terminal (C0, DEL, and C1 in UTF-8) or make a column. */
static const char *harmless(struct sp_op *op, const char *text)
{
    char *copy = sp_strdup(op, text);
    for (unsigned char *c = (unsigned char *)copy; c && *c; c++)
        if (*c < 0x20 || *c == 0x7f)
            *c = '?';
        else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
            c[0] = c[1] = '?';
    return copy;
}

static struct sp_err *list_users(struct sp_op *op, struct db_conn *db, const char *email)
{
    (void)email;
    struct q_user_search_rows users;
    SP_TRY(account_search(op, db, NULL, true, &users));
    for (size_t i = 0; i < users.count; i++) {
        const struct q_user_search_row *user = &users.items[i];
        const char *address = harmless(op, user->email), *name = harmless(op, user->name);
        SP_OWN(address);
        SP_OWN(name);
        printf("%s\t%s\t%s\t%s\n", address, user->is_admin ? "admin" : "user", user->status, name);
    }
    return NULL;
}

static const struct action {
    const char *name;
    bool needs_email;
    const char *doc;
    struct sp_err *(*run)(struct sp_op *op, struct db_conn *db, const char *email);
} actions[] = {
    {"reset-password", true, "print a new password for EMAIL and end their sessions", reset_password},
    {"grant", true, "make EMAIL an administrator", grant},
    {"revoke", true, "take the administrator's right from EMAIL, unless it is the last one", revoke},
    {"list-users", false, "print address, right, state and name of everyone, separated by tabs", list_users},
};

static struct sp_err *usage(struct sp_op *op)
{
    const char *text = "usage: swissphoto admin ACTION [EMAIL] [--data DIR | --database-url URL]";
    for (size_t i = 0; i < SP_COUNT(actions); i++) {
        text = sp_format(op, "%s\n  %s%s: %s", text, actions[i].name, actions[i].needs_email ? " EMAIL" : "",
                         actions[i].doc);
        SP_OWN(text);
    }
    return sp_fail(op, SP_INVALID, "%s", text);
}

static struct sp_err *find_database(struct sp_op *op, const struct options *options, const char **ret_url)
{
    const char *run;
    *ret_url = options->database_url;
    if (**ret_url)
        return NULL;
    SP_TRY(folders_find_run(op, options->data, &run));
    *ret_url = sp_format(op, "host=%s user=swissphoto dbname=swissphoto", run);
    SP_OWN(*ret_url);
    return NULL;
}

struct sp_err *admin_run(struct sp_op *op, const struct options *options, int count, char *const words[])
{
    const struct action *action = NULL;
    const char *url;
    struct db_conn *db;
    for (size_t i = 0; count > 0 && i < SP_COUNT(actions); i++)
        if (strcmp(words[0], actions[i].name) == 0 && count == (actions[i].needs_email ? 2 : 1))
            action = &actions[i];
    if (!action)
        return usage(op);
    SP_TRY(secret_init(op));
    SP_TRY(find_database(op, options, &url));
    SP_TRY(db_open(op, url, "swissphoto", &db));
    struct sp_err *err = db_ping(op, db);
    if (err)
        err = sp_wrap(op, err,
                      "The database does not answer. SwissPhoto must run (`swissphoto up`) with this data folder.");
    else
        err = action->run(op, db, count > 1 ? words[1] : NULL);
    db_close(db);
    return err;
}
