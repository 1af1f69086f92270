/*
 * The rules for a passphrase: at least 15 characters, not one that everybody tries, and no
 * rules about digits and signs (NIST SP 800-63B section 5.1.1.2). Characters are Unicode code
 * points of the UTF-8 that is given; the client brings it to Unicode's form C before (RFC 8265), which
 * Unicode promises never to change for characters that exist. Pure; any thread.
 */
#pragma once

#include "proto/span.h"

#define PASSPHRASE_CHARS_MIN       15u
#define PASSPHRASE_BYTES_MAX       1024u
#define PASSPHRASE_WORDS           6u
/* Six words of four letters, five hyphens, terminator. */
#define PASSPHRASE_GENERATED_BYTES (PASSPHRASE_WORDS * 5u)

enum passphrase_verdict {
    PASSPHRASE_GOOD = 0,
    PASSPHRASE_SHORT,
    PASSPHRASE_LONG,
    PASSPHRASE_NOT_TEXT,   /* not UTF-8, or control characters */
    PASSPHRASE_COMMON,     /* on the list, or built from one listed word */
    PASSPHRASE_REPETITIVE, /* one short piece repeated, or a run like 1234… */
};

/* For a new passphrase; an existing one is never judged. */
enum passphrase_verdict passphrase_judge(struct span passphrase);

/* A short sentence for the user. Never NULL. */
const char *passphrase_advice(enum passphrase_verdict verdict);

/*
 * Six made-up words such as "tabo", terminated, to be wiped by the caller. Each is
 * consonant-vowel-consonant-vowel of 16 and 5 letters: 12.6 bits a word, 75.8 in all.
 */
void passphrase_generate(char out_text[static PASSPHRASE_GENERATED_BYTES]);
