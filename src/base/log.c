/* logfmt on stderr; see log.h. A line is built on the stack: logging must work when memory is out. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/op.h"

enum { LINE_MAX_BYTES = 4096 };

struct line {
    char text[LINE_MAX_BYTES];
    size_t used;
};

static const char *program_name = "swissphoto";
static _Atomic int lowest_level = SP_LOG_INFO;
static const char *const level_names[] = {"debug", "info", "warn", "error"};

void sp_log_init(const char *program, enum sp_log_level level)
{
    program_name = program;
    atomic_store(&lowest_level, (int)level);
}

bool sp_log_level_parse(const char *text, enum sp_log_level *ret_level)
{
    for (size_t i = 0; i < SP_COUNT(level_names); i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum sp_log_level)i;
            return true;
        }
    }
    return false;
}

static void put(struct line *line, char c)
{
    if (line->used < LINE_MAX_BYTES - 1) /* room for the newline */
        line->text[line->used++] = c;
}

static void put_text(struct line *line, const char *text)
{
    for (; *text; text++)
        put(line, *text);
}

static bool needs_quotes(const char *value)
{
    if (!*value)
        return true;
    for (; *value; value++)
        if ((unsigned char)*value <= ' ' || *value == '"' || *value == '=' || *value == '\\' || *value == 0x7f)
            return true;
    return false;
}

static void put_pair(struct line *line, const char *key, const char *value)
{
    if (line->used)
        put(line, ' ');
    put_text(line, key);
    put(line, '=');
    if (!needs_quotes(value)) {
        put_text(line, value);
        return;
    }
    put(line, '"');
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (c == '"' || c == '\\')
            put(line, '\\');
        if (c < ' ' || c == 0x7f) {
            char escaped[8];
            snprintf(escaped, sizeof(escaped), "\\x%02x", c);
            put_text(line, escaped);
        } else {
            put(line, (char)c);
        }
    }
    put(line, '"');
}

static void begin(struct line *line, enum sp_log_level level, const struct sp_op *op, const char *message)
{
    char now[SP_ISO_TIME_BYTES];
    sp_time_format(sp_clock_now_ms(), now);
    line->used = 0;
    put_pair(line, "ts", now);
    put_pair(line, "level", level_names[level]);
    put_pair(line, "app", program_name);
    if (op)
        put_pair(line, "op", op->id);
    put_pair(line, "msg", message);
}

static void emit(struct line *line)
{
    line->text[line->used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line->text, line->used);
    (void)written; /* a log that cannot be written has nowhere to complain */
}

void sp_log(enum sp_log_level level, const struct sp_op *op, const char *message, ...)
{
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed))
        return;
    struct line line;
    begin(&line, level, op, message);
    va_list args;
    va_start(args, message);
    for (const char *key; (key = va_arg(args, const char *));) {
        const char *value = va_arg(args, const char *);
        if (value)
            put_pair(&line, key, value);
    }
    va_end(args);
    emit(&line);
}

void sp_log_err(enum sp_log_level level, const struct sp_op *op, const struct sp_err *err, const char *message)
{
    if ((int)level < atomic_load_explicit(&lowest_level, memory_order_relaxed))
        return;
    struct line line;
    begin(&line, level, op, message);
    for (const struct sp_err *e = err; e; e = e->cause) {
        char place[256];
        snprintf(place, sizeof(place), "%s:%d", e->file ? e->file : "?", e->line);
        put_pair(&line, e == err ? "code" : "cause", sp_code_info(e->code)->name);
        put_pair(&line, "error", e->message);
        if (e->detail)
            put_pair(&line, "detail", e->detail);
        put_pair(&line, "at", place);
    }
    emit(&line);
}
