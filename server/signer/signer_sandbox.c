#include "server/signer/signer_sandbox.h"

#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum status signer_sandbox_begin(void)
{
    (void)umask(077);
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

#ifdef ALCOVE_SANITIZED
enum status signer_sandbox_enter(int state_fd)
{
    (void)state_fd;
    return STATUS_OK;
}
#else
/* Reading requests, writing answers and complaints, memory, ending. */
static const int ALLOWED[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(munlock),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

static bool add_rules(scmp_filter_ctx filter, int state_fd)
{
    const struct scmp_arg_cmp first = {
        .arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)state_fd};
    for (size_t i = 0; i < ARRAY_LEN(ALLOWED); i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0) != 0) {
            return false;
        }
    }
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(pwrite64), 1, first) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fdatasync), 1, first) == 0;
}

enum status signer_sandbox_enter(int state_fd)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return STATUS_NO_MEMORY;
    }
    bool loaded = add_rules(filter, state_fd) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return loaded ? STATUS_OK : STATUS_UNSUPPORTED;
}
#endif
