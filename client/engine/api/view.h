/*
 * What the engine knows and may show: people, charts, sections, notes, who can open what.
 *
 * Only what was verified is here. Everything that is borrowed by a visitor is valid for
 * that call alone; a visitor returns false to end the walk and may not call functions
 * that change the engine. Names come from NOTE_NAME notes that we can read; without one a
 * person is called by the first digits of their id.
 */
#pragma once

#include "client/engine/exchange/engine.h"
#include "keys/public/bytes/hex.h"
#include "proto/alcove.pb-c.h"

#define VIEW_NAME_BYTES_MAX 128u

struct view_member {
    struct member_id member;
    uint32_t role;
    bool enrolled;
    bool suspended;
    bool delegated; /* may invite clients */
    bool vouched;   /* enrolled by an admin's invitation; nobody here compared the short code */
    struct member_id inviter; /* zero: the root */
    struct hash identity;     /* hash of the identity key; zero until enrolled */
    struct hash invitation;   /* statement */
    uint64_t invitation_expires_ms;
    bool withdrawn; /* the invitation was, before they joined */
    size_t devices; /* unrevoked */
    char name[VIEW_NAME_BYTES_MAX];
};
typedef bool view_visit_member(void *visitor, const struct view_member *member);
void view_members(const struct engine *engine, view_visit_member *visit, void *visitor);
/* STATUS_NOT_FOUND. */
MUST_CHECK enum status view_member(const struct engine *engine, const struct member_id *member,
                                   struct view_member *out_member);
/* The name, or the short id; always terminated. */
void view_name(const struct engine *engine, const struct member_id *member,
               char out_name[static VIEW_NAME_BYTES_MAX]);
/* Whether anybody told us a name. */
bool view_is_named(const struct engine *engine, const struct member_id *member);
/* The practice's name as our invitation told it; terminated, empty: none is known. */
const char *view_practice_name(const struct engine *engine);

struct view_device {
    struct hash statement;
    struct device_id device;
    bool own;   /* the one this engine runs on */
    bool first; /* made by the enrolment: it holds the identity key */
    bool revoked;
    uint64_t added_ms;              /* when the log took its statement */
    uint64_t revoked_ms;            /* 0: it is not */
    bool told;                      /* of our own: its owner heard of it here (act_pair_named) */
    char name[VIEW_NAME_BYTES_MAX]; /* of our own: what its owner calls it; empty: nothing */
};
typedef bool view_visit_device(void *visitor, const struct view_device *device);
void view_devices(const struct engine *engine, const struct member_id *member,
                  view_visit_device *visit, void *visitor);

/* What a device of ours was given the keys of, and what the one that this engine runs on lacks of
 * that. */
struct view_given {
    struct section_id section;
    struct chart_id chart; /* zero for the directory */
    uint32_t class;
    struct member_id client; /* zero for the directory */
    size_t epochs;           /* whose keys it was given */
    size_t lacking;          /* of these, whose keys are not here */
    bool writable;           /* by us: a new key can be made here */
};
typedef bool view_visit_given(void *visitor, const struct view_given *given);
void view_given(const struct engine *engine, const struct hash *device, view_visit_given *visit,
                void *visitor);

/* Whether the statement of that hash, a suspension by its event, ends one: it is so only where the
 * statement is known here. */
bool view_is_resumption(const struct engine *engine, struct span statement);

struct view_relation {
    struct hash statement;
    struct member_id subject; /* whose chain: client, or supervised therapist */
    struct member_id staff;
    uint32_t kind; /* RelationKind */
    uint64_t until_ms;
    bool ended;
};
typedef bool view_visit_relation(void *visitor, const struct view_relation *relation);
void view_relations(const struct engine *engine, view_visit_relation *visit, void *visitor);

struct view_section {
    struct section_id section;
    struct chart_id chart; /* zero for the directory */
    uint32_t class;
    struct member_id client; /* zero for the directory */
    struct member_id owner;  /* who made it */
    uint64_t number;         /* verified up to here */
    uint64_t number_known;   /* the server's word: more than `number` means behind */
    uint64_t epoch;
    uint32_t rights; /* ours, at the newest verified number */
    bool readable;   /* we hold the newest epoch's key */
    bool closed;     /* to writes, until a new epoch */
    bool ended;      /* we were removed; what is here was ours to read */
    size_t notes;    /* 0: not counted yet, see view_count */
};
typedef bool view_visit_section(void *visitor, const struct view_section *section);
void view_sections(const struct engine *engine, view_visit_section *visit, void *visitor);
MUST_CHECK enum status view_section(const struct engine *engine, const struct section_id *section,
                                    struct view_section *out_section);

/* One revision with its text. `body` is NULL when erased, sealed under a key that we do not hold,
 * unopened or damaged. */
struct view_revision {
    struct section_id section;
    uint32_t class;
    struct note_id note;
    struct hash link;
    uint64_t number;   /* in the section */
    uint64_t revision; /* of the note */
    uint32_t kind;     /* RevisionKind */
    struct member_id author;
    struct hash device;
    uint64_t epoch;
    size_t parent_count;
    const struct hash *parents;
    bool head; /* nothing follows it */
    bool erased;
    bool unopened;   /* a gap: we hold the key, and it does not open (view_gaps) */
    bool damaged;    /* a gap: the server cannot read its text any more */
    bool pending;    /* in our outbox, not yet on the server */
    uint64_t ticket; /* of a pending one */
    /* When the server took it, as its log proves: unlike body->written_ms, which the author's clock
     * says, nobody can set it alone. 0 for a pending one. */
    uint64_t server_ms;
    const Alcove__NoteBody *body;
};
typedef bool view_visit_revision(void *visitor, const struct view_revision *revision);

struct view_note {
    struct section_id section;
    uint32_t class;
    struct note_id note;
    size_t revisions;
    size_t heads; /* more than one: siblings, to be joined by a revision that names both */
    bool locked;  /* signed: addendum, correction, late entry only */
    bool erased;
    bool pending; /* some revision is in the outbox */
    uint64_t first_number;
    struct view_revision newest; /* the head with the highest number */
};
typedef bool view_visit_note(void *visitor, const struct view_note *note);

/* Notes in the order in which they came to be; what waits in the outbox comes last.
 * STATUS_NOT_FOUND for a section that we do not hold, STATUS_CORRUPT, STATUS_NO_MEMORY. */
MUST_CHECK enum status view_notes(struct engine *engine, const struct section_id *section,
                                  view_visit_note *visit, void *visitor);
/* The same of the |last| notes that came to be in the section, and of all that wait for it. */
MUST_CHECK enum status view_last_notes(struct engine *engine, const struct section_id *section,
                                       size_t last, view_visit_note *visit, void *visitor);
/* How many notes are in the section or wait for it, without those that give names to people.
 * Opens no text of a note that was sent. Those of view_notes. */
MUST_CHECK enum status view_count(struct engine *engine, const struct section_id *section,
                                  size_t *out_notes);
/*
 * Of the notes in these |count| sections, the newest |limit| by when they were begun: out_last[i] is
 * how many of the last notes of section i are among them, for view_last_notes. A section's own
 * notes are in the order in which they came to be, and between sections the times decide at which
 * the server took them; an author's own time can be any. Opens no text. Names of people do not
 * count. Those of view_notes.
 */
MUST_CHECK enum status view_newest(struct engine *engine, const struct section_id *sections,
                                   size_t count, size_t limit, size_t *out_last);
/*
 * The one note whose id begins with |prefix|, in any section that is shown, or waiting in the
 * outbox. Looks into the index in memory: no text is opened, and the cost of a look-up hardly
 * grows with the number of notes. STATUS_NOT_FOUND: none begins so. STATUS_CONFLICT:
 * several do; the outputs are not set in either case. A section whose index cannot be read holds
 * no note to find.
 */
MUST_CHECK enum status view_find_note(struct engine *engine, const struct hex_prefix *prefix,
                                      struct section_id *out_section, struct note_id *out_note);
/* All revisions of one note, oldest first; |note| NULL: of the whole section by number, for search
 * and export, in one pass over the store. */
MUST_CHECK enum status view_revisions(struct engine *engine, const struct section_id *section,
                                      const struct note_id *note, view_visit_revision *visit,
                                      void *visitor);
/* Heads in every section that we can read whose title, text, reason, tags or fields hold |text|, as
 * text_fold compares them: whatever the case, the form of the letters, the blanks and line ends.
 * STATUS_USAGE for a text of blanks alone. */
MUST_CHECK enum status view_search(struct engine *engine, struct span text,
                                   view_visit_revision *visit, void *visitor);

/* Whether another wrote the revision and this device has not shown it yet (view_looked). False for
 * one whose text cannot be shown. */
bool view_is_new(const struct engine *engine, const struct view_revision *revision);
/* This device has shown the revision with that number in the section. STATUS_IO, STATUS_FULL,
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status view_looked(struct engine *engine, const struct section_id *section,
                                   uint64_t number);

/*
 * What ought to be readable here and is not. It stops nothing else: everything around it is
 * verified, and it is asked for again by itself.
 */
enum view_gap_kind {
    /* It stands in the section as its author signed it, and does not open under the section's key:
     * the author's program sealed it wrongly, or the key of this one text was spoiled later. */
    VIEW_GAP_UNOPENED = 1,
    /* The server could not hand out what follows number - 1. */
    VIEW_GAP_STOPPED = 2,
    /* The server says that its copy is damaged. Without a note's id, not even which note it belongs to
     * is known, and |author| is the server's word. */
    VIEW_GAP_DAMAGED = 3,
};
struct view_gap {
    enum view_gap_kind kind;
    struct section_id section;
    struct chart_id chart; /* zero for the directory */
    uint32_t class;
    struct member_id client; /* zero for the directory */
    uint64_t number;         /* in the section */
    struct note_id note;     /* zero: not known */
    struct member_id author; /* zero: not known */
    bool told;               /* a person heard of it (view_gaps_told) */
};
typedef bool view_visit_gap(void *visitor, const struct view_gap *gap);
/* By section and number. STATUS_CORRUPT, STATUS_NO_MEMORY. */
MUST_CHECK enum status view_gaps(struct engine *engine, view_visit_gap *visit, void *visitor);
/* All that are there now were told to a person. STATUS_IO, STATUS_FULL. */
MUST_CHECK enum status view_gaps_told(struct engine *engine);

/* Who can open the section at the newest verified number, and why. */
struct view_access {
    struct member_id member;
    uint32_t role;
    uint32_t rights;
    uint64_t until_ms;   /* when the clock takes rights: by the grant, or by what it rests on */
    uint32_t basis_kind; /* BasisKind */
    struct hash basis;   /* the grant, relation or section statement */
    struct hash grant;   /* zero for the maker */
    size_t devices;
    bool in_epoch; /* the newest epoch is sealed to them */
    char name[VIEW_NAME_BYTES_MAX];
    char reason[VIEW_NAME_BYTES_MAX]; /* for a person */
};
typedef bool view_visit_access(void *visitor, const struct view_access *access);
/* On which relation a grant of |rights| to |member| would rest, in words ("covers for the
 * therapist"; empty: on none), and when that ends by the clock; 0: never by itself. */
void view_rests(const struct engine *engine, const struct section_id *section,
                const struct member_id *member, uint32_t rights,
                char out_words[static VIEW_NAME_BYTES_MAX], uint64_t *out_until_ms);
MUST_CHECK enum status view_access(const struct engine *engine, const struct section_id *section,
                                   view_visit_access *visit, void *visitor);
