/*
 * Changes one place of an encoded message, anywhere in it: the tree of its
 * fields is laid out flat, messages inside bytes fields included, and each
 * operator works on one of them. The sizes around the place are made right
 * again, so what comes out is well-formed unless the operator meant otherwise:
 * a receiver has to catch the change by what it knows, not by a bad length.
 * Pure but for allocation; failures end the test.
 */
#pragma once

#include "proto/message.h"

struct mutate_field {
    const ProtobufCMessageDescriptor *message; /* that the field lies in */
    const ProtobufCMessageDescriptor *inside;  /* that it holds; NULL: a plain value */
    uint32_t number;
    uint32_t wire; /* protobuf's wire type */
    size_t parent; /* index; MUTATE_NONE at the top */
    size_t start;  /* of the tag */
    size_t value;  /* of the value, after tag and length */
    size_t end;
};

#define MUTATE_NONE SIZE_MAX

struct mutate_tree {
    const uint8_t *bytes; /* borrowed */
    size_t size;
    struct mutate_field *fields;
    size_t count;
};

/* Lays out |bytes|, which must be a well-formed message of this type. */
void mutate_parse(struct span bytes, const ProtobufCMessageDescriptor *descriptor,
                  struct mutate_tree *out_tree);
void mutate_free(struct mutate_tree *tree);

enum mutate_op {
    MUTATE_FLIP = 0,      /* one bit of the value; |choice| says which */
    MUTATE_TRUNCATE = 1,  /* the value loses its last bytes, at least one */
    MUTATE_EXTEND = 2,    /* one more byte at its end */
    MUTATE_ZERO = 3,      /* every byte zero, size kept */
    MUTATE_EMPTY = 4,     /* size zero */
    MUTATE_DROP = 5,      /* the field is gone */
    MUTATE_DUPLICATE = 6, /* the field twice */
    MUTATE_SWAP = 7,      /* changes place with a later sibling of the same number */
    MUTATE_REPLACE = 8,   /* the value of another field, given by the caller */
    MUTATE_STEP = 9,      /* a number: one more, one less, twice, largest, by |choice| */
    MUTATE_INJECT = 10,   /* a field that the schema does not know, inside a message */
    MUTATE_OPS = 11,
};
const char *mutate_op_name(enum mutate_op op);

/* Whether the operator can change this field at all. REPLACE always can. */
bool mutate_applies(const struct mutate_tree *tree, size_t field, enum mutate_op op);

/*
 * Applies |op| to one field and returns the whole message anew, for free();
 * NULL when nothing would change. |choice| is any number; |donor| is the new
 * value for MUTATE_REPLACE.
 */
uint8_t *mutate_apply(const struct mutate_tree *tree, size_t field, enum mutate_op op,
                      uint64_t choice, struct span donor, size_t *out_size);

/* "PageChunk.entry.header.envelope_hash", for a report; |out| holds |room| bytes. */
void mutate_path(const struct mutate_tree *tree, size_t field, char *out, size_t room);

static inline struct span mutate_value(const struct mutate_tree *tree, size_t field)
{
    const struct mutate_field *at = &tree->fields[field];
    return span_of(tree->bytes + at->value, at->end - at->value);
}
