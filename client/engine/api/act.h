/*
 * Making statements: who belongs, who may, which sections exist, who can open them.
 *
 * Each call queues one wish in the outbox; statements are numbered, linked and signed when
 * they are sent, against the chains as verified then, and again if another was faster. A
 * wish that the policy denies is refused here already. All need a first sync:
 * STATUS_OFFLINE before. Common statuses: STATUS_OK, STATUS_REFUSED, STATUS_NOT_FOUND (member,
 * section, statement unknown here), STATUS_USAGE, STATUS_CLOCK, STATUS_IO, STATUS_NO_MEMORY.
 */
#pragma once

#include "client/engine/exchange/engine.h"
#include "keys/private/invitation.h"

struct act_invite {
    uint32_t role;             /* Role */
    struct span name;          /* of the invited, UTF-8; a NOTE_NAME note where there is a
                                   section for it, and inside the bundle */
    struct span practice_name; /* shown to the newcomer; may be empty */
    uint64_t expires_ms;
    /* For admins and auditors: the root's key. NULL otherwise. */
    const struct identity_signer *root;
};
/* A staff member's directory name is written too when we may. |out_code| is the text to
 * hand over, INVITATION_TEXT_CHARS_MAX + 1 bytes, as secret as what it opens; it works once
 * the ticket is DONE. */
MUST_CHECK enum status act_invite(struct engine *engine, const struct act_invite *invite,
                                  uint64_t now_ms, char *out_code, struct member_id *out_member,
                                  uint64_t *out_ticket);

/* Lets a therapist invite clients; 0 for |until_ms|: until suspended. Admin. */
MUST_CHECK enum status act_delegate(struct engine *engine, const struct member_id *therapist,
                                    uint64_t until_ms, uint64_t now_ms, uint64_t *out_ticket);
/* States that |staff| treats, covers (subject: the client), supervises or trains (subject: the
 * therapist). Admin. STATUS_CONFLICT: somebody would supervise or train themselves, by others. */
MUST_CHECK enum status act_relate(struct engine *engine, const struct member_id *subject,
                                  const struct member_id *staff, uint32_t kind, uint64_t until_ms,
                                  uint64_t now_ms, uint64_t *out_ticket);
/* |relation|: the statement's hash, from view_relations(). Admin. */
MUST_CHECK enum status act_unrelate(struct engine *engine, const struct hash *relation,
                                    uint64_t now_ms, uint64_t *out_ticket);
/* |root| for an admin or auditor, else NULL. */
MUST_CHECK enum status act_suspend(struct engine *engine, const struct member_id *member,
                                   bool resume, const struct identity_signer *root, uint64_t now_ms,
                                   uint64_t *out_ticket);

/* Withdraws the invitation of somebody who has not joined, for good: whoever made it, or an admin;
 * |root| for an admin or auditor, else NULL. STATUS_USAGE: they have joined. */
MUST_CHECK enum status act_withdraw(struct engine *engine, const struct member_id *member,
                                    const struct identity_signer *root, uint64_t now_ms,
                                    uint64_t *out_ticket);

/*
 * One section with its first epoch. |chart| zero makes a chart (and |*out_chart|); the
 * client's identity is the one verified here. For CLASS_DIRECTORY both are zero, and our own name goes
 * into it: nobody invited the first admin by that directory.
 */
MUST_CHECK enum status act_section(struct engine *engine, uint32_t class,
                                   const struct chart_id *chart, const struct member_id *client,
                                   uint64_t now_ms, struct section_id *out_section,
                                   struct chart_id *out_chart, uint64_t *out_ticket);
/*
 * What a therapist needs of a client's chart: session, progress, process and shared, the client
 * being granted read and write in shared, and |client_name| (may be empty) written into session
 * and our own name into shared if known. A class in which we write already is left as it is; a
 * section of ours that lost its owner is taken back. What others made stays theirs. |out_ticket| is
 * the last one's. STATUS_ALREADY: nothing is missing.
 */
MUST_CHECK enum status act_chart(struct engine *engine, const struct member_id *client,
                                 struct span client_name, uint64_t now_ms,
                                 struct chart_id *out_chart, uint64_t *out_ticket);

/*
 * What we call a client: kept on this device, and written into the session section of their chart
 * where one is ours to write in (|*out_written|, |*out_ticket|), so that whoever may read there
 * knows it too. What a chart says goes before what a device says.
 */
MUST_CHECK enum status act_call(struct engine *engine, const struct member_id *client,
                                struct span name, uint64_t now_ms, bool *out_written,
                                uint64_t *out_ticket);

struct act_grant {
    struct section_id section;
    struct member_id member;
    uint32_t rights;       /* Right bits */
    uint64_t until_ms;     /* 0: until revoked */
    uint64_t history_from; /* first epoch they get keys of; 0: from now on */
    bool code_compared;    /* the short code was compared with the person (decision 9) */
};
/* The grant rests on the relation that gives these rights now; should that end before it is sent, it
 * is refused, whatever was stated since. STATUS_UNSUPPORTED: a first grant to somebody vouched for by an admin, in class process,
 * without the code compared. */
MUST_CHECK enum status act_grant(struct engine *engine, const struct act_grant *grant,
                                 uint64_t now_ms, uint64_t *out_ticket);
/* Ends the grant by which |member| can open the section. */
MUST_CHECK enum status act_revoke(struct engine *engine, const struct section_id *section,
                                  const struct member_id *member, uint64_t now_ms,
                                  uint64_t *out_ticket);
/* A new epoch now, though none is needed. */
MUST_CHECK enum status act_rotate(struct engine *engine, const struct section_id *section,
                                  uint64_t now_ms, uint64_t *out_ticket);

/* For the admin who keeps the directory: grants reading of it, with its history, to every
 * enrolled member of the staff who has none. */
MUST_CHECK enum status act_directory(struct engine *engine, uint64_t now_ms, size_t *out_granted);

/* A further device of our own member, on the device that holds the identity key: the new
 * device's public keys, and its signature over frame("device", body), which it makes by
 * act_device_body() + its content key. */
struct act_device_keys {
    struct device_id device;
    struct public_key content_key, login_key, sealing_key;
};
/* The statement's body to be signed by the new device; the caller frees. It stays valid
 * until our own chain grows. */
MUST_CHECK enum status act_device_body(struct engine *engine, const struct act_device_keys *keys,
                                       uint8_t **out_body, size_t *out_size);
/* Queues the device statement, then reseals every epoch that we hold to it. */
MUST_CHECK enum status act_device(struct engine *engine, struct span body,
                                  const struct signature *new_device, uint64_t now_ms,
                                  uint64_t *out_ticket);
/* |device|: the statement that made it. One of our own; for an admin a
 * therapist's or client's too. */
MUST_CHECK enum status act_device_revoke(struct engine *engine, const struct member_id *member,
                                         const struct hash *device, uint64_t now_ms,
                                         uint64_t *out_ticket);

/* Five groups of digits that two people compare: the same on both sides exactly if both hold
 * the same two identity keys. |out_text| is terminated. */
#define ACT_SHORT_CODE_CHARS_MAX 32u
MUST_CHECK enum status act_short_code(const struct engine *engine, const struct member_id *member,
                                      char out_text[static ACT_SHORT_CODE_CHARS_MAX]);
