#include "client/cli/slow.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static void set_timer(uint32_t ms)
{
    struct itimerval timer = {
        .it_value = {.tv_sec = ms / 1000u, .tv_usec = (suseconds_t)(ms % 1000u) * 1000}};
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* By a signal, since a search walks the engine and the engine has no clock. */
static void on_alarm(int signal)
{
    static const char words[] = "alcove: still reading the notes that are here.\n";
    int before = errno;
    (void)signal;
    (void)!write(STDERR_FILENO, words, sizeof words - 1);
    errno = before;
}

void slow_begin(const struct cli *cli)
{
    if (cli->lent) {
        return;
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGALRM, &action, NULL);
#ifdef ALCOVE_TEST_HOOKS
    if (getenv("ALCOVE_SLOW") != NULL) {
        (void)raise(SIGALRM);
        return;
    }
#endif
    set_timer(SLOW_MS);
}

void slow_end(const struct cli *cli)
{
    if (!cli->lent) {
        set_timer(0);
    }
}
