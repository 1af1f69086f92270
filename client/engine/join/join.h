/*
 * A newcomer's first steps: from the code that was handed over to an enrolment.
 *
 * Sans-I/O like the engine. The connection is to an address whose key is not yet known;
 * nothing is believed before the bundle matches the hash in the code, and the caller then
 * compares join_tls_pin() with the key that it really talked to before join_enrol().
 *
 *   join_new(code) → connect → join_receive/join_next_frame … JOIN_VERIFIED → compare pin,
 *   show join_info() → join_enrol() → … JOIN_DONE → keystore_create(content) → engine_new()
 */
#pragma once

#include "client/engine/join/join_info.h"
#include "keys/private/invitation.h"
#include "keys/private/keystore.h"
#include "proto/status.h"

struct join;

/* |kind| JOIN, or DEVICE: then JOIN_VERIFIED is the end here, and client/engine/pair goes on.
 * STATUS_OK; STATUS_MALFORMED, STATUS_UNSUPPORTED as invitation_code_parse(); STATUS_NO_MEMORY. */
MUST_CHECK enum status join_new(struct span code, enum invitation_kind kind,
                                struct join **out_join);
void join_free(struct join *join);
/* HOST:PORT, terminated; borrowed. */
const char *join_address(const struct join *join);

/* After JOIN_GREETING began a connection may be made again by this. */
void join_start(struct join *join);
/* One frame without its length. STATUS_OK, or why it failed for good: STATUS_REFUSED (no such
 * invitation, or used), STATUS_BAD_CHAIN, STATUS_BAD_SIGNATURE, STATUS_EXPIRED, STATUS_VERSION,
 * STATUS_MALFORMED. */
MUST_CHECK enum status join_receive(struct join *join, struct span frame, uint64_t now_ms);
bool join_next_frame(struct join *join, struct span *out_frame);

enum join_phase join_phase(const struct join *join);
/* From JOIN_VERIFIED on. */
const struct join_info *join_info(const struct join *join);
void join_tls_pin(const struct join *join, struct hash *out_now, struct hash *out_next);

/* Borrowed. */
const struct invitation_code *join_code(const struct join *join);
/* From JOIN_VERIFIED on: practice, pins, address and origin of the logs into |content|. */
void join_fill_server(const struct join *join, struct keystore_content *content);

/*
 * Makes the keys and queues the enrolment, signed by the new identity and by the invitation's
 * key. |out_card| (RECOVERY_CARD_CHARS_MAX) is the recovery card to print: nobody else has it.
 * STATUS_USAGE in another phase, and with the code of a device.
 */
MUST_CHECK enum status join_enrol(struct join *join, char *out_card);
/* After join_enrol(): everything for keystore_create(); moved out, once. Stored before the
 * enrolment is sent, so that nothing that happens later loses the invitation. */
MUST_CHECK enum status join_take_content(struct join *join, struct keystore_content *out_content);
