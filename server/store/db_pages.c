#include "server/store/db_pages.h"

#include "server/store/db_file.h"
#include "server/store/db_internal.h"

#include <unistd.h>

/* As deep as LMDB goes. */
#define DEPTH_MAX 32u

/* A page on the way from the root to the page in hand. */
struct step {
    uint64_t number;
    uint8_t *page; /* of page_bytes */
    enum db_page_kind kind;
    size_t next; /* the row that is looked at next */
    struct db_page_range range;
};

struct check {
    int fd;
    size_t page_bytes;
    uint64_t last_page;
    uint8_t *met;  /* a bit for each page: some tree or the list of free pages names it */
    uint64_t mets; /* how many of them */
    bool past_end;
    struct step steps[DEPTH_MAX];
    uint8_t *value; /* scratch */
    uint8_t format[4];
    struct db_damage *damage;
};

/* A tree of LMDB's: a table, its list of tables, or its list of free pages. */
struct tree {
    const char *name;
    bool table_known;
    enum schema_table table; /* if it is one */
    enum db_page_order order;
    struct db_file_tree as_told;
    struct db_file_tree counted;
    struct db_file_tree *tables; /* of the list of tables: what it says of each */
    bool *has_table;
    uint64_t newest; /* of the list of free pages: no key is above */
};

static struct schema_key key_of(struct span bytes)
{
    struct schema_key key = {.size = bytes.size};
    CHECK(bytes.size <= sizeof key.bytes);
    if (bytes.size > 0) {
        memcpy(key.bytes, bytes.data, bytes.size);
    }
    return key;
}

/* |row|: the key of a row that is there; NULL: the page is lost. */
static void add_hole(struct check *check, const struct tree *tree,
                     const struct db_page_range *range, const struct span *row, uint64_t page)
{
    if (!tree->table_known) {
        db_damage_fault(check->damage, "the list %s, page %llu, is not as it was written",
                        tree->name, (unsigned long long)page);
        check->damage->nothing = true;
        return;
    }
    struct db_hole hole = {
        .table = tree->table, .lost = row == NULL, .range = *range, .page = page};
    if (row != NULL) {
        hole.row = key_of(*row);
    }
    db_damage_hole(check->damage, &hole);
}

/* Marks pages as named. False if one of them was named before, or is past the end. */
static bool meet(struct check *check, uint64_t first, uint64_t count)
{
    if (first < DB_FILE_META_PAGES || count > check->last_page ||
        first > check->last_page + 1 - count) {
        check->past_end = check->past_end || first > check->last_page;
        return false;
    }
    bool fresh = true;
    for (uint64_t page = first; page < first + count; page++) {
        uint8_t bit = (uint8_t)(1u << page % 8);
        fresh = fresh && (check->met[page / 8] & bit) == 0;
        check->mets += (check->met[page / 8] & bit) == 0 ? 1 : 0;
        check->met[page / 8] |= bit;
    }
    return fresh;
}

static bool read_bytes(const struct check *check, uint64_t page, void *out, size_t size)
{
    return pread(check->fd, out, size, (off_t)(page * check->page_bytes)) == (ssize_t)size;
}

/* Reads the pages of a value that does not stand in its row. NULL: they do not hold it. */
static const uint8_t *value_apart(struct check *check, struct tree *tree,
                                  const struct db_page_row *row)
{
    if (row->size > DB_VALUE_BYTES_MAX || row->overflow > check->last_page) {
        check->past_end = check->past_end || row->overflow > check->last_page;
        return NULL;
    }
    uint8_t head[DB_PAGE_HEAD_BYTES];
    uint64_t pages = 0;
    if (!read_bytes(check, row->overflow, head, sizeof head) ||
        !db_page_begins_value(span_of(head, sizeof head), row->overflow, row->size,
                              check->page_bytes, &pages)) {
        return NULL;
    }
    if (!meet(check, row->overflow, pages)) {
        db_damage_fault(check->damage, "table %s: two rows have page %llu", tree->name,
                        (unsigned long long)row->overflow);
    }
    tree->counted.overflow_pages += pages;
    /* The head is read once more: the value begins behind it. */
    return read_bytes(check, row->overflow, check->value, DB_PAGE_HEAD_BYTES + (size_t)row->size)
               ? check->value + DB_PAGE_HEAD_BYTES
               : NULL;
}

/* The pages that the list of free pages gives back to writers: none may be in use. */
static bool free_pages_hold(struct check *check, struct span value)
{
    uint64_t count = 0;
    if (value.size >= sizeof count) {
        memcpy(&count, value.data, sizeof count);
    }
    if (count == 0 || value.size != (count + 1) * sizeof count) {
        return false;
    }
    bool hold = true;
    for (uint64_t i = 1; i <= count && hold; i++) {
        uint64_t page;
        memcpy(&page, value.data + i * sizeof page, sizeof page);
        hold = meet(check, page, 1);
    }
    return hold;
}

/* An entry of the list of tables. What is no table of ours is none of our business. */
static bool table_holds(struct tree *tree, const struct db_page_row *row)
{
    for (size_t i = 0; i < SCHEMA_TABLES; i++) {
        const char *name = schema_table_name((enum schema_table)i);
        if (span_equal(row->key, span_of(name, strlen(name)))) {
            tree->has_table[i] = row->tree && row->value.size == sizeof tree->tables[i];
            if (tree->has_table[i]) {
                memcpy(&tree->tables[i], row->value.data, sizeof tree->tables[i]);
            }
            return tree->has_table[i];
        }
    }
    return false;
}

static bool row_holds(struct check *check, struct tree *tree, const struct db_page_row *row,
                      struct span value)
{
    if (tree->tables != NULL) {
        return table_holds(tree, row);
    }
    if (row->tree) {
        return false;
    }
    if (tree->order == DB_PAGE_NUMBERS) {
        uint64_t freed_by;
        memcpy(&freed_by, row->key.data, sizeof freed_by);
        return freed_by <= tree->newest && free_pages_hold(check, value);
    }
    if (tree->table == SCHEMA_META && row->key.data[0] == SCHEMA_META_FORMAT && value.size == 4) {
        memcpy(check->format, value.data, value.size);
    }
    return db_row_check(tree->table, row->key, &value) == STATUS_OK;
}

/* The part of |step|'s range that its row |index| stands for; in a leaf everything between the rows
 * beside it, in which a row whose key is another had its place. */
static struct db_page_range part(const struct check *check, const struct step *step, size_t index)
{
    struct span page = span_of(step->page, check->page_bytes);
    struct db_page_range range = step->range;
    bool leaf = step->kind == DB_PAGE_LEAF;
    if (index > 0) {
        range.low = key_of(db_page_row_at(page, step->kind, leaf ? index - 1 : index).key);
    }
    if (index + 1 < db_page_rows(page)) {
        range.high = key_of(db_page_row_at(page, step->kind, index + 1).key);
        range.endless = false;
    }
    return range;
}

/* Of a page that another table's rows are in, or an older state, no row holds. */
static bool any_row_holds(const struct tree *tree, struct span page)
{
    for (size_t i = 0; i < db_page_rows(page); i++) {
        struct db_page_row row = db_page_row_at(page, DB_PAGE_LEAF, i);
        if (!tree->table_known || row.overflow != DB_PAGE_NONE ||
            db_row_check(tree->table, row.key, &row.value) == STATUS_OK) {
            return true;
        }
    }
    return false;
}

/* Goes down to a page. What is not as it should be becomes a hole, and is not gone into. */
static size_t enter(struct check *check, struct tree *tree, size_t depth, uint64_t number,
                    const struct db_page_range *range)
{
    struct step *step = &check->steps[depth];
    *step = (struct step){.number = number, .page = step->page, .range = *range};
    struct span page = span_of(step->page, check->page_bytes);
    bool there = number >= DB_FILE_META_PAGES && number <= check->last_page &&
                 read_bytes(check, number, step->page, check->page_bytes);
    check->past_end = check->past_end || number > check->last_page;
    step->kind = there ? db_page_judge(page, number, tree->order, range) : DB_PAGE_BROKEN;
    if (step->kind == DB_PAGE_BRANCH && depth + 1 == DEPTH_MAX) {
        step->kind = DB_PAGE_BROKEN;
    }
    if (step->kind == DB_PAGE_LEAF && !any_row_holds(tree, page)) {
        step->kind = DB_PAGE_BROKEN;
    }
    /* Last, so that a wrong way to a page does not close the right one. */
    if (step->kind == DB_PAGE_BROKEN || !meet(check, number, 1)) {
        add_hole(check, tree, range, NULL, number);
        return depth;
    }
    tree->counted.depth =
        (uint16_t)(depth + 1 > tree->counted.depth ? depth + 1 : tree->counted.depth);
    *(step->kind == DB_PAGE_LEAF ? &tree->counted.leaf_pages : &tree->counted.branch_pages) += 1;
    return depth + 1;
}

static void look_at_leaf(struct check *check, struct tree *tree, const struct step *step)
{
    struct span page = span_of(step->page, check->page_bytes);
    tree->counted.entries += db_page_rows(page);
    for (size_t i = 0; i < db_page_rows(page); i++) {
        struct db_page_row row = db_page_row_at(page, DB_PAGE_LEAF, i);
        struct db_page_range range = part(check, step, i);
        struct span value = row.value;
        if (row.overflow != DB_PAGE_NONE) {
            value = span_of(value_apart(check, tree, &row), (size_t)row.size);
        }
        if (value.data == NULL) { /* LMDB would go there, for this row alone */
            range.low = key_of(row.key);
            add_hole(check, tree, &range, NULL, row.overflow);
        } else if (!row_holds(check, tree, &row, value)) {
            add_hole(check, tree, &range, &row.key, step->number);
        }
    }
}

static void walk(struct check *check, struct tree *tree)
{
    if (tree->as_told.root == DB_PAGE_NONE) {
        return;
    }
    const struct db_page_range all = {.endless = true};
    size_t depth = enter(check, tree, 0, tree->as_told.root, &all);
    while (depth > 0) {
        struct step *step = &check->steps[depth - 1];
        struct span page = span_of(step->page, check->page_bytes);
        if (step->kind == DB_PAGE_LEAF) {
            look_at_leaf(check, tree, step);
            depth--;
        } else if (step->next == db_page_rows(page)) {
            depth--;
        } else {
            size_t index = step->next++;
            struct db_page_range range = part(check, step, index);
            depth = enter(check, tree, depth, db_page_row_at(page, DB_PAGE_BRANCH, index).child,
                          &range);
        }
    }
}

/* LMDB counts along; of a tree without holes the counts must be those. */
static void compare_counts(struct check *check, const struct tree *tree, uint64_t faults_before)
{
    const struct db_file_tree *told = &tree->as_told;
    const struct db_file_tree *counted = &tree->counted;
    if (check->damage->faults == faults_before &&
        (told->depth != counted->depth || told->branch_pages != counted->branch_pages ||
         told->leaf_pages != counted->leaf_pages ||
         told->overflow_pages != counted->overflow_pages || told->entries != counted->entries)) {
        db_damage_fault(check->damage, "table %s: LMDB counts %llu rows of it, and %llu are there",
                        tree->name, (unsigned long long)told->entries,
                        (unsigned long long)counted->entries);
    }
}

static void check_table(struct check *check, enum schema_table table,
                        const struct db_file_tree *told)
{
    struct tree tree = {
        .name = schema_table_name(table), .table_known = true, .table = table, .as_told = *told};
    uint64_t before = check->damage->faults;
    if (told->flags != 0) { /* LMDB would compare the keys in another way */
        const struct db_page_range all = {.endless = true};
        add_hole(check, &tree, &all, NULL, told->root);
        return;
    }
    walk(check, &tree);
    compare_counts(check, &tree, before);
}

/* Every page is in a tree or free. If none is missing and yet some is named that is past the end,
 * then the end is wrong, and writers would begin in the middle of what is used. */
static void check_end(struct check *check)
{
    uint64_t known = check->mets + DB_FILE_META_PAGES;
    if (known == check->last_page + 1) {
        check->damage->nothing = check->damage->nothing || check->past_end;
    } else if (check->damage->faults == 0) {
        db_damage_fault(check->damage, "%llu pages are neither in use nor free",
                        (unsigned long long)(check->last_page + 1 - known));
    }
}

/* Rows of another format are not ours to judge; whoever opens the database says so. */
static bool is_of_another_format(const struct check *check)
{
    static const uint8_t none[4];
    static const uint8_t ours[4] = {0, 0, 0, SCHEMA_FORMAT_VERSION};
    return memcmp(check->format, none, sizeof none) != 0 &&
           memcmp(check->format, ours, sizeof ours) != 0;
}

static void check_all(struct check *check, const struct db_file_meta *meta)
{
    struct db_file_tree tables[SCHEMA_TABLES];
    bool has_table[SCHEMA_TABLES] = {false};
    struct tree list = {.name = "of all tables",
                        .as_told = meta->trees[1],
                        .tables = tables,
                        .has_table = has_table};
    walk(check, &list);
    compare_counts(check, &list, 0);
    _Static_assert(SCHEMA_META == 0, "the format is known before any other table is looked at");
    for (size_t i = 0; i < SCHEMA_TABLES; i++) {
        if (i == SCHEMA_META + 1 && is_of_another_format(check)) {
            memset(check->damage, 0, sizeof *check->damage);
            return;
        }
        if (has_table[i]) {
            check_table(check, (enum schema_table)i, &tables[i]);
        } else {
            db_damage_fault(check->damage, "table %s is missing",
                            schema_table_name((enum schema_table)i));
            check->damage->nothing = true;
        }
    }
    struct tree unused = {.name = "of free pages",
                          .order = DB_PAGE_NUMBERS,
                          .as_told = meta->trees[0],
                          .newest = meta->txn};
    uint64_t before = check->damage->faults;
    walk(check, &unused);
    compare_counts(check, &unused, before);
    check_end(check);
}

enum status db_pages_check(int fd, uint64_t txn, struct db_damage *out_damage)
{
    memset(out_damage, 0, sizeof *out_damage);
    struct db_file_meta meta;
    enum status status = db_file_meta_of(fd, txn, &meta);
    if (status != STATUS_OK) {
        return status;
    }
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL) {
        return STATUS_NO_MEMORY;
    }
    check->fd = fd;
    check->page_bytes = meta.trees[0].pad;
    check->last_page = meta.last_page;
    check->damage = out_damage;
    check->met = calloc(1, (size_t)(meta.last_page / 8 + 1));
    check->value = malloc(DB_PAGE_HEAD_BYTES + DB_VALUE_BYTES_MAX);
    uint8_t *pages = malloc(DEPTH_MAX * check->page_bytes);
    for (size_t i = 0; i < DEPTH_MAX && pages != NULL; i++) {
        check->steps[i].page = pages + i * check->page_bytes;
    }
    status =
        check->met == NULL || check->value == NULL || pages == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    if (status == STATUS_OK) {
        check_all(check, &meta);
    }
    free(pages);
    free(check->value);
    free(check->met);
    free(check);
    return status;
}
