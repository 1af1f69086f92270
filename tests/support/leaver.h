/*
 * What somebody could read with their keys and everything that the server holds. One thread.
 */
#pragma once

#include "tests/support/mirror.h"

struct leaver_count {
    size_t revisions; /* in the range */
    size_t opened;    /* of them, with any key that the person holds or can unseal */
};

/* Revisions of |section| numbered |from|.. as they stand in the server's database, each tried
 * with every epoch key of every section in the person's engine, and with whatever the person's
 * sealing key opens of any seal in any epoch or reseal of the section. */
void leaver_try(struct mirror *mirror, struct live_person *person, const struct section_id *section,
                uint64_t from, struct leaver_count *out_count);
