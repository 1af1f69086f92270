/*
 * What the program gives back to the heap is wiped first, whoever took it.
 *
 * A note's text is decoded, wrapped, folded and printed: each step copies it, and many of the copies
 * are made by libraries (JSON, Unicode, stdio, TLS) that wipe nothing. So free and realloc are the
 * program's own here, for all of the process, and glibc's only hand the memory out; glibc allows a
 * program to put its own functions in their place. A wipe at each place that copies would miss those of
 * the libraries, and the next that is written (AT-68). Any thread.
 *
 * A sanitizer has functions of its own in these places, and fills what is freed.
 */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define OWN __attribute__((visibility("default")))

/* glibc's names for what free does without this file. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __libc_free(void *pointer);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

OWN void free(void *pointer)
{
    if (pointer != NULL) {
        explicit_bzero(pointer, malloc_usable_size(pointer));
        __libc_free(pointer);
    }
}

/* glibc's would move a block and leave the old bytes. One that becomes a little smaller stays where
 * it is: what is behind its new end is wiped with the rest. */
OWN void *realloc(void *pointer, size_t size)
{
    size_t room = pointer == NULL ? 0 : malloc_usable_size(pointer);
    if (pointer != NULL && size <= room && size > room / 2) {
        return pointer;
    }
    if (pointer != NULL && size == 0) {
        free(pointer);
        return NULL;
    }
    void *moved = malloc(size);
    if (moved != NULL && pointer != NULL) {
        memcpy(moved, pointer, size < room ? size : room);
        free(pointer);
    }
    return moved;
}
#else
typedef int heap_of_the_sanitizer; /* no file may be empty */
#endif
