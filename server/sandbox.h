/*
 * What the server can still do once it serves: nothing but to speak on the sockets and to work in
 * the files that it has open.
 *
 * Whoever finds a fault in this program speaks to it over the network, before any login. What they
 * would reach for next is a shell, a file, another machine; so none of these is there any more. The
 * process may open no file and make none, start no program, make no process, connect to nothing (where
 * the log signer has a socket of its own: to Unix stream sockets alone), listen nowhere else, map no
 * memory as code, type nothing in its terminal, and debug, signal or watch nobody. seccomp (system calls
 * and their arguments, by libseccomp) holds all of this, and Landlock holds once more, whatever the
 * system call: files and programs, and of TCP and signals what the kernel's version knows (Linux 5.13,
 * more of it in later ones; not a connection that is opened by sending).
 *
 * What is needed later must be open before: the database, DATA/clock, the listening sockets, the TLS
 * contexts; a log signer that died is started by another process (run/signer_start.h). Sources:
 * seccomp(2), landlock(7).
 */
#pragma once

#include "proto/status.h"

struct sandbox_options {
    bool connects; /* to Unix stream sockets, whichever: the log signer runs by itself */
    /* Folders in which files may be opened and made all the same; ends with NULL. NULL: none. For
     * builds with test hooks, and, |reads_only|, for the process that reads files (reader.h). */
    const char *const *folders;
    bool reads_only; /* files there can be read, and none written or made */
};

struct sandbox_report {
    bool filtered; /* seccomp */
    bool confined; /* Landlock */
    int landlock;  /* its version; 0: this kernel has none */
};

/*
 * For the calling thread, whatever it starts, and for ever: call it before the first other thread.
 * It does what the kernel lets it do, and says what that was. In a build with a sanitizer, which
 * needs files of its own, it does nothing.
 */
void sandbox_enter(const struct sandbox_options *options, struct sandbox_report *out_report);
