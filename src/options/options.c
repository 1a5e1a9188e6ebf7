/* See options.h. The main thread, before any other. */
#include "options/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/op.h"
#include "os/file.h"

enum { CONFIG_MAX_BYTES = 64 * 1024, SHOWN_MAX = 100 };

static const struct option_row *find_row(const char *name, size_t length)
{
    for (size_t i = 0; i < option_row_count; i++)
        if (strlen(option_rows[i].name) == length && strncmp(option_rows[i].name, name, length) == 0)
            return &option_rows[i];
    return NULL;
}

static struct sp_err *bad_value(struct sp_op *op, const struct option_row *row, const char *origin, const char *wanted)
{
    return sp_fail(op, SP_INVALID, "Option %s (from %s) must be %s", row->name, origin, wanted);
}

static struct sp_err *set_integer(struct sp_op *op, const struct option_row *row, const char *text, const char *origin,
                                  int64_t *target)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < row->min || value > row->max) {
        const char *wanted = sp_format(op, "a number from %lld to %lld", (long long)row->min, (long long)row->max);
        SP_OWN(wanted);
        return bad_value(op, row, origin, wanted);
    }
    *target = value;
    return NULL;
}

static struct sp_err *set_boolean(struct sp_op *op, const struct option_row *row, const char *text, const char *origin,
                                  bool *target)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return bad_value(op, row, origin, "true or false");
    *target = strcmp(text, "true") == 0;
    return NULL;
}

static struct sp_err *set(struct sp_op *op, struct options *options, const struct option_row *row, const char *text,
                          const char *origin)
{
    void *target = (char *)options + row->at;
    if (row->type == OPTION_INTEGER)
        return set_integer(op, row, text, origin, target);
    if (row->type == OPTION_BOOLEAN)
        return set_boolean(op, row, text, origin, target);
    if ((int64_t)strlen(text) > row->max) {
        const char *wanted = sp_format(op, "at most %lld bytes long", (long long)row->max);
        SP_OWN(wanted);
        return bad_value(op, row, origin, wanted);
    }
    const char *copy = sp_strdup(op, text);
    SP_OWN(copy);
    memcpy(target, &copy, sizeof(copy));
    return NULL;
}

static struct sp_err *set_defaults(struct sp_op *op, struct options *options)
{
    for (size_t i = 0; i < option_row_count; i++)
        SP_TRY(set(op, options, &option_rows[i], option_rows[i].initial, "its default"));
    return NULL;
}

static struct sp_err *set_environment(struct sp_op *op, struct options *options)
{
    for (size_t i = 0; i < option_row_count; i++) {
        const char *text = getenv(option_rows[i].environment);
        if (text)
            SP_TRY(set(op, options, &option_rows[i], text, option_rows[i].environment));
    }
    return NULL;
}

/* Up to the =: what is behind it may be a secret, as in -database-url=... */
static int shown_length(const char *flag)
{
    size_t length = strcspn(flag, "=");
    return length < SHOWN_MAX ? (int)length : SHOWN_MAX;
}

/* Walks the flags; only: NULL sets all, else just the one of that name. */
static struct sp_err *set_flags(struct sp_op *op, struct options *options, int argc, char *const argv[],
                                const char *only)
{
    for (int i = 0; i < argc; i++) {
        const char *flag = argv[i];
        if (strncmp(flag, "--", 2) != 0)
            return sp_fail(op, SP_INVALID, "%.*s is not an option. Try --help.", shown_length(flag), flag);
        const char *name = flag + 2, *equals = strchr(name, '=');
        size_t length = equals ? (size_t)(equals - name) : strlen(name);
        const struct option_row *row = find_row(name, length);
        if (!row)
            return sp_fail(op, SP_INVALID, "There is no option --%.*s. Try --help.", (int)length, name);
        const char *text = equals ? equals + 1 : NULL;
        if (!text && row->type == OPTION_BOOLEAN)
            text = "true";
        if (!text && ++i < argc)
            text = argv[i];
        if (!text)
            return sp_fail(op, SP_INVALID, "Option --%s needs a value", row->name);
        if (!only || strcmp(only, row->name) == 0)
            SP_TRY(set(op, options, row, text, "the command line"));
    }
    return NULL;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        text[--length] = '\0';
    return text;
}

static struct sp_err *set_line(struct sp_op *op, struct options *options, char *line, const char *origin)
{
    line = trim(line);
    if (*line == '\0' || *line == '#')
        return NULL;
    char *equals = strchr(line, '=');
    if (!equals)
        return sp_fail(op, SP_INVALID, "%s: expected `name = value`", origin);
    *equals = '\0';
    const char *name = trim(line);
    const struct option_row *row = find_row(name, strlen(name));
    if (!row)
        return sp_fail(op, SP_INVALID, "%s: there is no option %.*s", origin, SHOWN_MAX, name);
    return set(op, options, row, trim(equals + 1), origin);
}

static struct sp_err *set_file(struct sp_op *op, struct options *options, const char *path)
{
    SP_CLEANUP(os_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sp_fail(op, SP_INVALID, "The config file %s cannot be read: %s", path, strerror(errno));
    char *text = sp_alloc(op, CONFIG_MAX_BYTES + 1, 1);
    SP_OWN(text);
    size_t size;
    struct sp_err *err = os_read_full(op, fd, text, CONFIG_MAX_BYTES + 1, &size);
    if (err)
        return sp_wrap_as(op, err, SP_INVALID, "The config file %s cannot be read", path);
    if (size > CONFIG_MAX_BYTES || memchr(text, '\0', size))
        return sp_fail(op, SP_INVALID, "The config file %s is too large or no text", path);
    unsigned number = 1;
    for (char *line = text, *next; line; line = next, number++) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        const char *origin = sp_format(op, "%s:%u", path, number);
        SP_OWN(origin);
        SP_TRY(set_line(op, options, line, origin));
    }
    return NULL;
}

struct sp_err *options_read(struct sp_op *op, int argc, char *const argv[], struct options *ret_options)
{
    struct options options;
    memset(&options, 0, sizeof(options));
    SP_TRY(set_defaults(op, &options));
    /* where the file is may come from flag or environment; then the order of precedence */
    const char *path = getenv("SWISSPHOTO_CONFIG");
    if (path)
        options.config = path;
    SP_TRY(set_flags(op, &options, argc, argv, "config"));
    if (*options.config)
        SP_TRY(set_file(op, &options, options.config));
    SP_TRY(set_environment(op, &options));
    SP_TRY(set_flags(op, &options, argc, argv, NULL));
    *ret_options = options;
    return NULL;
}

struct sp_err *options_help(struct sp_op *op, unsigned program, const char **ret_text)
{
    const char *text = "";
    for (size_t i = 0; i < option_row_count; i++) {
        const struct option_row *row = &option_rows[i];
        if (!(row->programs & program))
            continue;
        text =
            sp_format(op, "%s  --%s%s\n      %s.%s%s\n", text, row->name, row->type == OPTION_BOOLEAN ? "" : " VALUE",
                      row->doc, *row->initial ? " Default: " : "", row->initial);
        SP_OWN(text);
    }
    *ret_text = text;
    return NULL;
}

static const char *value_text(struct sp_op *op, const struct options *options, const struct option_row *row)
{
    const char *source = (const char *)options + row->at;
    if (row->type == OPTION_BOOLEAN) {
        bool value;
        memcpy(&value, source, sizeof(value));
        return value ? "true" : "false";
    }
    if (row->type == OPTION_INTEGER) {
        int64_t value;
        memcpy(&value, source, sizeof(value));
        return sp_format(op, "%lld", (long long)value);
    }
    const char *value;
    memcpy(&value, source, sizeof(value));
    return value;
}

struct sp_err *options_environment(struct sp_op *op, const struct options *options, char ***ret_variables,
                                   size_t *ret_count)
{
    char **variables;
    SP_NEW_ARRAY(op, variables, option_row_count);
    for (size_t i = 0; i < option_row_count; i++) {
        const char *value = value_text(op, options, &option_rows[i]);
        SP_OWN(value);
        variables[i] = sp_format(op, "%s=%s", option_rows[i].environment, value);
        SP_OWN(variables[i]);
    }
    *ret_variables = variables;
    *ret_count = option_row_count;
    return NULL;
}
