#include "client/cli/option.h"

#include "client/agent/clock.h"
#include "proto/number.h"
#include "proto/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define FD_MAX (1u << 20)

const struct option_table option_none = {NULL, 0, 0};
const struct option_rule option_required = {.required = true};

static const struct {
    const char *word;
    uint32_t rights;
} RIGHTS[] = {{"read", RIGHT_READ},
              {"read,write", RIGHT_READ | RIGHT_WRITE},
              {"read,write,own", RIGHT_READ | RIGHT_WRITE | RIGHT_OWN}};

bool option_is_named(const struct option *option)
{
    return option->name[0] == '-';
}

bool option_is_word(const struct option *option)
{
    return option->name[0] >= 'A' && option->name[0] <= 'Z';
}

bool option_is_required(const struct option *option)
{
    return option->rule != NULL && option->rule->required;
}

/* Actions have gaps between their numbers. */
static uint32_t action_at(size_t index)
{
    uint32_t action = 0;
    for (size_t i = 0; i <= index && action <= POLICY_ACTION_MAX; i++) {
        do {
            action++;
        } while (action <= POLICY_ACTION_MAX && strcmp(policy_action_name(action), "?") == 0);
    }
    return action;
}

const char *option_choice(const struct option *option, size_t index)
{
    uint32_t value = (uint32_t)index + 1;
    if (option->kind == OPTION_CHOICE) {
        return option->rule->choices[index];
    }
    if (option->kind == OPTION_RIGHTS) {
        return index < ARRAY_LEN(RIGHTS) ? RIGHTS[index].word : NULL;
    }
    if (option->kind == OPTION_CLASS) {
        return value < POLICY_CLASS_COUNT ? policy_class_name(value) : NULL;
    }
    if (option->kind == OPTION_ROLE) {
        return value <= POLICY_ROLE_COUNT ? policy_role_name(value) : NULL;
    }
    if (option->kind == OPTION_ACTION) {
        value = action_at(index);
        return value <= POLICY_ACTION_MAX ? policy_action_name(value) : NULL;
    }
    return NULL;
}

/* The number that stands for the |index|th of those words. */
static uint32_t choice_number(const struct option *option, size_t index)
{
    if (option->kind == OPTION_RIGHTS) {
        return RIGHTS[index].rights;
    }
    return option->kind == OPTION_ACTION ? action_at(index) : (uint32_t)index + 1;
}

/* ---- numbers, by whatever type they are kept */

bool option_holds_number(enum option_kind kind)
{
    return kind != OPTION_TEXT && kind != OPTION_FILE && kind != OPTION_INPUT &&
           kind != OPTION_MANY && kind != OPTION_LINKS;
}

static size_t number_bytes(enum option_kind kind)
{
    if (kind == OPTION_FLAG) {
        return sizeof(bool);
    }
    return kind >= OPTION_NUMBER && kind <= OPTION_UNTIL && kind != OPTION_FD ? sizeof(uint64_t)
                                                                              : sizeof(uint32_t);
}

uint64_t option_get_number(const struct option *option, const void *values)
{
    const uint8_t *at = (const uint8_t *)values + option->offset;
    uint64_t wide = 0;
    if (number_bytes(option->kind) == sizeof wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    if (option->kind == OPTION_FLAG) {
        return *at;
    }
    uint32_t narrow = 0;
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

void option_set_number(const struct option *option, void *values, uint64_t number)
{
    uint8_t *at = (uint8_t *)values + option->offset;
    uint32_t narrow = (uint32_t)number;
    if (number_bytes(option->kind) == sizeof number) {
        memcpy(at, &number, sizeof number);
    } else if (option->kind == OPTION_FLAG) {
        *at = number != 0;
    } else {
        memcpy(at, &narrow, sizeof narrow);
    }
}

bool option_number_valid(const struct option *option, uint64_t number)
{
    if (option->kind == OPTION_FLAG) {
        return number <= 1;
    }
    if (option->kind == OPTION_NUMBER) {
        return number >= option->rule->least && number <= option->rule->most;
    }
    if (option->kind == OPTION_FD) {
        return number <= FD_MAX;
    }
    if (number_bytes(option->kind) == sizeof number) {
        return number <= INT64_MAX;
    }
    for (size_t i = 0; option_choice(option, i) != NULL; i++) {
        if (choice_number(option, i) == number) {
            return true;
        }
    }
    return false;
}

const struct option *option_find(const struct option_table *table, const char *name, size_t size)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strlen(table->rows[i].name) == size && memcmp(table->rows[i].name, name, size) == 0) {
            return &table->rows[i];
        }
    }
    return NULL;
}

void option_clear(const struct option_table *table, void *out_values)
{
    memset(out_values, 0, table->size);
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        if (option->kind == OPTION_NUMBER) {
            option_set_number(option, out_values, option->rule->otherwise);
        } else if (option->kind == OPTION_FD) {
            option_set_number(option, out_values, UINT32_MAX); /* -1 */
        }
    }
}

void *option_values_new(const struct option_table *table)
{
    void *values = malloc(table->size + 1);
    CHECK(values != NULL);
    option_clear(table, values);
    return values;
}

/* ---- words into values */

static bool take_number(const struct option *option, const char *text, uint64_t *out_number,
                        char *wrong)
{
    uint64_t least = option->kind == OPTION_NUMBER ? option->rule->least : 0;
    uint64_t most = option->kind == OPTION_NUMBER ? option->rule->most : FD_MAX;
    bool good = number_of(text, least, most, out_number);
    if (!good) {
        (void)snprintf(wrong, OPTION_WRONG_BYTES, "%s is a number from %llu to %llu, not %.64s",
                       option->name, (unsigned long long)least, (unsigned long long)most, text);
    }
    return good;
}

/* Local time. mktime takes the 31st of February for a day in March, so the day is compared. */
static bool time_of(const char *text, bool end, uint64_t *out_ms)
{
    struct tm local = {.tm_isdst = -1};
    const char *rest = strptime(text, "%Y-%m-%d", &local);
    bool day = rest != NULL && *rest == '\0';
    int number = local.tm_mday;
    if (rest != NULL && *rest == 'T') {
        rest = strptime(rest + 1, "%H:%M", &local);
    }
    local.tm_isdst = -1;
    time_t seconds = rest != NULL && *rest == '\0' ? mktime(&local) : -1;
    if (seconds < 0 || local.tm_mday != number) {
        return false;
    }
    if (day && end) {
        local.tm_mday++;
        local.tm_isdst = -1;
        seconds = mktime(&local);
    }
    *out_ms = (uint64_t)seconds * 1000u - (day && end ? 1u : 0u);
    return true;
}

static bool take_time(const struct option *option, const char *text, uint64_t *out_ms, char *wrong)
{
    if (!time_of(text, option->kind != OPTION_TIME, out_ms)) {
        (void)snprintf(wrong, OPTION_WRONG_BYTES,
                       "%s is a time, YYYY-MM-DD or YYYY-MM-DDTHH:MM, not %.64s", option->name,
                       text);
        return false;
    }
    if (option->kind == OPTION_UNTIL && *out_ms <= clock_now_ms()) {
        (void)snprintf(wrong, OPTION_WRONG_BYTES, "%s %.64s has passed already; nothing was done",
                       option->name, text);
        return false;
    }
    return true;
}

/* One of the words that option_choice lists. */
static bool take_choice(const struct option *option, const char *text, uint64_t *out_number,
                        char *wrong)
{
    for (size_t i = 0; option_choice(option, i) != NULL; i++) {
        if (strcmp(option_choice(option, i), text) == 0) {
            *out_number = choice_number(option, i);
            return true;
        }
    }
    size_t used = (size_t)snprintf(wrong, OPTION_WRONG_BYTES, "%s is one of", option->name);
    for (size_t i = 0; option_choice(option, i) != NULL && used < OPTION_WRONG_BYTES; i++) {
        used += (size_t)snprintf(wrong + used, OPTION_WRONG_BYTES - used, "%s %s",
                                 i == 0 ? "" : ",", option_choice(option, i));
    }
    if (used < OPTION_WRONG_BYTES) {
        (void)snprintf(wrong + used, OPTION_WRONG_BYTES - used, "; not %.64s", text);
    }
    return false;
}

static bool add_text(const struct option *option, struct option_texts *texts, const char *text,
                     char *wrong)
{
    if (texts->count == ARRAY_LEN(texts->items)) {
        (void)snprintf(wrong, OPTION_WRONG_BYTES, "%s is given more than %zu times", option->name,
                       ARRAY_LEN(texts->items));
        return false;
    }
    texts->items[texts->count++] = text;
    return true;
}

bool option_take(const struct option *option, void *values, const char *text,
                 char wrong[static OPTION_WRONG_BYTES])
{
    void *at = (uint8_t *)values + option->offset;
    if (option->kind == OPTION_MANY) {
        return add_text(option, at, text, wrong);
    }
    if (!option_holds_number(option->kind)) {
        memcpy(at, &text, sizeof text);
        return true;
    }
    uint64_t number = 1;
    bool good = true;
    if (option->kind == OPTION_NUMBER || option->kind == OPTION_FD) {
        good = take_number(option, text, &number, wrong);
    } else if (number_bytes(option->kind) == sizeof number) {
        good = take_time(option, text, &number, wrong);
    } else if (option->kind != OPTION_FLAG) {
        good = take_choice(option, text, &number, wrong);
    }
    if (good) {
        option_set_number(option, values, number);
    }
    return good;
}
