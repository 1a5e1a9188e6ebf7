/*
 * Options: what an operator set, by flag, environment or config file, checked against the table (gen/option). For the
 * programs' main() alone; everything below gets values, not options.
 */
#ifndef SP_OPTIONS_OPTIONS_H
#define SP_OPTIONS_OPTIONS_H

#include "base/attr.h"
#include "gen/option/options.h"

struct sp_err;
struct sp_op;

/*
 * argv without the program's name. Text lives as long as the operation. SP_INVALID names the option, where it was set
 * and what is wrong. Flags are "--name value", "--name=value", and "--name" alone for a boolean.
 */
SP_MUST_CHECK struct sp_err *options_read(struct sp_op *op, int argc, char *const argv[], struct options *ret_options);
/* The table as text for --help: the options that program (OPTION_UP …) reads. */
SP_MUST_CHECK struct sp_err *options_help(struct sp_op *op, unsigned program, const char **ret_text);
/* "NAME=value" of every option, for a child's environment; count in ret_count. */
SP_MUST_CHECK struct sp_err *options_environment(struct sp_op *op, const struct options *options, char ***ret_variables,
                                                 size_t *ret_count);

#endif
