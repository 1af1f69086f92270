#include "server/store/db_damage.h"

#include <stdarg.h>

void db_damage_fault(struct db_damage *damage, const char *format, ...)
{
    if (damage->faults++ > 0) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started in the line above */
    (void)vsnprintf(damage->first, sizeof damage->first, format, arguments);
    va_end(arguments);
}

#define PLACE_CHARS 24u

/* Rows that are not numbered have no name that would help a person. */
static void place_text(struct span key, const char *otherwise, char out[static PLACE_CHARS])
{
    uint64_t number = 0;
    if (schema_seq_of(key, &number) == STATUS_OK) {
        (void)snprintf(out, PLACE_CHARS, "%llu", (unsigned long long)number);
    } else {
        (void)snprintf(out, PLACE_CHARS, "%s", otherwise);
    }
}

void db_hole_text(const struct db_hole *hole, char out[static DB_DAMAGE_CHARS_MAX])
{
    const char *table = schema_table_name(hole->table);
    if (!hole->lost) {
        char row[PLACE_CHARS];
        place_text(schema_key_span(&hole->row), "(not numbered)", row);
        (void)snprintf(out, DB_DAMAGE_CHARS_MAX, "%s %s is not as it was written", table, row);
        return;
    }
    const struct db_page_range *range = &hole->range;
    char from[PLACE_CHARS];
    place_text(schema_key_span(&range->low), range->low.size == 0 ? "the first" : "one", from);
    char to[PLACE_CHARS];
    place_text(range->endless ? span_of(NULL, 0) : schema_key_span(&range->high),
               range->endless ? "the end" : "another", to);
    (void)snprintf(out, DB_DAMAGE_CHARS_MAX,
                   "%s, from %s to %s: cannot be read, since page %llu is damaged", table, from, to,
                   (unsigned long long)hole->page);
}

void db_damage_hole(struct db_damage *damage, const struct db_hole *hole)
{
    char text[DB_DAMAGE_CHARS_MAX];
    db_hole_text(hole, text);
    db_damage_fault(damage, "%s", text);
    if (damage->hole_count == DB_HOLES_MAX) {
        damage->nothing = true;
        return;
    }
    damage->holes[damage->hole_count++] = *hole;
}

static bool is_in(const struct db_hole *hole, struct span key)
{
    const struct db_page_range *range = &hole->range;
    int above = db_page_compare(DB_PAGE_BYTES, schema_key_span(&range->low), key);
    return (above < 0 || (above == 0 && hole->lost)) &&
           (range->endless ||
            db_page_compare(DB_PAGE_BYTES, key, schema_key_span(&range->high)) < 0);
}

const struct db_hole *db_hole_at(const struct db_damage *damage, enum schema_table table,
                                 struct span key)
{
    for (size_t i = 0; damage != NULL && i < damage->hole_count; i++) {
        if (damage->holes[i].table == table && is_in(&damage->holes[i], key)) {
            return &damage->holes[i];
        }
    }
    return NULL;
}

bool db_hole_any(const struct db_damage *damage, enum schema_table table)
{
    for (size_t i = 0; damage != NULL && i < damage->hole_count; i++) {
        if (damage->holes[i].table == table && damage->holes[i].lost) {
            return true;
        }
    }
    return false;
}
