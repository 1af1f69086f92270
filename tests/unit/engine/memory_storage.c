#include "tests/unit/engine/memory_storage.h"

struct item {
    uint8_t key[STORAGE_KEY_BYTES_MAX];
    size_t key_size;
    uint8_t *value;
    size_t value_size;
};
struct table {
    struct item *items;
    size_t count, capacity;
};
struct undo {
    enum storage_table table;
    struct item old; /* value NULL: was not there */
};
struct memory_storage {
    struct table tables[STORAGE_TABLE_COUNT];
    bool in_transaction;
    struct undo *undo;
    size_t undo_count, undo_capacity;
    size_t commits_left;
    size_t steps_left;
    bool dead, kept;
    size_t commits; /* that lasted */
};

struct memory_storage *memory_storage_new(void)
{
    struct memory_storage *memory = calloc(1, sizeof *memory);
    CHECK(memory != NULL);
    memory->commits_left = SIZE_MAX;
    memory->steps_left = SIZE_MAX;
    return memory;
}

/* One step of the process; false: it is dead. */
static bool lives(struct memory_storage *memory)
{
    memory->dead = memory->dead || memory->steps_left == 0;
    memory->steps_left -= memory->steps_left != SIZE_MAX && memory->steps_left > 0 ? 1 : 0;
    return !memory->dead;
}

static void forget_undo(struct memory_storage *memory)
{
    for (size_t i = 0; i < memory->undo_count; i++) {
        free(memory->undo[i].old.value);
    }
    memory->undo_count = 0;
}

static void empty(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->items[i].value);
    }
    free(table->items);
    *table = (struct table){0};
}

void memory_storage_free(struct memory_storage *memory)
{
    forget_undo(memory);
    free(memory->undo);
    for (size_t t = 0; t < STORAGE_TABLE_COUNT; t++) {
        empty(&memory->tables[t]);
    }
    free(memory);
}

void memory_storage_reset(struct memory_storage *memory)
{
    for (size_t t = 0; t < STORAGE_TABLE_COUNT; t++) {
        if (t != STORAGE_OUTBOX && t != STORAGE_TYPED) {
            empty(&memory->tables[t]);
        }
    }
}

static int compare(const struct item *item, struct span key)
{
    size_t shorter = item->key_size < key.size ? item->key_size : key.size;
    int order = shorter == 0 ? 0 : memcmp(item->key, key.data, shorter);
    if (order != 0) {
        return order;
    }
    return item->key_size < key.size ? -1 : item->key_size > key.size;
}

static size_t place_of(const struct table *table, struct span key, bool *out_found)
{
    size_t high = table->count;
    size_t low = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&table->items[middle], key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out_found = low < table->count && compare(&table->items[low], key) == 0;
    return low;
}

static struct item item_of(struct span key, struct span value)
{
    struct item item = {.key_size = key.size, .value_size = value.size};
    CHECK(key.size <= sizeof item.key);
    memcpy(item.key, key.data, key.size);
    item.value = malloc(value.size + 1);
    CHECK(item.value != NULL);
    if (value.size > 0) {
        memcpy(item.value, value.data, value.size);
    }
    return item;
}

static void remember(struct memory_storage *memory, enum storage_table table, struct item old)
{
    if (memory->undo_count == memory->undo_capacity) {
        size_t capacity = memory->undo_capacity * 2 + 64;
        struct undo *undo = realloc(memory->undo, capacity * sizeof *undo);
        CHECK(undo != NULL);
        memory->undo = undo;
        memory->undo_capacity = capacity;
    }
    memory->undo[memory->undo_count++] = (struct undo){table, old};
}

static void insert(struct table *table, size_t place, struct item item)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity * 2 + 64;
        struct item *items = realloc(table->items, capacity * sizeof *items);
        CHECK(items != NULL);
        table->items = items;
        table->capacity = capacity;
    }
    memmove(&table->items[place + 1], &table->items[place],
            (table->count - place) * sizeof *table->items);
    table->items[place] = item;
    table->count++;
}

static void take_out(struct table *table, size_t place)
{
    memmove(&table->items[place], &table->items[place + 1],
            (table->count - place - 1) * sizeof *table->items);
    table->count--;
}

static enum status begin(void *context)
{
    struct memory_storage *memory = context;
    CHECK(!memory->in_transaction);
    if (!lives(memory)) {
        return STATUS_IO;
    }
    memory->in_transaction = true;
    return STATUS_OK;
}

static void drop(void *context)
{
    struct memory_storage *memory = context;
    memory->in_transaction = false;
    while (memory->undo_count > 0) {
        struct undo *undo = &memory->undo[--memory->undo_count];
        struct table *table = &memory->tables[undo->table];
        bool found = false;
        size_t place = place_of(table, span_of(undo->old.key, undo->old.key_size), &found);
        if (found) {
            free(table->items[place].value);
            take_out(table, place);
        }
        if (undo->old.value != NULL) {
            insert(table, place, undo->old);
        }
    }
}

static enum status commit(void *context)
{
    struct memory_storage *memory = context;
    CHECK(memory->in_transaction);
    bool was_dead = memory->dead;
    if (!lives(memory) && memory->kept && !was_dead) {
        memory->in_transaction = false;
        forget_undo(memory);
        return STATUS_IO;
    }
    if (memory->dead || memory->commits_left == 0) {
        drop(memory);
        return STATUS_IO;
    }
    memory->commits_left -= memory->commits_left != SIZE_MAX ? 1 : 0;
    memory->commits++;
    memory->in_transaction = false;
    forget_undo(memory);
    return STATUS_OK;
}

static enum status put(void *context, enum storage_table table, struct span key, struct span value)
{
    struct memory_storage *memory = context;
    CHECK(memory->in_transaction);
    if (!lives(memory)) {
        return STATUS_IO;
    }
    struct table *into = &memory->tables[table];
    bool found = false;
    size_t place = place_of(into, key, &found);
    struct item item = item_of(key, value);
    if (found) {
        remember(memory, table, into->items[place]);
        into->items[place] = item;
        return STATUS_OK;
    }
    struct item absent = item;
    absent.value = NULL;
    remember(memory, table, absent);
    insert(into, place, item);
    return STATUS_OK;
}

static enum status take(void *context, enum storage_table table, struct span key)
{
    struct memory_storage *memory = context;
    CHECK(memory->in_transaction);
    if (!lives(memory)) {
        return STATUS_IO;
    }
    struct table *from = &memory->tables[table];
    bool found = false;
    size_t place = place_of(from, key, &found);
    if (!found) {
        return STATUS_NOT_FOUND;
    }
    remember(memory, table, from->items[place]);
    take_out(from, place);
    return STATUS_OK;
}

static enum status get(void *context, enum storage_table table, struct span key,
                       struct span *out_value)
{
    const struct memory_storage *memory = context;
    bool found = false;
    size_t place = place_of(&memory->tables[table], key, &found);
    if (!found) {
        return STATUS_NOT_FOUND;
    }
    const struct item *item = &memory->tables[table].items[place];
    *out_value = span_of(item->value, item->value_size);
    return STATUS_OK;
}

static enum status scan(void *context, enum storage_table table, struct span prefix,
                        storage_visit *visit, void *visitor)
{
    const struct memory_storage *memory = context;
    const struct table *from = &memory->tables[table];
    bool found = false;
    for (size_t i = place_of(from, prefix, &found); i < from->count; i++) {
        const struct item *item = &from->items[i];
        if (item->key_size < prefix.size ||
            (prefix.size > 0 && memcmp(item->key, prefix.data, prefix.size) != 0) ||
            !visit(visitor, span_of(item->key, item->key_size),
                   span_of(item->value, item->value_size))) {
            break;
        }
    }
    return STATUS_OK;
}

void memory_storage_get(struct memory_storage *memory, struct storage *out_storage)
{
    *out_storage = (struct storage){memory, begin, commit, drop, put, take, get, scan};
}

size_t memory_storage_commits(const struct memory_storage *memory)
{
    return memory->commits;
}

void memory_storage_fail_after(struct memory_storage *memory, size_t commits)
{
    memory->commits_left = commits;
}

void memory_storage_die_after(struct memory_storage *memory, size_t steps, bool kept)
{
    memory->steps_left = steps;
    memory->kept = kept;
}

bool memory_storage_dead(const struct memory_storage *memory)
{
    return memory->dead;
}

void memory_storage_start(struct memory_storage *memory)
{
    if (memory->in_transaction) {
        drop(memory);
    }
    memory->dead = false;
    memory->steps_left = SIZE_MAX;
}

size_t memory_storage_count(const struct memory_storage *memory, enum storage_table table)
{
    return memory->tables[table].count;
}

bool memory_storage_flip(struct memory_storage *memory, enum storage_table table, size_t index,
                         size_t byte, unsigned bit)
{
    struct table *in = &memory->tables[table];
    if (index >= in->count || byte >= in->items[index].value_size) {
        return false;
    }
    in->items[index].value[byte] ^= (uint8_t)(1u << (bit % 8));
    return true;
}
