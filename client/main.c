/* alcove: writes, reads, syncs and verifies; the only program of the two that holds keys. */
#include "client/cli/main_loop.h"

#include "keys/public/bytes/random.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Unlocked keys and notes live in this process: no core file, no foreign debugger. */
static void keep_memory_in(void)
{
    (void)umask(077);
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)signal(SIGPIPE, SIG_IGN);
}

static char **held_words; /* the copies, in whatever order main_loop puts the list */

/* Titles and names are words of a command, and every user of a machine may list the words of a
 * process. So they are copied, and the memory that the list is made from is blanked. The agent's
 * words are only its profile's path. */
static char **hide_words(int argc, char **argv)
{
    char **words = calloc(2 * ((size_t)argc + 1), sizeof *words);
    if (words == NULL || argc < 2 || strcmp(argv[1], "agent") == 0) {
        free(words);
        return argv;
    }
    held_words = words;
    words[0] = argv[0];
    for (int i = 1; i < argc; i++) {
        words[i] = strdup(argv[i]);
        if (words[i] == NULL) {
            return argv;
        }
        words[argc + 1 + i] = words[i];
    }
    for (int i = 1; i < argc; i++) {
        memset(argv[i], 0, strlen(argv[i]));
    }
    return words;
}

/* Words and output go back to the heap, which wipes them (heap.c). */
static void forget(int argc)
{
    for (int i = 1; held_words != NULL && i < argc; i++) {
        free(held_words[argc + 1 + i]);
    }
    free(held_words);
    held_words = NULL;
    (void)fclose(stdout);
}

static int version(void)
{
    (void)printf("alcove " ALCOVE_VERSION "\n");
#ifdef ALCOVE_TEST_HOOKS
    (void)printf("built with test hooks; not for real notes\n");
#endif
    return 0;
}

int main(int argc, char **argv)
{
    keep_memory_in();
    (void)setlocale(LC_ALL, "");
    if (random_init() != STATUS_OK) {
        (void)fprintf(stderr, "alcove: the kernel gives no randomness; nothing was done\n");
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        return version();
    }
    int code = main_loop(argc, hide_words(argc, argv));
    forget(argc);
    return code;
}
