/* swissphoto: the operator's command line. One command a row; main() finds it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/op.h"
#include "db/db.h"
#include "gen/db/migrations.h"
#include "options/options.h"
#include "swissphoto/admin.h"
#include "swissphoto/up.h"

static struct sp_err *command_up(struct sp_op *op, const struct options *options, int count, char *const words[])
{
    (void)count, (void)words;
    return up_run(op, options);
}

static struct sp_err *command_migrate(struct sp_op *op, const struct options *options, int count, char *const words[])
{
    (void)count, (void)words;
    if (!*options->database_url)
        return sp_fail(op, SP_INVALID,
                       "db-migrate is for an external database: set --database-url. `swissphoto up` migrates its own.");
    struct db_conn *db;
    int applied = 0;
    SP_TRY(db_open(op, options->database_url, "swissphoto", &db));
    struct sp_err *err = db_migrate(op, db, db_migrations, db_migration_count, &applied);
    db_close(db);
    if (!err)
        printf("%d migrations applied\n", applied);
    return err;
}

static struct sp_err *command_version(struct sp_op *op, const struct options *options, int count, char *const words[])
{
    (void)op, (void)options, (void)count, (void)words;
    printf("swissphoto 0.1.0\n");
    return NULL;
}

static const struct command {
    const char *name, *doc;
    struct sp_err *(*run)(struct sp_op *op, const struct options *options, int count, char *const words[]);
    bool takes_words; /* between its name and the options */
} commands[] = {
    {"up", "run the whole instance until Ctrl-C", command_up},
    {"admin", "accounts: reset-password EMAIL, grant EMAIL, revoke EMAIL, list-users", admin_run, true},
    {"db-migrate", "bring an external database to this version's schema", command_migrate},
    {"version", "print the version", command_version},
};

static int usage(struct sp_op *op)
{
    printf("usage: swissphoto COMMAND [--option value …]\n\n");
    for (size_t i = 0; i < SP_COUNT(commands); i++)
        printf("  %-12s %s\n", commands[i].name, commands[i].doc);
    const char *text;
    if (options_help(op, OPTION_UP | OPTION_SERVER | OPTION_WORKER, &text))
        return 1;
    printf("\noptions:\n%s", text);
    return 0;
}

static struct sp_err *run(struct sp_op *op, const struct command *command, int argc, char **argv)
{
    struct options options;
    enum sp_log_level level;
    int words = 0;
    while (command->takes_words && words < argc && argv[words][0] != '-')
        words++;
    SP_TRY(options_read(op, argc - words, argv + words, &options));
    if (!sp_log_level_parse(options.log_level, &level))
        return sp_fail(op, SP_INVALID, "Option log-level must be debug, info, warn or error");
    sp_log_init("swissphoto", level);
    return command->run(op, &options, words, argv);
}

int main(int argc, char **argv)
{
    umask(077);
    struct sp_op *op = sp_op_create(SP_OP_BUDGET_DEFAULT);
    if (!op)
        return 71;
    const struct command *command = NULL;
    for (size_t i = 0; argc > 1 && i < SP_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            command = &commands[i];
    int code = 0;
    if (!command) {
        bool asked = argc > 1 && strcmp(argv[1], "--help") == 0;
        code = usage(op) || !asked;
    } else {
        struct sp_err *err = run(op, command, argc - 2, argv + 2);
        if (err) {
            fprintf(stderr, "swissphoto: %s\n", err->message);
            sp_log_err(SP_LOG_ERROR, NULL, err, "the command failed");
            code = sp_code_info(err->code)->exit_code;
        }
    }
    sp_op_destroy(op);
    return code;
}
