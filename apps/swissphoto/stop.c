/* See stop.h. */
#include "swissphoto/stop.h"

#include <stddef.h>

#include "base/attr.h"

static const int stops[] = {SIGTERM, SIGINT, SIGHUP};

/* A blocked signal waits even where it is ignored, so each use asks. */
static bool is_ignored_hangup(int number)
{
    struct sigaction action;
    return number == SIGHUP && sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void stop_block(sigset_t *ret_signals)
{
    sigemptyset(ret_signals);
    sigaddset(ret_signals, SIGCHLD);
    for (size_t i = 0; i < SP_COUNT(stops); i++)
        sigaddset(ret_signals, stops[i]);
    sigprocmask(SIG_BLOCK, ret_signals, NULL);
    signal(SIGPIPE, SIG_IGN); /* whoever read our words may have gone */
}

bool stop_is_asked_by(int number)
{
    for (size_t i = 0; i < SP_COUNT(stops); i++)
        if (stops[i] == number)
            return !is_ignored_hangup(number);
    return false;
}

bool stop_is_pending(void)
{
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < SP_COUNT(stops); i++)
        if (sigismember(&pending, stops[i]) && !is_ignored_hangup(stops[i]))
            return true;
    return false;
}
