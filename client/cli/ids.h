/*
 * Names and short ids on the command line: a unique beginning of an id, as in git, or a unique
 * name, compared as text_fold compares (Ben is ben). Who is suspended is called by name only if
 * nobody else is called so. What fits nothing or several things is said with the candidates.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

/* Of a name that is about to be given to somebody: NULL, or a sentence that says why not, which
 * lives until the next call. */
const char *ids_name_flaw(const char *name);

/* CLI_OK, or an exit code after saying why. */
MUST_CHECK int ids_member(struct cli *cli, const char *word, struct view_member *out_member);
/* A chart by its id, its client's id or its client's name. NULL |word|: the only one. */
MUST_CHECK int ids_chart(struct cli *cli, const char *word, struct chart_id *out_chart,
                         struct member_id *out_client);
/* A section by its id; or of a chart (as above) the one of |class| (0: |word| must be an id).
 * Where a chart has several of a class, the one that is ours, or else the one that is ours to
 * write in; several of these are none, since each has readers of its own. */
MUST_CHECK int ids_section(struct cli *cli, const char *word, uint32_t class,
                           struct view_section *out_section);
/* The same, and asks the server once when nothing here fits: for commands that otherwise work
 * without it. */
MUST_CHECK int ids_section_anew(struct cli *cli, const char *word, uint32_t class,
                                struct view_section *out_section);
/* By the beginning of its id alone, and without a word when there is none. */
bool ids_section_quietly(struct cli *cli, const char *word, struct view_section *out_section);
/* A note by its id, or by its title where one note alone has it. */
MUST_CHECK int ids_note(struct cli *cli, const char *word, struct section_id *out_section,
                        struct note_id *out_note);
/* Without a word when there is none: it may still be a section or a chart. */
bool ids_note_quietly(struct cli *cli, const char *word, struct section_id *out_section,
                      struct note_id *out_note);
MUST_CHECK int ids_relation(struct cli *cli, const char *word, struct hash *out_relation);
