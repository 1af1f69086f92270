/*
 * Every limit both sides agree on, in one place, checked against each other here.
 *
 * A receiver refuses what is over a limit with STATUS_TOO_LARGE or STATUS_MALFORMED
 * before it is decoded or walked; a sender never produces it. Raising one is a change
 * of the protocol. Limits that only one program has (its sockets, its queues) stand
 * beside that program's configuration and start from the defaults below.
 */
#pragma once

#include "proto/ids.h"

/* ---- messages */

/* Inbound, as one decoded body; the second after login, for SUBMIT only. */
#define MESSAGE_BYTES_MAX         65536u
#define MESSAGE_BULK_BYTES_MAX    1048576u
/* Frame around a body: kind, request id, code and the tags. */
#define FRAME_OVERHEAD_BYTES_MAX  64u
#define FRAME_BYTES_MAX           (MESSAGE_BULK_BYTES_MAX + FRAME_OVERHEAD_BYTES_MAX)
/* Decoding may take this many times the size of the bytes, and this much more. */
#define MESSAGE_ARENA_FACTOR      8u
#define MESSAGE_ARENA_EXTRA_BYTES 4096u
/* No message of the schema holds another more than this deep. */
#define MESSAGE_DEPTH_MAX         8u

/* ---- notes, notes to others, proofs */

/* RFC 6962: at most 64 nodes of an inclusion path; consistency needs no more than 2 × 63 + 1. */
#define PROOF_HASHES_MAX     128u
#define LEAF_BYTES           80u
#define LEAVES_PER_PAGE_MAX  8192u
#define EVENT_LEAF_BYTES_MAX 4096u
#define EVENT_PART_BYTES_MAX 2048u
#define EVENTS_PER_PAGE_MAX  256u

/* ---- statements */

#define STATEMENT_BYTES_MAX           32768u
#define STATEMENT_BODY_BYTES_MAX      (STATEMENT_BYTES_MAX - 256u)
#define STATEMENT_SIGNATURES_MAX      2u
#define WITNESS_POLICY_BYTES_MAX      8192u
#define EPOCH_SEALS_MAX               128u
#define EPOCH_STARTS_MAX              128u
#define RESEAL_KEYS_MAX               128u
#define SEAL_SHARE_BYTES              32u
#define SEAL_SEALED_BYTES             48u
#define SEAL_WIRE_BYTES_MAX           136u
#define START_WIRE_BYTES_MAX          84u
#define MEMBER_DEVICES_MAX            16u
#define SECTION_MEMBERS_MAX           64u
#define CHAIN_PAGE_STATEMENTS_MAX     256u
#define CHAIN_PAGE_BYTES_MAX          524288u
#define BUNDLE_BYTES_MAX              262144u
#define BUNDLE_STATEMENTS_MAX         1024u
#define BUNDLE_SEALED_LABEL_BYTES_MAX 1024u

/* ---- meetings: a new device of a member and one that is in */

#define MEETINGS_MAX              64u
#define MEETING_MESSAGES_MAX      4u
#define MEETING_BUNDLE_BYTES_MAX  32768u
#define MEETING_MESSAGE_BYTES_MAX 61440u
/* Bundle and messages of one meeting together. */
#define MEETING_BYTES_MAX         131072u
#define MEETING_MS                900000u

/* ---- revisions */

#define CONTEXT_BYTES_MAX       1536u
#define CONTEXT_PARENTS_MAX     8u
#define CONTEXT_ATTACHMENTS_MAX 16u
#define HEADER_BYTES_MAX        96u
#define NOTE_TEXT_BYTES_MAX     262144u
#define NOTE_TAGS_MAX           32u
#define NOTE_FIELDS_MAX         64u
#define NOTE_BODY_BYTES_MAX     (NOTE_TEXT_BYTES_MAX + 65536u)
/* Commitment, nonce, padded body, tag: Padmé adds at most 12 %. */
#define ENVELOPE_BYTES_MAX      393216u
#define WRAP_BYTES              104u

/* ---- requests */

#define SUBMIT_STATEMENTS_MAX  16u
#define SUBMIT_REVISIONS_MAX   64u
/* A practice is as large as its whole state fits one answer, or nobody could sync any more:
 * what would make it larger is refused. Invitations count whether used or not. */
#define PRACTICE_MEMBERS_MAX   4096u
#define PRACTICE_SECTIONS_MAX  4096u
#define STATE_CHAINS_MAX       (1u + PRACTICE_MEMBERS_MAX + PRACTICE_SECTIONS_MAX)
#define STATE_SECTIONS_MAX     PRACTICE_SECTIONS_MAX
#define STATE_BYTES_MAX        MESSAGE_BULK_BYTES_MAX
/* What one takes there, at most. */
#define STATE_CHAIN_BYTES      64u
#define STATE_SECTION_BYTES    96u
#define SUBSCRIBE_SECTIONS_MAX 1024u
#define CONFLICT_HEADS_MAX     16u
/* What one chunk of a page aims at, and the most that its largest entry makes of it. */
#define PAGE_CHUNK_BYTES       16384u
#define PAGE_CHUNK_BYTES_MAX   (ENVELOPE_BYTES_MAX + PAGE_CHUNK_BYTES)
#define PAGE_CHUNK_ENTRIES_MAX 4096u

/* ---- time, and what a server starts with */

#define HELLO_NONCE_BYTES                      32u
#define LOGIN_TIMEOUT_MS                       5000u
#define MESSAGE_TIMEOUT_MS                     10000u
#define MESSAGE_FRAGMENTS_MAX                  64u
#define REQUESTS_OWED_MAX                      32u
#define OUT_QUEUE_BYTES_MAX                    1048576u
#define CONNECTIONS_PER_ADDRESS_MAX            200u
#define CONNECTIONS_MAX                        10000u
#define REPLAY_PER_DEVICE_MAX                  4096u
#define REPLAY_WINDOW_MS                       86400000u
#define LOGIN_REFUSED_ADDRESSES_PER_MINUTE_MAX 64u
#define MALFORMED_PER_DEVICE_PER_MINUTE_MAX    16u
/* Lines of the access log that a member may leave at once, and again within an hour. */
#define LINES_PER_HOUR                         10000u
/* A new epoch at the latest after this. */
#define EPOCH_AGE_MAX_MS                       7776000000ull

/* Server defaults fit each other and the formats. */
_Static_assert(MESSAGE_BYTES_MAX <= MESSAGE_BULK_BYTES_MAX, "bulk is the larger");
_Static_assert(STATEMENT_BYTES_MAX < MESSAGE_BYTES_MAX, "one statement fits a plain message");
_Static_assert(MEETING_BUNDLE_BYTES_MAX + 1024u <= MESSAGE_BYTES_MAX &&
                   MEETING_MESSAGE_BYTES_MAX + 1024u <= MESSAGE_BYTES_MAX,
               "what is brought to a meeting fits a plain message");
_Static_assert(EPOCH_SEALS_MAX *SEAL_WIRE_BYTES_MAX + EPOCH_STARTS_MAX * START_WIRE_BYTES_MAX +
                       1024u <=
                   STATEMENT_BODY_BYTES_MAX,
               "a full epoch fits a statement");
_Static_assert(RESEAL_KEYS_MAX *(SEAL_WIRE_BYTES_MAX + 16u) +
                       EPOCH_STARTS_MAX * START_WIRE_BYTES_MAX + 1024u <=
                   STATEMENT_BODY_BYTES_MAX,
               "a full reseal fits a statement");
_Static_assert(STATE_CHAINS_MAX *STATE_CHAIN_BYTES + STATE_SECTIONS_MAX * STATE_SECTION_BYTES +
                       64u <=
                   STATE_BYTES_MAX,
               "the state of a full practice fits a frame");
_Static_assert(LEAVES_PER_PAGE_MAX *LEAF_BYTES + 64u <= MESSAGE_BULK_BYTES_MAX,
               "a page of leaves fits a frame");
_Static_assert(CHAIN_PAGE_BYTES_MAX + STATEMENT_BYTES_MAX + 1024u <= MESSAGE_BULK_BYTES_MAX,
               "a page of a chain fits a frame");
_Static_assert(EVENTS_PER_PAGE_MAX * 512u <= MESSAGE_BULK_BYTES_MAX, "events are short");
_Static_assert(NOTE_BODY_BYTES_MAX + NOTE_BODY_BYTES_MAX / 8u + 128u <= ENVELOPE_BYTES_MAX,
               "a padded note fits an envelope");
_Static_assert(ENVELOPE_BYTES_MAX + CONTEXT_BYTES_MAX + HEADER_BYTES_MAX + 1024u <=
                   MESSAGE_BULK_BYTES_MAX,
               "a revision fits a submit");
_Static_assert(PAGE_CHUNK_BYTES_MAX <= FRAME_BYTES_MAX, "a chunk fits a frame");
_Static_assert(BUNDLE_BYTES_MAX + STATEMENT_BYTES_MAX <= MESSAGE_BULK_BYTES_MAX,
               "an invitation with its bundle fits a submit");
