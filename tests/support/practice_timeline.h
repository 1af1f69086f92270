/*
 * Writing into a section's timeline, and what must not stand there. For authority tests.
 */
#pragma once

#include "tests/support/practice.h"

#define R  ((uint32_t)RIGHT_READ)
#define RW (R | (uint32_t)RIGHT_WRITE)

static inline void write_fine(struct practice *p, struct make_section *made,
                              const struct make_person *author, size_t device)
{
    struct make_revision revision;
    enum timeline_reason reason = TIMELINE_BAD_KIND;
    make_revision(&p->w, made, author, device, &revision);
    enum status status = make_write(&p->w, made, &revision, &reason);
    if (status != STATUS_OK) {
        fail_msg("%s (%s)", status_name(status), timeline_reason_text(reason));
    }
    assert_int_equal(reason, TIMELINE_FINE);
}

static inline uint8_t *encoded(const struct timeline *timeline, size_t *out_size)
{
    uint8_t *bytes = NULL;
    assert_int_equal(timeline_encode(timeline, &bytes, out_size), STATUS_OK);
    return bytes;
}

/* Steps must fail with that reason and change nothing; judge agrees with |asked|. */
static inline void refuse_entry(struct practice *p, struct make_section *made,
                                const struct timeline_entry *entry, enum timeline_reason wanted,
                                enum status asked)
{
    enum timeline_reason reason = TIMELINE_FINE;
    size_t before_size = 0;
    size_t after_size = 0;
    uint8_t *before = encoded(&made->timeline, &before_size);
    assert_int_equal(timeline_judge(&made->timeline, p->w.authority, entry, &reason), asked);
    assert_int_equal(reason, wanted);
    assert_int_not_equal(timeline_step(&made->timeline, p->w.authority, entry, &reason), STATUS_OK);
    if (reason != wanted) {
        fail_msg("%s instead of %s", timeline_reason_text(reason), timeline_reason_text(wanted));
    }
    uint8_t *after = encoded(&made->timeline, &after_size);
    assert_true(span_equal(span_of(before, before_size), span_of(after, after_size)));
    free(before);
    free(after);
}

static inline void refuse_revision(struct practice *p, struct make_section *made,
                                   const struct make_revision *revision,
                                   enum timeline_reason wanted, enum status asked)
{
    const struct timeline_entry entry = {.kind = ENTRY_REVISION,
                                         .object = revision->link,
                                         .context = &revision->parsed,
                                         .time_ms = p->w.time_ms};
    refuse_entry(p, made, &entry, wanted, asked);
}

struct tamper_field {
    int field;
    const void *value;
};
enum {
    FIELD_SECTION,
    FIELD_CLASS,
    FIELD_CHART,
    FIELD_EPOCH,
    FIELD_EPOCH_STATEMENT,
    FIELD_MEMBER,
    FIELD_DEVICE,
    FIELD_NUMBER,
    FIELD_LINK,
    FIELD_SEEN,
    FIELD_HEAD,
    FIELD_TOMBSTONE
};

static inline void set_field(void *context, ProtobufCMessage *body)
{
    const struct tamper_field *t = context;
    Alcove__Context *c = (Alcove__Context *)body;
    switch (t->field) {
    case FIELD_SECTION:
        c->section = field_of(t->value, ID_BYTES);
        break;
    case FIELD_CLASS:
        c->class_ = *(const uint32_t *)t->value;
        break;
    case FIELD_CHART:
        c->chart = field_of(t->value, ID_BYTES);
        break;
    case FIELD_EPOCH:
        c->epoch = *(const uint64_t *)t->value;
        break;
    case FIELD_EPOCH_STATEMENT:
        c->epoch_statement = field_of(t->value, HASH_BYTES);
        break;
    case FIELD_MEMBER:
        c->member = field_of(t->value, ID_BYTES);
        break;
    case FIELD_DEVICE:
        c->device = field_of(t->value, HASH_BYTES);
        break;
    case FIELD_NUMBER:
        c->device_number = *(const uint64_t *)t->value;
        break;
    case FIELD_LINK:
        c->device_link = field_of(t->value, HASH_BYTES);
        break;
    case FIELD_SEEN:
        c->section_number = *(const uint64_t *)t->value;
        break;
    case FIELD_HEAD:
        c->section_head = field_of(t->value, HASH_BYTES);
        break;
    default:
        c->kind = REVISION_TOMBSTONE;
        break;
    }
}
