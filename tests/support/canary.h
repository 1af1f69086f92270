/*
 * Looks for phrases that must not be found: in bytes, files, folders and the
 * memory of running programs, in every encoding that a careless program may
 * leave them in (UTF-8, UTF-16LE, base64 and base64url at all three alignments,
 * hex in both cases). One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum {
    CANARY_PHRASE_BYTES_MIN = 8, /* shorter ones turn up by chance */
    CANARY_PHRASE_BYTES_MAX = 512,
    CANARY_PHRASES_MAX = 4096,
};

enum canary_encoding {
    CANARY_UTF8 = 1,
    CANARY_UTF16LE,
    CANARY_BASE64_0,
    CANARY_BASE64_1,
    CANARY_BASE64_2,
    CANARY_BASE64URL_0,
    CANARY_BASE64URL_1,
    CANARY_BASE64URL_2,
    CANARY_HEX_LOWER,
    CANARY_HEX_UPPER,
    CANARY_ENCODINGS_END,
};

struct canary;

/* Hits are written to |report|, borrowed, one line each; NULL: counted only. */
struct canary *canary_new(FILE *report);
void canary_free(struct canary *canary);

/* Adds a UTF-8 phrase, copied; false when its length is out of bounds, it is not
 * UTF-8 or there are too many. */
int canary_add(struct canary *canary, const char *phrase);

/* Encodes one phrase; returns the size, at most |room|. For base64 only those
 * characters are given that the phrase alone decides, whatever stands around it. */
size_t canary_encode(enum canary_encoding encoding, const char *phrase, uint8_t *out, size_t room);
const char *canary_encoding_name(enum canary_encoding encoding);

/* Each searches one thing. False when it could not be read whole: then "nothing
 * found" means nothing. |place| names the bytes in the report. */
int canary_search_bytes(struct canary *canary, const char *place, const void *bytes, size_t size);
int canary_search_path(struct canary *canary, const char *path); /* names of files too */
int canary_search_process(struct canary *canary, pid_t pid);     /* every readable range */

uint64_t canary_hits(const struct canary *canary);
uint64_t canary_hits_of(const struct canary *canary, enum canary_encoding encoding);
uint64_t canary_bytes_searched(const struct canary *canary);
