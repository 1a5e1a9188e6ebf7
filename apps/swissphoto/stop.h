/* The signals that end `swissphoto up`: SIGTERM, Ctrl-C, a closed terminal. The main thread alone. */
#ifndef SP_APP_STOP_H
#define SP_APP_STOP_H

#include <signal.h>
#include <stdbool.h>

/* Blocks them and SIGCHLD, to be taken by sigtimedwait; SIGPIPE is ignored. A SIGHUP that nohup ignores stays ignored.
 */
void stop_block(sigset_t *ret_signals);
bool stop_is_asked_by(int number);
/* Whether one of them came that nobody has taken yet. */
bool stop_is_pending(void);

#endif
