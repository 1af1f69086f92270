#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef ALCOVE_SANITIZED
void sandbox_enter(const struct sandbox_options *options, struct sandbox_report *out_report)
{
    (void)options;
    *out_report = (struct sandbox_report){0};
}
#else

/* ---------------------------------------------------------------- seccomp */

/* What serving needs, and any thread, lock, clock and allocation. */
static const int ALLOWED[] = {
    /* what is open */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write),
    SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(lseek), SCMP_SYS(close),
    SCMP_SYS(fdatasync), SCMP_SYS(fsync), SCMP_SYS(msync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate),
    SCMP_SYS(fstat), SCMP_SYS(fstatfs), SCMP_SYS(dup), SCMP_SYS(eventfd2), SCMP_SYS(pipe2),
    /* peers */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(shutdown),
    SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mlock),
    SCMP_SYS(munlock), SCMP_SYS(getrandom), SCMP_SYS(membarrier),
    /* threads, signals, time */
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getattr), SCMP_SYS(sched_setattr), SCMP_SYS(getcpu),
    SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
    SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(wait4), SCMP_SYS(waitid),
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* What is done with a descriptor: not whom it tells, nor by which signal, nor what a terminal types. */
static const int FCNTL_COMMANDS[] = {F_DUPFD,  F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,
                                     F_GETFL,  F_SETFL,         F_GETLK,     F_SETLK,
                                     F_SETLKW, F_OFD_GETLK,     F_OFD_SETLK, F_OFD_SETLKW};
static const int IOCTL_COMMANDS[] = {FIONBIO, FIONREAD, FIOCLEX, FIONCLEX};

/* Libraries try these by the way, a locale or the number of processors, and do without. */
static const int DENIED[] = {SCMP_SYS(open),     SCMP_SYS(openat),     SCMP_SYS(openat2),
                             SCMP_SYS(creat),    SCMP_SYS(access),     SCMP_SYS(faccessat),
                             SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(stat),
                             SCMP_SYS(statx),    SCMP_SYS(statfs)};

/* Nothing but an intruder calls these: the process ends, and its keeper is told by the signal.
 * Every other call is answered as by a kernel that does not know it. */
static const int DEADLY[] = {SCMP_SYS(execve),
                             SCMP_SYS(execveat),
                             SCMP_SYS(fork),
                             SCMP_SYS(vfork),
                             SCMP_SYS(ptrace),
                             SCMP_SYS(process_vm_readv),
                             SCMP_SYS(bind),
                             SCMP_SYS(process_vm_writev),
                             SCMP_SYS(listen),
                             SCMP_SYS(bpf),
                             SCMP_SYS(perf_event_open),
                             SCMP_SYS(userfaultfd),
                             SCMP_SYS(mount),
                             SCMP_SYS(io_uring_setup),
                             SCMP_SYS(unshare),
                             SCMP_SYS(setns),
                             SCMP_SYS(pivot_root),
                             SCMP_SYS(chroot),
                             SCMP_SYS(init_module),
                             SCMP_SYS(finit_module),
                             SCMP_SYS(kexec_load),
                             SCMP_SYS(add_key),
                             SCMP_SYS(keyctl),
                             SCMP_SYS(memfd_create),
                             SCMP_SYS(setuid),
                             SCMP_SYS(setresuid),
                             SCMP_SYS(personality)};

#define SOCKET_KIND  0xfu                /* of a socket's type; flags are above it */

static bool add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (seccomp_rule_add(filter, action, calls[i], 0) != 0) {
            return false;
        }
    }
    return true;
}

static struct scmp_arg_cmp equals(unsigned arg, scmp_datum_t value)
{
    return (struct scmp_arg_cmp){.arg = arg, .op = SCMP_CMP_EQ, .datum_a = value};
}

static struct scmp_arg_cmp masked(unsigned arg, scmp_datum_t mask, scmp_datum_t value)
{
    return (struct scmp_arg_cmp){
        .arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static bool allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp only)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, only) == 0;
}

static bool allow_commands(scmp_filter_ctx filter, int call, const int *commands, size_t count)
{
    bool added = true;
    for (size_t i = 0; i < count && added; i++) {
        added = allow_if(filter, call, equals(1, (scmp_datum_t)commands[i]));
    }
    return added;
}

/* To the one at the other end alone. A datagram would go to any Unix socket, and so would data that
 * opens a connection (tcp(7), TCP Fast Open) leave for any machine: from a listening socket that was
 * shut down, and past Landlock. */
static bool add_sending(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp family = equals(0, AF_UNIX);
    const struct scmp_arg_cmp stream = masked(1, SOCKET_KIND, SOCK_STREAM);
    const struct scmp_arg_cmp connected = masked(3, MSG_FASTOPEN, 0);
    const struct scmp_arg_cmp nowhere = equals(4, 0);
    return allow_if(filter, SCMP_SYS(sendmsg), masked(2, MSG_FASTOPEN, 0)) &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 2, connected, nowhere) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2, family, stream) == 0;
}

/* Calls that depend on what they are given: no code from memory, no process, no limit raised, no
 * signal to others, no socket to the network. */
static bool add_judged(scmp_filter_ctx filter, bool connects)
{
    const scmp_datum_t self = (scmp_datum_t)getpid();
    bool added =
        allow_if(filter, SCMP_SYS(mmap), masked(2, PROT_EXEC, 0)) &&
        allow_if(filter, SCMP_SYS(mprotect), masked(2, PROT_EXEC, 0)) &&
        allow_if(filter, SCMP_SYS(clone), masked(0, CLONE_THREAD, CLONE_THREAD)) &&
        /* fstat, as the C library makes it */
        allow_if(filter, SCMP_SYS(newfstatat), masked(3, AT_EMPTY_PATH, AT_EMPTY_PATH)) &&
        allow_if(filter, SCMP_SYS(prlimit64), equals(2, 0)) &&
        allow_if(filter, SCMP_SYS(tgkill), equals(0, self)) &&
        allow_if(filter, SCMP_SYS(prctl), equals(0, PR_SET_NAME)) &&
        allow_commands(filter, SCMP_SYS(fcntl), FCNTL_COMMANDS, ARRAY_LEN(FCNTL_COMMANDS)) &&
        allow_commands(filter, SCMP_SYS(ioctl), IOCTL_COMMANDS, ARRAY_LEN(IOCTL_COMMANDS)) &&
        add_sending(filter);
    const struct scmp_arg_cmp other = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
    if (connects) {
        return added &&
               seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, equals(0, AF_UNIX),
                                masked(1, SOCKET_KIND, SOCK_STREAM)) == 0 &&
               seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 1, other) == 0 &&
               seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0) == 0;
    }
    return added && seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(connect), 0) == 0;
}

static bool filter_calls(const struct sandbox_options *options)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL) {
        return false;
    }
    uint32_t opening = options->folders == NULL ? SCMP_ACT_ERRNO(EACCES) : SCMP_ACT_ALLOW;
    bool loaded = add_all(filter, SCMP_ACT_ALLOW, ALLOWED, ARRAY_LEN(ALLOWED)) &&
                  add_all(filter, opening, DENIED, ARRAY_LEN(DENIED)) &&
                  add_all(filter, SCMP_ACT_KILL_PROCESS, DEADLY, ARRAY_LEN(DEADLY)) &&
                  add_judged(filter, options->connects) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return loaded;
}

/* ---------------------------------------------------------------- Landlock */

/* The kernel's header of Debian 12 ends with version 2; what is unknown to a kernel is not asked. */
#define FS_TRUNCATE  (UINT64_C(1) << 14) /* 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define NET_BIND     (UINT64_C(1) << 0)  /* 4 */
#define NET_CONNECT  (UINT64_C(1) << 1)  /* 4 */
#define SCOPE_SOCKET (UINT64_C(1) << 0)  /* 6: abstract Unix sockets of others */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)  /* 6 */

struct ruleset {
    uint64_t files, net, scoped;
};

static struct ruleset ruleset_of(long version)
{
    uint64_t files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; /* all of the first version */
    files |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    files |= version >= 3 ? FS_TRUNCATE : 0;
    files |= version >= 5 ? FS_IOCTL_DEV : 0;
    return (struct ruleset){.files = files,
                            .net = version >= 4 ? NET_BIND | NET_CONNECT : 0,
                            .scoped = version >= 6 ? SCOPE_SOCKET | SCOPE_SIGNAL : 0};
}

static bool open_folders(int rules, const struct sandbox_options *options, uint64_t files)
{
    const char *const *folders = options->folders;
    const uint64_t making = options->reads_only ? 0
                                                : LANDLOCK_ACCESS_FS_WRITE_FILE |
                                                      LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE;
    bool added = true;
    for (size_t i = 0; folders != NULL && folders[i] != NULL; i++) {
        struct landlock_path_beneath_attr beneath = {
            .allowed_access = files & (LANDLOCK_ACCESS_FS_READ_FILE | making),
            .parent_fd = open(folders[i], O_PATH | O_CLOEXEC)};
        added = added && beneath.parent_fd >= 0 &&
                syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
        if (beneath.parent_fd >= 0) {
            (void)close(beneath.parent_fd);
        }
    }
    return added;
}

/* The version that was entered; 0: none. */
static int confine(const struct sandbox_options *options)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) {
        return 0;
    }
    const struct ruleset wanted = ruleset_of(version);
    /* An older kernel takes a longer structure whose end is zero. */
    long rules = syscall(SYS_landlock_create_ruleset, &wanted, sizeof wanted, 0);
    if (rules < 0) {
        return 0;
    }
    bool entered = open_folders((int)rules, options, wanted.files) &&
                   syscall(SYS_landlock_restrict_self, (int)rules, 0) == 0;
    (void)close((int)rules);
    return entered ? (int)version : 0;
}

void sandbox_enter(const struct sandbox_options *options, struct sandbox_report *out_report)
{
    *out_report = (struct sandbox_report){0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return;
    }
    /* Landlock first: its own calls are not on the list. */
    out_report->landlock = confine(options);
    out_report->confined = out_report->landlock > 0;
    out_report->filtered = filter_calls(options);
}
#endif
