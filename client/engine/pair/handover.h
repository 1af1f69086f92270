/*
 * What an old device hands to a new one of its member: the signature of the identity key under the
 * new device's statement, how far both logs were verified, the secrets that its member shares with
 * others, and names. Never the identity key. The bytes are sealed by pairing_hand(); KEYS.md has the
 * format. Internal to the engine. Pure.
 */
#pragma once

#include "keys/private/keystore.h"
#include "keys/private/pairing.h"
#include "keys/public/bytes/cursor.h"
#include "proto/ids.h"
#include "proto/limits.h"

/* What fits a message of a meeting, behind its kind and both seals. */
#define HANDOVER_BYTES_MAX                                                                         \
    (MEETING_MESSAGE_BYTES_MAX - 1u - PAIRING_OVERHEAD_BYTES - PAIRING_HANDOVER_OVERHEAD_BYTES)
#define HANDOVER_NAME_BYTES_MAX 127u

enum handover_name_kind {
    HANDOVER_NAME_MEMBER = 1,   /* id: a member, 16 bytes and 16 zeros */
    HANDOVER_NAME_PRACTICE = 2, /* id: zeros */
    HANDOVER_NAME_DEVICE = 3,   /* id: the statement that made a device of this member */
};
struct handover_name {
    enum handover_name_kind kind;
    struct hash id;
    struct span name; /* may be empty for a device: it is known, and has no name */
};
typedef bool handover_visit_name(void *visitor, const struct handover_name *name);

/* Everything but the names. |text| is a writer over HANDOVER_BYTES_MAX bytes. */
void handover_begin(struct cursor_writer *text, const struct signature *identity,
                    const struct keystore_content *from);
/* False: it does not fit any more. A name is a convenience: what is left out is called by digits. */
bool handover_add_name(struct cursor_writer *text, const struct handover_name *name);

/* |*out_names|, borrowed, for handover_names(). The checkpoints and secrets go into |content|, whose
 * older ones of the same kind are replaced. STATUS_MALFORMED, STATUS_UNSUPPORTED (its version),
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status handover_read(struct span text, struct signature *out_identity,
                                     struct keystore_content *content, struct span *out_names);
/* STATUS_MALFORMED. */
MUST_CHECK enum status handover_names(struct span names, handover_visit_name *visit, void *visitor);
