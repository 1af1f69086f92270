/*
 * The signed part of a revision, taken apart: context and header.
 *
 * Lengths and enums are checked here; timeline.h judges the meaning (rights, numbers, heads).
 * Pure; any thread.
 */
#pragma once

#include "keys/public/statement.h"

struct revision_context {
    struct section_id section;
    uint32_t class;
    bool has_chart;
    struct chart_id chart;
    struct note_id note;
    uint64_t revision;
    struct hash parent[CONTEXT_PARENTS_MAX];
    size_t parent_count;
    uint64_t epoch;
    struct hash epoch_statement;
    uint32_t kind;
    struct member_id member;
    struct hash device; /* hash of the statement that made the device */
    uint64_t device_number;
    struct hash device_link; /* zero at 1 */
    uint64_t section_number;
    struct hash section_head;
    uint64_t chart_number; /* 0: none seen */
    struct hash chart_leaf;
    bool has_seen;
    struct seen seen;
    struct hash attachment[CONTEXT_ATTACHMENTS_MAX];
    size_t attachment_count;
    bool has_voids;
    struct hash voids;
    struct hash hash; /* SHA-256 of the context bytes */
};

/* STATUS_MALFORMED, STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status revision_context_parse(struct span bytes, struct revision_context *out);

struct revision_header {
    struct hash context_hash;
    uint64_t envelope_size;
    struct hash envelope_hash;
};
MUST_CHECK enum status revision_header_parse(struct span bytes, struct revision_header *out);

/* link = SHA-256(frame("link", header ‖ signature)). */
void revision_link(struct span header, const struct signature *signature,
                   const struct practice_id *practice, struct hash *out_link);
/* Over frame("revision", header). STATUS_BAD_SIGNATURE. */
MUST_CHECK enum status revision_verify(struct span header, const struct signature *signature,
                                       const struct practice_id *practice,
                                       const struct public_key *content_key);
