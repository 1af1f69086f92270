#include "server/run/turn.h"

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The shortest that Linux takes. */
#define TURN_NS 100000u

void turn_short(void)
{
    struct sched_attr attributes = {.size = sizeof attributes};
    /* Glibc has no name for these calls before 2.41. */
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) {
        return;
    }
    attributes.sched_runtime = TURN_NS;
    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
