/*
 * An event's value in the database, both ways. For events.c and fsck.c alone.
 *
 *   version u8 = 2 ‖ flags u8 ‖ inner nodes u8 ‖
 *   time u64 ‖ actor u32 ‖ device u32 ‖ chart u32 ‖ section u32 ‖ action u16 ‖ outcome u16 ‖
 *   [actor number u64 ‖ previous u64]                                 actor not 0
 *   [chart number u64 ‖ previous u64]                                 chart not 0
 *   [section number u64 ‖ previous u64 ‖ kind u16 ‖ object(32) ‖ object seq u64 ‖ head(32) ‖
 *    times(32)]                                                       flag CHANGE
 *   leaf hash(32) ‖ inner nodes(32 each) ‖
 *   [open length u16 ‖ open ‖ target opening(32) ‖ length u16 ‖ target]   not LEAF_DROPPED
 *   [restricted opening(32) ‖ length u16 ‖ restricted]                not dropped, or:
 *   [restricted hash(32)]                                             RESTRICTED_DROPPED
 *   [request id(16) ‖ request hash(32) ‖ length u16 ‖ outcome]        flag REPLY
 *
 * "previous" is the event seq of the trail's number before; 0 at number 1. Pure; any thread.
 */
#pragma once

#include "keys/public/log/merkle.h"
#include "server/store/events.h"

#define EVENTS_VALUE_BYTES_MAX 16384u

_Static_assert(512u + MERKLE_LEVELS_MAX * HASH_BYTES + 3u * EVENTS_PART_BYTES_MAX +
                       EVENTS_OUTCOME_BYTES_MAX <=
                   EVENTS_VALUE_BYTES_MAX,
               "an event's value fits its buffer");

/* Encodes every field except seq and target_hash, and except restricted_hash unless that part
 * was dropped. */
void events_codec_encode(const struct event_stored *event,
                         uint8_t out_value[static EVENTS_VALUE_BYTES_MAX], size_t *out_size);

/* Spans point into |value|. The two part hashes stay zero, except that of a restricted part
 * which was dropped. STATUS_CORRUPT. */
MUST_CHECK enum status events_codec_decode(struct span value, struct event_stored *out_event);
/* Decodes the fields before the parts only. The parts and the reply stay empty and are not
 * checked. */
MUST_CHECK enum status events_codec_decode_head(struct span value, struct event_stored *out_event);
