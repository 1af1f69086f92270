#include "tests/hostile/mutate.h"

#include "tests/hostile/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIRE_VARINT = 0,
    WIRE_BYTES = 2,
    VARINT_BYTES_MAX = 10,
    PATH_DEPTH_MAX = 16,
};

/* ---------------------------------------------------------------- laying out */

static size_t get_varint(const uint8_t *bytes, size_t size, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size && i < VARINT_BYTES_MAX; i++) {
        value |= (uint64_t)(bytes[i] & 0x7fU) << (7 * i);
        if ((bytes[i] & 0x80U) == 0) {
            *out = value;
            return i + 1;
        }
    }
    return 0;
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
    size_t size = 0;
    do {
        out[size] = (uint8_t)((value & 0x7fU) | (value > 0x7fU ? 0x80U : 0U));
        value >>= 7;
        size++;
    } while (value > 0);
    return size;
}

static struct mutate_field *new_field(struct mutate_tree *tree)
{
    if ((tree->count & (tree->count - 1)) == 0) { /* room doubles at each power of two */
        const size_t room = tree->count == 0 ? 1 : tree->count * 2;
        struct mutate_field *grown = realloc(tree->fields, room * sizeof *grown);
        CHECK(grown != NULL);
        tree->fields = grown;
    }
    return &tree->fields[tree->count++];
}

/* Appends the fields of the message in start..end. */
static void lay_out(struct mutate_tree *tree, const ProtobufCMessageDescriptor *message,
                    size_t parent, size_t start, size_t end)
{
    uint64_t statement_type = 0;
    for (size_t at = start; at < end;) {
        uint64_t tag = 0;
        const size_t tag_size = get_varint(tree->bytes + at, end - at, &tag);
        CHECK(tag_size > 0);
        const size_t value_at = at + tag_size;
        uint64_t value = 0;
        const size_t value_size = get_varint(tree->bytes + value_at, end - value_at, &value);
        CHECK(value_size > 0 && ((tag & 7) == WIRE_VARINT || (tag & 7) == WIRE_BYTES));
        const bool is_bytes = (tag & 7) == WIRE_BYTES;
        CHECK(!is_bytes || value <= end - value_at - value_size);
        if (message == &alcove__statement__descriptor && tag >> 3 == 2) {
            statement_type = value;
        }
        struct mutate_field *field = new_field(tree);
        *field = (struct mutate_field){
            .message = message,
            .number = (uint32_t)(tag >> 3),
            .wire = (uint32_t)(tag & 7),
            .parent = parent,
            .start = at,
            .value = is_bytes ? value_at + value_size : value_at,
            .end = value_at + value_size + (is_bytes ? (size_t)value : 0),
        };
        if (is_bytes && value > 0) {
            field->inside = schema_inside(message, field->number, (uint32_t)statement_type);
        }
        at = field->end;
    }
}

void mutate_parse(struct span bytes, const ProtobufCMessageDescriptor *descriptor,
                  struct mutate_tree *out_tree)
{
    *out_tree = (struct mutate_tree){.bytes = bytes.data, .size = bytes.size};
    lay_out(out_tree, descriptor, MUTATE_NONE, 0, bytes.size);
    /* The list grows while it is walked: breadth first, no recursion. */
    for (size_t i = 0; i < out_tree->count; i++) {
        const struct mutate_field field = out_tree->fields[i];
        if (field.inside != NULL) {
            lay_out(out_tree, field.inside, i, field.value, field.end);
        }
    }
}

void mutate_free(struct mutate_tree *tree)
{
    free(tree->fields);
    *tree = (struct mutate_tree){0};
}

/* ---------------------------------------------------------------- operators */

static const char *const op_names[MUTATE_OPS] = {
    [MUTATE_FLIP] = "flip",       [MUTATE_TRUNCATE] = "truncate",   [MUTATE_EXTEND] = "extend",
    [MUTATE_ZERO] = "zero",       [MUTATE_EMPTY] = "empty",         [MUTATE_DROP] = "drop",
    [MUTATE_SWAP] = "swap",       [MUTATE_DUPLICATE] = "duplicate", [MUTATE_STEP] = "step",
    [MUTATE_REPLACE] = "replace", [MUTATE_INJECT] = "inject",
};

const char *mutate_op_name(enum mutate_op op)
{
    return op < MUTATE_OPS ? op_names[op] : "?";
}

static size_t next_sibling(const struct mutate_tree *tree, size_t field)
{
    const struct mutate_field *at = &tree->fields[field];
    for (size_t i = field + 1; i < tree->count && tree->fields[i].parent == at->parent; i++) {
        if (tree->fields[i].number == at->number) {
            return i;
        }
    }
    return MUTATE_NONE;
}

bool mutate_applies(const struct mutate_tree *tree, size_t field, enum mutate_op op)
{
    const struct mutate_field *at = &tree->fields[field];
    const bool is_number = at->wire == WIRE_VARINT;
    const bool is_empty = at->end == at->value;
    switch (op) {
    case MUTATE_FLIP:
    case MUTATE_TRUNCATE:
    case MUTATE_EMPTY:
    case MUTATE_ZERO:
        return !is_number && !is_empty;
    case MUTATE_EXTEND:
        return !is_number;
    case MUTATE_STEP:
        return is_number;
    case MUTATE_SWAP:
        return next_sibling(tree, field) != MUTATE_NONE;
    case MUTATE_INJECT:
        return at->inside != NULL;
    case MUTATE_DROP:
    case MUTATE_DUPLICATE:
    case MUTATE_REPLACE:
        return true;
    case MUTATE_OPS:
        break;
    }
    return false;
}

struct text {
    uint8_t *bytes;
    size_t size;
    size_t room;
};

static void add(struct text *text, const uint8_t *bytes, size_t size)
{
    if (text->size + size > text->room) {
        const size_t room = (text->size + size) * 2 + 16;
        uint8_t *grown = realloc(text->bytes, room);
        CHECK(grown != NULL);
        text->bytes = grown;
        text->room = room;
    }
    if (size > 0) {
        memcpy(text->bytes + text->size, bytes, size);
        text->size += size;
    }
}

/* Tag, size and value of a field that holds bytes; an empty one is left out, as
 * a strict receiver wants it, unless it stands in a list. */
static void add_bytes_field(struct text *text, const struct mutate_field *field, struct span value)
{
    const ProtobufCFieldDescriptor *known =
        protobuf_c_message_descriptor_get_field(field->message, field->number);
    const bool is_plain = known == NULL || (known->label != PROTOBUF_C_LABEL_REPEATED &&
                                            known->type != PROTOBUF_C_TYPE_MESSAGE);
    if (value.size == 0 && is_plain) {
        return;
    }
    uint8_t number[VARINT_BYTES_MAX];
    add(text, number, put_varint(number, (uint64_t)field->number << 3 | WIRE_BYTES));
    add(text, number, put_varint(number, value.size));
    add(text, value.data, value.size);
}

static void add_step(struct text *text, const struct mutate_tree *tree,
                     const struct mutate_field *field, uint64_t choice)
{
    uint64_t value = 0;
    CHECK(get_varint(tree->bytes + field->value, field->end - field->value, &value) > 0);
    const uint64_t steps[] = {value + 1, value - 1, value * 2, UINT64_MAX, value ^ 1U << 16};
    value = steps[choice % ARRAY_LEN(steps)];
    if (value == 0) {
        return; /* zero is not written */
    }
    uint8_t number[VARINT_BYTES_MAX];
    add(text, number, put_varint(number, (uint64_t)field->number << 3));
    add(text, number, put_varint(number, value));
}

/* The value of a bytes field after an operator that changes it in place. */
static void change_value(struct text *value, enum mutate_op op, uint64_t choice)
{
    static const uint8_t one_byte[] = {0};
    static const uint8_t unknown_field[] = {0xfa, 0xff, 0x07, 0x01, 0x2a}; /* number 16383 */
    switch (op) {
    case MUTATE_FLIP:
        value->bytes[choice / 8 % value->size] ^= (uint8_t)(1U << choice % 8);
        break;
    case MUTATE_TRUNCATE:
        value->size -= 1 + (size_t)(choice % value->size);
        break;
    case MUTATE_EXTEND:
        add(value, one_byte, sizeof one_byte);
        break;
    case MUTATE_ZERO:
        memset(value->bytes, 0, value->size);
        break;
    case MUTATE_EMPTY:
        value->size = 0;
        break;
    case MUTATE_INJECT:
        add(value, unknown_field, sizeof unknown_field);
        break;
    case MUTATE_DROP:
    case MUTATE_DUPLICATE:
    case MUTATE_SWAP:
    case MUTATE_REPLACE:
    case MUTATE_STEP:
    case MUTATE_OPS:
        break;
    }
}

/* The field's own bytes after the operator; not for MUTATE_SWAP. */
static void change_field(struct text *out, const struct mutate_tree *tree, size_t field,
                         enum mutate_op op, uint64_t choice, struct span donor)
{
    const struct mutate_field *at = &tree->fields[field];
    const size_t size = at->end - at->start;
    if (op == MUTATE_DROP) {
        return;
    }
    if (op == MUTATE_DUPLICATE) {
        add(out, tree->bytes + at->start, size);
        add(out, tree->bytes + at->start, size);
    } else if (op == MUTATE_STEP) {
        add_step(out, tree, at, choice);
    } else if (op == MUTATE_REPLACE && at->wire == WIRE_VARINT) {
        add(out, tree->bytes + at->start, at->value - at->start);
        add(out, donor.data, donor.size);
    } else if (op == MUTATE_REPLACE) {
        add_bytes_field(out, at, donor);
    } else {
        struct text value = {0};
        add(&value, tree->bytes + at->value, at->end - at->value);
        change_value(&value, op, choice);
        add_bytes_field(out, at, span_of(value.bytes, value.size));
        free(value.bytes);
    }
}

/* Puts |changed| in the place of start..end, inside |field|'s parents, and makes
 * the sizes around it right, from the inside out. */
static struct text rebuild(const struct mutate_tree *tree, size_t parent, size_t start, size_t end,
                           struct text changed)
{
    while (true) {
        const bool at_top = parent == MUTATE_NONE;
        const size_t from = at_top ? 0 : tree->fields[parent].value;
        const size_t to = at_top ? tree->size : tree->fields[parent].end;
        struct text value = {0};
        add(&value, tree->bytes + from, start - from);
        add(&value, changed.bytes, changed.size);
        add(&value, tree->bytes + end, to - end);
        free(changed.bytes);
        if (at_top) {
            return value;
        }
        changed = (struct text){0};
        add_bytes_field(&changed, &tree->fields[parent], span_of(value.bytes, value.size));
        free(value.bytes);
        start = tree->fields[parent].start;
        end = tree->fields[parent].end;
        parent = tree->fields[parent].parent;
    }
}

uint8_t *mutate_apply(const struct mutate_tree *tree, size_t field, enum mutate_op op,
                      uint64_t choice, struct span donor, size_t *out_size)
{
    CHECK(field < tree->count);
    if (!mutate_applies(tree, field, op)) {
        return NULL;
    }
    const struct mutate_field *at = &tree->fields[field];
    size_t end = at->end;
    struct text changed = {0};
    if (op == MUTATE_SWAP) {
        const struct mutate_field *other = &tree->fields[next_sibling(tree, field)];
        add(&changed, tree->bytes + other->start, other->end - other->start);
        add(&changed, tree->bytes + at->end, other->start - at->end);
        add(&changed, tree->bytes + at->start, at->end - at->start);
        end = other->end;
    } else {
        change_field(&changed, tree, field, op, choice, donor);
    }
    struct text whole = rebuild(tree, at->parent, at->start, end, changed);
    if (whole.size == tree->size &&
        (whole.size == 0 || memcmp(whole.bytes, tree->bytes, whole.size) == 0)) {
        free(whole.bytes);
        return NULL;
    }
    if (whole.bytes == NULL) { /* the whole message was one field that is gone */
        whole.bytes = calloc(1, 1);
        CHECK(whole.bytes != NULL);
    }
    *out_size = whole.size;
    return whole.bytes;
}

void mutate_path(const struct mutate_tree *tree, size_t field, char *out, size_t room)
{
    size_t line[PATH_DEPTH_MAX];
    size_t depth = 0;
    for (size_t i = field; i != MUTATE_NONE && depth < PATH_DEPTH_MAX; depth++) {
        line[depth] = i;
        i = tree->fields[i].parent;
    }
    size_t used =
        (size_t)snprintf(out, room, "%s", tree->fields[line[depth - 1]].message->short_name);
    while (depth > 0 && used < room) {
        const struct mutate_field *at = &tree->fields[line[--depth]];
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(at->message, at->number);
        used += (size_t)snprintf(out + used, room - used, ".%s", known != NULL ? known->name : "?");
    }
}
