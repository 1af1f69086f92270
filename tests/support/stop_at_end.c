/* Preloaded into a program: when it has done all and ends, it stops instead, so that a test can look
 * into the memory that it leaves. */
#include <signal.h>

__attribute__((destructor)) static void stop_at_end(void)
{
    (void)raise(SIGSTOP);
}
