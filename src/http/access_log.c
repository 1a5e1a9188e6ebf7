/* One line a request; see access_log.h. The route's template stands for the target: that may carry tokens. */
#include "http/access_log.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/exchange_state.h"

void http_access_log(const struct http_exchange *x)
{
    char status[12], in[24], out[24], duration[24];
    snprintf(status, sizeof(status), "%d", x->status);
    snprintf(in, sizeof(in), "%" PRId64, x->received);
    snprintf(out, sizeof(out), "%" PRId64, x->bytes_out);
    snprintf(duration, sizeof(duration), "%" PRId64, sp_clock_mono_us() - x->started_us);
    sp_log(SP_LOG_INFO, NULL, "request", "op", x->id, "method", x->method_text, "path", x->path_shown, "operation",
           x->operation, "status", status, "in", in, "out", out, "duration_us", duration, "client", x->client_text,
           NULL);
}
