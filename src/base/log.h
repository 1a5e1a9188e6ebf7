/*
 * The log: logfmt on stderr, one write(2) a line, any thread. Libraries do not log; the edges do (http, worker,
 * supervisor, main). Values are quoted where needed; control characters are escaped, so no line can be forged.
 *
 *   sp_log(SP_LOG_INFO, op, "upload stored", "asset", id_text, "bytes", size_text, NULL);
 *   -> ts=2026-01-02T03:04:05.678Z level=info op=… msg="upload stored" asset=… bytes=…
 */
#ifndef SP_BASE_LOG_H
#define SP_BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

struct sp_op;
struct sp_err;

enum sp_log_level { SP_LOG_DEBUG, SP_LOG_INFO, SP_LOG_WARN, SP_LOG_ERROR };

/* program: the "app" field of every line (a literal). Lines below level are dropped. */
void sp_log_init(const char *program, enum sp_log_level level);
bool sp_log_level_parse(const char *text, enum sp_log_level *ret_level);
/* Pairs of key and value (both const char *), closed by NULL. A NULL value drops its pair. op may be NULL. */
void sp_log(enum sp_log_level level, const struct sp_op *op, const char *message, ...) __attribute__((sentinel));
/* The error with code, detail, place and causes. */
void sp_log_err(enum sp_log_level level, const struct sp_op *op, const struct sp_err *err, const char *message);

#endif
