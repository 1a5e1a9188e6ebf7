/* `swissphoto up`: the whole instance in one process group, until SIGTERM or Ctrl-C. */
#ifndef SP_APP_UP_H
#define SP_APP_UP_H

#include "base/attr.h"
#include "gen/option/options.h"

struct sp_err;
struct sp_op;

SP_MUST_CHECK struct sp_err *up_run(struct sp_op *op, const struct options *options);

#endif
