/*
 * Runs a command and tells what it took, by the kernel's own count:
 *
 *   peak OUT COMMAND WORD…      OUT becomes {"us": …, "peak_kib": …, "code": …}
 *
 * The time is from before the fork to after the end; the memory is the most that was resident at
 * once. This program stays small, since a child begins with what its parent had resident.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        (void)fputs("usage: peak OUT COMMAND [WORD...]\n", stderr);
        return 2;
    }
    FILE *out = fopen(argv[1], "we");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    const uint64_t begun_us = now_us();
    const pid_t child = fork();
    if (child == 0) {
        (void)execv(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("peak");
        return 1;
    }
    (void)fprintf(out, "{\"us\":%llu,\"peak_kib\":%ld,\"code\":%d}\n",
                  (unsigned long long)(now_us() - begun_us), usage.ru_maxrss,
                  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(out) == 0 ? 0 : 1;
}
