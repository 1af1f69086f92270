/*
 * Who is who, and who may do what: everything that follows from the statements that one side
 * knows.
 *
 * The server gives it every statement in the order of the log and asks it about the present.
 * A client gives it the chains that it may see, in the order of the log as far as it knows
 * them, and checks every statement with it and, through timeline.h, every revision. Each rule
 * about statements stands here once, for both sides.
 *
 * Facts keep the log index (seq) of the statement that began and ended them, so every
 * question is asked as of a moment (struct authority_when). A chain that becomes visible
 * late is judged by the facts that held at its own place, and the past stays readable.
 *
 * admit changes nothing unless it returns STATUS_OK. Pointers handed out are borrowed and
 * stable until authority_free, but for what came with a try that is dropped. Not
 * thread-safe: the server's belongs to the committer, a client's to its engine.
 */
#pragma once

#include "keys/public/authority/authority_types.h"
#include "proto/policy.h"

struct authority;

/* ---------------------------------------------------------------- making and folding */

#define AUTHORITY_KEEP_SEALS 1u /* keep the bytes of epochs and reseals: clients */

/*
 * |practice| may be NULL: the genesis then sets it (only where the genesis itself was
 * checked against a pin). STATUS_NO_MEMORY.
 */
MUST_CHECK enum status authority_new(const struct practice_id *practice, uint32_t flags,
                                     struct authority **out_authority);
void authority_free(struct authority *authority); /* NULL is fine */

enum authority_check {
    AUTHORITY_VERIFY = 1,   /* signatures too */
    AUTHORITY_VERIFIED = 2, /* the caller has verified them, or wrote them down itself */
};

/* Why something was not admitted, for people and tests; never sent. */
enum authority_reason {
    AUTHORITY_FINE = 0,
    AUTHORITY_BAD_PLACE,      /* number, previous, or a chain that does not exist */
    AUTHORITY_BAD_START,      /* this type cannot stand at this place of a chain */
    AUTHORITY_UNKNOWN_SIGNER, /* member or device not known (yet) */
    AUTHORITY_WRONG_SIGNER,   /* this signer may not say this */
    AUTHORITY_SIGNER_REVOKED, /* device revoked */
    AUTHORITY_SIGNER_SUSPENDED,
    AUTHORITY_IDENTITY_FROZEN, /* the device that held the identity key is revoked */
    AUTHORITY_BAD_SIGNATURE,
    AUTHORITY_NOT_PERMITTED,   /* policy or missing grant */
    AUTHORITY_SECOND_IDENTITY, /* an invitation for a member id already known */
    AUTHORITY_EXPIRED,         /* invitation, delegation */
    AUTHORITY_BAD_ROLE,
    AUTHORITY_UNKNOWN_SUBJECT, /* the member, device, relation or grant named is not known */
    AUTHORITY_BAD_IDENTITY,    /* identity hash of another person */
    AUTHORITY_BAD_CHART,       /* chart, client or class do not fit together */
    AUTHORITY_EXISTS,
    AUTHORITY_BAD_RIGHTS, /* rights that policy does not let the grantee hold */
    AUTHORITY_BAD_BASIS,
    AUTHORITY_LAST_OWNER,
    AUTHORITY_ALREADY_ENDED,
    AUTHORITY_BAD_EPOCH,      /* number or previous epoch */
    AUTHORITY_BAD_RECIPIENTS, /* not exactly those in force, or not allowed a reseal */
    AUTHORITY_BAD_MEMBERSHIP, /* membership hash */
    AUTHORITY_LIMIT,
    AUTHORITY_BAD_KEYS, /* a server key that was not announced; equal keys */
    AUTHORITY_CIRCLE,   /* somebody would supervise or train themselves, by others */
};
/* "wrong signer": short English for logs. Never NULL. */
const char *authority_reason_text(enum authority_reason reason);

/* The subject of a statement. On failure too it is filled as far as it is known, and the reason
 * always. */
struct authority_result {
    enum authority_reason reason;
    uint32_t type;
    uint32_t action;
    struct hash hash;
    struct chain_label label;
    uint64_t number;
    bool by_root;
    struct member_id signer;  /* zero when by_root */
    struct hash device;       /* zero: root or identity */
    struct member_id subject; /* member it is about; zero: none */
    bool has_section;
    struct section_id section;
    uint32_t class;
    bool has_chart;
    struct chart_id chart;
    uint32_t basis_kind; /* the ground of the signer's right */
    struct hash basis;
    /* EPOCH and RESEAL: the place in the section's log that it states; the caller compares. */
    bool has_position;
    uint64_t position_number;
    struct hash position_head;
    /* A member-chain statement that was applied: sections whose live set it changed, each
     * of which gets an ECHO. Borrowed until the next apply or drop. */
    const struct authority_section *const *touched;
    size_t touched_count;
};

/*
 * A statement that was judged to hold, for authority_apply: what was found on the way is
 * what applying uses, so that nothing is looked up or judged twice. The fields are the
 * authority's own. Borrows the statement and the result until it is applied or left.
 *
 * It holds for the state over which it was judged and for no other: |generation| names that
 * state, no generation ever comes back, and authority_apply aborts the process when another
 * is in force, since only a mistake of the caller can bring that about.
 */
struct chain_node;
struct member_node;
struct section_node;
struct authority_judgement {
    struct authority *authority;
    uint64_t generation;
    const struct statement *statement;
    uint64_t seq;
    uint64_t time_ms;
    struct authority_when when;
    struct chain_node *chain; /* at number 0 NULL while judged, the new one while applied */
    struct member_node *signer;
    struct authority_device *device;
    struct member_node *subject; /* member chain: its member */
    struct section_node *section;
    struct public_key key[STATEMENT_SIGNATURES_MAX]; /* of each signature */
    struct authority_result *result;
};

/*
 * Judges one statement, parsed under this practice, at its place. Changes nothing.
 *
 * |seq|, |time_ms|  index in the statements log and time in its leaf.
 *
 * STATUS_OK; STATUS_ALREADY (exactly the chain's last statement: nothing to do);
 * STATUS_BAD_CHAIN (not the next of its chain), STATUS_REFUSED (not permitted at this
 * point), STATUS_BAD_SIGNATURE, STATUS_MALFORMED, STATUS_EQUIVOCATION (a properly signed
 * second identity for a member id: clients stop, the server refuses).
 */
MUST_CHECK enum status authority_judge(struct authority *authority,
                                       const struct statement *statement, uint64_t seq,
                                       uint64_t time_ms, enum authority_check check,
                                       struct authority_result *out_result,
                                       struct authority_judgement *out_judgement);
/* Takes in what authority_judge found to hold, once. STATUS_NO_MEMORY: nothing changed. */
MUST_CHECK enum status authority_apply(struct authority_judgement *judgement);

/* Parses, judges and, if the statement holds, applies. Statuses of all three: STATUS_TOO_LARGE and
 * STATUS_UNSUPPORTED too. */
MUST_CHECK enum status authority_admit(struct authority *authority, struct span bytes, uint64_t seq,
                                       uint64_t time_ms, enum authority_check check,
                                       struct authority_result *out_result);

/*
 * A try: what is admitted, marked or passed over while it is open can be dropped again,
 * whatever the types of the statements. Every question sees it meanwhile, so that a group of
 * statements is judged one upon the other. Tries nest; keep and drop end the innermost.
 *
 * Changes are made in place over notes of what stood there before: keeping costs nothing and
 * dropping costs what the try changed, however long the chains are. Neither can fail. After a
 * drop all is as it was, byte for byte, and pointers to what the try brought are dead; others
 * stay good throughout.
 */
#define AUTHORITY_TRIES_MAX 4u /* a batch, a request, a statement; one to spare */
void authority_try_begin(struct authority *authority);
void authority_try_keep(struct authority *authority);
void authority_try_drop(struct authority *authority);

/* ---------------------------------------------------------------- the practice */

/* NULL before the genesis. */
const struct practice_id *authority_practice(const struct authority *authority);
/* Newest keys; NULL before the first SERVER_KEYS. */
const struct statement_server_keys *authority_server_keys(const struct authority *authority);
/* C2SP policy text; empty before the first. */
struct span authority_witness_policy(const struct authority *authority);
/* Names the state that all statements admitted so far amount to: raised by each of them, put
 * back by a dropped try, never given to two states. */
uint64_t authority_generation(const struct authority *authority);

/* ---------------------------------------------------------------- finding; NULL: unknown */

const struct authority_member *authority_member(const struct authority *authority,
                                                const struct member_id *id);
size_t authority_member_count(const struct authority *authority);
const struct authority_member *authority_member_at(const struct authority *authority, size_t i);
const struct authority_device *authority_device(const struct authority *authority,
                                                const struct hash *statement);
const struct authority_chain *authority_chain(const struct authority *authority,
                                              const struct chain_label *label);
size_t authority_chain_count(const struct authority *authority);
const struct authority_chain *authority_chain_at(const struct authority *authority, size_t i);
const struct authority_section *authority_section(const struct authority *authority,
                                                  const struct section_id *id);
const struct authority_section *authority_section_of(const struct authority *authority,
                                                     const struct chain_label *label);
size_t authority_section_count(const struct authority *authority);
const struct authority_section *authority_section_at(const struct authority *authority, size_t i);
const struct authority_chart *authority_chart(const struct authority *authority,
                                              const struct chart_id *id);
const struct authority_relation *authority_relation(const struct authority *authority,
                                                    const struct hash *statement);
const struct authority_grant *authority_grant(const struct authority_section *section,
                                              const struct hash *statement);
/* The epoch in force; NULL: none yet. */
const struct authority_epoch *authority_epoch(const struct authority_section *section,
                                              struct authority_when when);

/* ---------------------------------------------------------------- rights */

/* Enrolled and not suspended. */
bool authority_active(const struct authority_member *member, struct authority_when when);
bool authority_device_live(const struct authority_device *device, struct authority_when when);

/* POLICY_* bits of the relations of |actor| to |client|, the client whom a chart is or would be
 * about (NULL: actions on the practice). In a section they count only through a grant's basis. */
uint32_t authority_relations(const struct authority *authority,
                             const struct authority_member *actor,
                             const struct authority_member *client, struct authority_when when);
/* POLICY_* bits of what the grant of |member| in |section| rests on; POLICY_ANY alone without one. */
uint32_t authority_section_relations(const struct authority *authority,
                                     const struct authority_section *section,
                                     const struct authority_member *member,
                                     struct authority_when when);
/*
 * The basis on which a grant of |wanted| rights to |member| would rest: the first that gives all
 * of them, or else most. Gives the rights among |wanted| that it lets them hold; 0 and BASIS_NONE:
 * there is none.
 */
uint32_t authority_basis_of(const struct authority *authority,
                            const struct authority_section *section,
                            const struct authority_member *member, uint32_t wanted,
                            struct authority_when when, uint32_t *out_kind, struct hash *out_basis);
/* Nobody who has a device owns the section: nobody can let others in or out by owning it. */
bool authority_unowned(const struct authority *authority, const struct authority_section *section,
                       struct authority_when when);
/* Whether |member| may grant to themselves what they made: it has no owner, no owner put them out or
 * left them less than the right to own, and they could make it now. */
bool authority_takes_back(const struct authority *authority,
                          const struct authority_section *section,
                          const struct authority_member *member, struct authority_when when);

/*
 * The rights of |member| in |section|: the RIGHT_* of the grant in force, without those that
 * policy does not let the member hold. 0: not in. |out_grant| may be NULL.
 */
uint32_t authority_rights(const struct authority *authority,
                          const struct authority_section *section,
                          const struct authority_member *member, struct authority_when when,
                          const struct authority_grant **out_grant);

/*
 * The one permission test. |section| NULL: the section does not exist yet, or the action is on
 * the practice; then |class| and |client| say what the action would be about (client NULL:
 * none). READ, OPENED and RESEAL need the right to read; WRITE, ERASE and ROTATE the right to
 * write; GRANT and REVOKE the right to own. Returning true it sets the basis (either pointer
 * may be NULL).
 */
bool authority_may(const struct authority *authority, const struct authority_member *actor,
                   uint32_t action, uint32_t class, const struct authority_section *section,
                   const struct authority_member *client, struct authority_when when,
                   uint32_t *out_basis_kind, struct hash *out_basis);

/* One member who is in a section, and why: for `alcove access`. */
struct authority_live {
    const struct authority_member *member;
    const struct authority_grant *grant; /* with the rights as granted */
    uint32_t rights;                     /* of those, the ones that policy allows */
    const struct authority_relation
        *relation;      /* on which the grant rests; NULL: role, own chart, author */
    uint32_t relations; /* POLICY_* */
};
/* Ascending by member id; at most |capacity| (SECTION_MEMBERS_MAX suffices). */
size_t authority_live(const struct authority *authority, const struct authority_section *section,
                      struct authority_when when, struct authority_live *out, size_t capacity);
/* PROTOCOL.md's membership hash over the same. */
void authority_membership(const struct authority *authority,
                          const struct authority_section *section, struct authority_when when,
                          struct hash *out_membership);
/* Exactly the recipients that an epoch must be sealed to, in its order. STATUS_TOO_LARGE. */
MUST_CHECK enum status authority_recipients(const struct authority *authority,
                                            const struct authority_section *section,
                                            struct authority_when when,
                                            struct authority_recipient *out, size_t capacity,
                                            size_t *out_count);
/* X25519 key of a recipient; its member. False: unknown. Either may be NULL. */
bool authority_recipient_key(const struct authority *authority,
                             const struct authority_recipient *recipient,
                             struct public_key *out_key,
                             const struct authority_member **out_member);
/* The lowest number of the section's log that |member| may be handed: 1 for its maker and for
 * whoever was given the first epoch, else the number after the EPOCH that first listed them, or after
 * the one from which a grant gives them history. 0: nothing yet. */
uint64_t authority_first_number(const struct authority *authority,
                                const struct authority_section *section,
                                const struct authority_member *member);
/* No revision may be written until a new epoch (decision 6). Cached per section. */
bool authority_closed(const struct authority *authority, const struct authority_section *section,
                      struct authority_when when);

/* ---------------------------------------------------------------- ends by the clock */

struct authority_ending {
    const struct authority_section *section;
    const struct authority_grant *grant; /* its hash is the object of the ENDED entry */
};
/*
 * The grants whose time is over by |now_ms| and whose end is neither marked nor passed over,
 * oldest section first. Cheap when nothing is due. Returns at most |capacity|; ask again after
 * marking.
 *
 * An end must be written into a section's log before any statement of a later time, or readers
 * could not tell where it belongs. So each admitted statement passes over all ends up to its time.
 * Ask before admitting. Asking passes over nothing: |now_ms| may be what a clock says that is
 * wrong and set back later.
 */
size_t authority_endings(struct authority *authority, uint64_t now_ms, struct authority_ending *out,
                         size_t capacity);
/* Marks this grant's next end as done: its ENDED entry was appended (server) or read (client).
 * Does nothing when no end is to come. STATUS_NOT_FOUND: no such grant. STATUS_NO_MEMORY. */
MUST_CHECK enum status authority_mark_ended(struct authority *authority,
                                            const struct section_id *section,
                                            const struct hash *grant);
/* Marks every end up to |time_ms| as done. To be called after a restart with the time of the
 * last event, instead of marking the ends one by one. */
void authority_clock_passed(struct authority *authority, uint64_t time_ms);
/* When this grant will end by the clock, as far as is known now and unless that end is marked
 * already; 0: never by itself. */
uint64_t authority_grant_end_ms(const struct authority *authority,
                                const struct authority_section *section,
                                const struct authority_grant *grant);

/* ---------------------------------------------------------------- visibility (PROTOCOL.md, 4.1) */

bool authority_sees_member(const struct authority *authority, const struct authority_member *viewer,
                           const struct authority_member *subject);
/* True for a member who was ever in the section, and for an auditor. Whether content may be read
 * is for authority_may. */
bool authority_sees_section(const struct authority *authority,
                            const struct authority_member *viewer,
                            const struct authority_section *section);
bool authority_sees_chain(const struct authority *authority, const struct authority_member *viewer,
                          const struct authority_chain *chain);
/* Calls |visit| for each visible one until it returns false. Sections are only those that the
 * member was ever in. */
void authority_visible_chains(const struct authority *authority,
                              const struct authority_member *viewer,
                              bool (*visit)(void *context, const struct authority_chain *chain),
                              void *context);
void authority_visible_sections(
    const struct authority *authority, const struct authority_member *viewer,
    bool (*visit)(void *context, const struct authority_section *section), void *context);
