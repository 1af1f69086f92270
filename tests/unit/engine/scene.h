/*
 * A small practice that the engine's tests start from: an admin, a therapist, a client, and
 * the client's chart. One thread.
 */
#pragma once

#include "tests/unit/engine/inproc.h"

struct scene {
    struct inproc server;
    struct inproc_person admin, therapist, client;
    struct chart_id chart;
    /* For tests that look at the same sections again and again. */
    struct section_id sections[8];
    size_t section_count;
};

void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* Syncs, and the ticket must be done. */
void scene_wait(struct inproc_person *person, uint64_t ticket);
/* Another member, joined and synced. Auditors are invited with the root. */
void scene_invite(struct inproc_person *by, uint32_t role, const char *name,
                  struct inproc_person *out);
/* A further device of |person|, with keys of its own, synced. */
void scene_device(struct inproc_person *person, struct inproc_person *out);
/* Relates |staff| to |subject| and lets everybody of |scene| know. */
void scene_relate(struct scene *scene, const struct inproc_person *subject,
                  const struct inproc_person *staff, uint32_t kind);
/* The therapist lets |to| into |section|, and waits until it is done. */
void scene_grant(struct scene *scene, const struct section_id *section,
                 const struct inproc_person *to, uint32_t rights, uint64_t history_from);
/* A full round of syncing, asked for. */
void scene_refresh(struct inproc_person *person);

/* The section of that class that the person holds. */
struct section_id scene_section(struct inproc_person *person, uint32_t class);
size_t scene_sections(struct inproc_person *person);

/* |note| NULL: a new one. Queued, not sent. */
struct note_id scene_write(struct inproc_person *person, const struct section_id *section,
                           const struct note_id *note, uint32_t kind, const char *text,
                           uint64_t *out_ticket);
/* A new unsigned note, sent. */
struct note_id scene_note(struct inproc_person *person, const struct section_id *section,
                          const char *text);

struct scene_texts {
    char seen[8192]; /* "[text]" of every revision with one, in order */
    size_t notes, heads, pending, closed;
    struct hash last; /* link of the last one */
    struct note_id note;
};
/* A view_visit_revision for a struct scene_texts. */
bool scene_add_text(void *visitor, const struct view_revision *revision);
struct scene_texts scene_read(struct inproc_person *person, const struct section_id *section);
