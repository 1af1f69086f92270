#include "keys/private/passphrase.h"

#include "keys/public/bytes/utf8.h"

#include <sodium.h>

#define WORD_LETTERS     4u
#define DISTINCT_MIN     5u
#define LISTED_CHARS_MAX 48u

_Static_assert(PASSPHRASE_GENERATED_BYTES == PASSPHRASE_WORDS * (WORD_LETTERS + 1), "room");

/* The words that people try first, in lower case and letters only. A passphrase is judged by its
 * letters alone, so "Password-1234567!" is found here too. */
static const char *const listed[] = {
    "password",
    "passwort",
    "passphrase",
    "mypassword",
    "thisismypassword",
    "thisismypassphrase",
    "thepasswordispassword",
    "letmein",
    "letmeinplease",
    "pleaseletmein",
    "openthedoor",
    "opensesame",
    "welcome",
    "welcometothepractice",
    "changeme",
    "changemeplease",
    "pleasechangeme",
    "administrator",
    "admin",
    "superuser",
    "root",
    "rootroot",
    "login",
    "qwerty",
    "qwertz",
    "qwertyuiop",
    "qwertzuiop",
    "qwertyuiopasdfghjkl",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "asdfghjkl",
    "zxcvbnm",
    "iloveyou",
    "iloveyousomuch",
    "iloveyouforever",
    "iloveyoubaby",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "basketball",
    "dragon",
    "monkey",
    "shadow",
    "master",
    "superman",
    "batman",
    "trustno",
    "starwars",
    "maytheforcebewithyou",
    "correcthorsebatterystaple",
    "thequickbrownfox",
    "thequickbrownfoxjumps",
    "thequickbrownfoxjumpsoverthelazydog",
    "tobeornottobe",
    "tobeornottobethatisthequestion",
    "loremipsum",
    "loremipsumdolorsitamet",
    "onceuponatime",
    "therapy",
    "therapist",
    "psychotherapy",
    "psychotherapist",
    "psychologist",
    "counseling",
    "counselling",
    "confidential",
    "therapynotes",
    "alcove",
    "alcovealcove",
    "alcovepassword",
    "secret",
    "topsecret",
    "mysecret",
    "supersecret",
    "supersecretpassword",
    "donotenter",
    "idontknow",
    "iforgotmypassword",
    "whateverwhatever",
    "computer",
    "internet",
    "michael",
    "jennifer",
    "jessica",
    "charlie",
    "liverpool",
    "manchesterunited",
    "abcdefghijklmnop",
    "abcdefghijklmnopqrstuvwxyz",
    "testtest",
    "test",
    "testing",
    "thisisatest",
    "example",
};

/* Counts code points into |out_points|; false if it is not plain text. */
static bool read_points(struct span text, uint32_t *out_points, size_t *out_count)
{
    size_t count = 0;
    uint32_t point = 0;
    while (utf8_next(&text, &point)) {
        if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) {
            return false;
        }
        out_points[count++] = point;
    }
    *out_count = count;
    return text.size == 0;
}

static bool is_listed(struct span passphrase)
{
    char letters_secret[LISTED_CHARS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < passphrase.size && count < sizeof letters_secret; i++) {
        uint8_t c = passphrase.data[i];
        if (c >= 'A' && c <= 'Z') {
            c = (uint8_t)(c - 'A' + 'a');
        }
        if (c >= 0x80) {
            count = sizeof letters_secret; /* letters that no listed word has */
        } else if (c >= 'a' && c <= 'z') {
            letters_secret[count++] = (char)c;
        }
    }
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(listed); i++) {
        size_t size = strlen(listed[i]);
        found = found || (size == count && memcmp(listed[i], letters_secret, size) == 0);
    }
    sodium_memzero(letters_secret, sizeof letters_secret);
    return found;
}

static bool few_distinct(const uint32_t *points, size_t count)
{
    size_t distinct = 0;
    for (size_t i = 0; i < count && distinct < DISTINCT_MIN; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = points[j] == points[i];
        }
        distinct += seen ? 0 : 1;
    }
    return distinct < DISTINCT_MIN;
}

/* One piece twice or more: "one horse one horse " counts, since a guesser tries it. */
static bool has_period(const uint32_t *points, size_t count)
{
    for (size_t period = 1; period <= count / 2; period++) {
        size_t i = period;
        while (i < count && points[i] == points[i - period]) {
            i++;
        }
        if (i == count) {
            return true;
        }
    }
    return false;
}

/* Four steps of five to a neighbour: abcdef…, 987654321… */
static bool is_run(const uint32_t *points, size_t count)
{
    size_t near = 0;
    for (size_t i = 1; i < count; i++) {
        uint32_t low = points[i] < points[i - 1] ? points[i] : points[i - 1];
        uint32_t high = points[i] < points[i - 1] ? points[i - 1] : points[i];
        near += high - low <= 1 ? 1 : 0;
    }
    return count > 1 && near * 5 >= (count - 1) * 4;
}

enum passphrase_verdict passphrase_judge(struct span passphrase)
{
    if (passphrase.size > PASSPHRASE_BYTES_MAX) {
        return PASSPHRASE_LONG;
    }
    uint32_t points_secret[PASSPHRASE_BYTES_MAX];
    size_t count = 0;
    enum passphrase_verdict verdict = PASSPHRASE_GOOD;
    if (!read_points(passphrase, points_secret, &count)) {
        verdict = PASSPHRASE_NOT_TEXT;
    } else if (count < PASSPHRASE_CHARS_MIN) {
        verdict = PASSPHRASE_SHORT;
    } else if (is_listed(passphrase)) {
        verdict = PASSPHRASE_COMMON;
    } else if (few_distinct(points_secret, count) || has_period(points_secret, count) ||
               is_run(points_secret, count)) {
        verdict = PASSPHRASE_REPETITIVE;
    }
    sodium_memzero(points_secret, sizeof points_secret);
    return verdict;
}

const char *passphrase_advice(enum passphrase_verdict verdict)
{
    switch (verdict) {
    case PASSPHRASE_GOOD:
        return "This passphrase can be used.";
    case PASSPHRASE_SHORT:
        return "A passphrase needs at least 15 characters: several unrelated words are good.";
    case PASSPHRASE_LONG:
        return "A passphrase may have at most 1024 bytes.";
    case PASSPHRASE_NOT_TEXT:
        return "A passphrase must be plain UTF-8 text without control characters.";
    case PASSPHRASE_COMMON:
        return "That is among the first that anybody tries; take several unrelated words.";
    case PASSPHRASE_REPETITIVE:
        return "Repeated pieces and runs are quickly guessed; take several unrelated words.";
    }
    return "This passphrase cannot be used.";
}

void passphrase_generate(char out_text[static PASSPHRASE_GENERATED_BYTES])
{
    static const char consonants[] = "bdfghjklmnprstvz";
    static const char vowels[] = "aeiou";
    CHECK(sodium_init() >= 0);
    size_t at = 0;
    for (size_t word = 0; word < PASSPHRASE_WORDS; word++) {
        for (size_t i = 0; i < WORD_LETTERS; i++) {
            out_text[at++] = i % 2 == 0 ? consonants[randombytes_uniform(sizeof consonants - 1)]
                                        : vowels[randombytes_uniform(sizeof vowels - 1)];
        }
        out_text[at++] = '-';
    }
    out_text[at - 1] = '\0';
}
