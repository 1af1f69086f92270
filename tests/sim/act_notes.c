#include "tests/sim/act.h"
#include "tests/support/test.h"

struct seen_notes {
    struct note_id note[SEEN_MAX];
    size_t count;
};

static bool see_note(void *visitor, const struct view_note *note)
{
    struct seen_notes *seen = visitor;
    if (seen->count < SEEN_MAX && !note->erased &&
        (note->newest.body == NULL || note->newest.body->kind != NOTE_NAME)) {
        seen->note[seen->count++] = note->note;
    }
    return true;
}

static uint32_t kind_of(uint32_t class)
{
    static const uint32_t kinds[] = {
        [CLASS_PROCESS] = NOTE_PROCESS,   [CLASS_PROGRESS] = NOTE_PROGRESS,
        [CLASS_SESSION] = NOTE_SESSION,   [CLASS_SHARED] = NOTE_REFLECTION,
        [CLASS_JOURNAL] = NOTE_MOMENT,    [CLASS_SAFETY] = NOTE_SAFETY_CARD,
        [CLASS_DIRECTORY] = NOTE_PROGRESS};
    return class < ARRAY_LEN(kinds) ? kinds[class] : NOTE_PROGRESS;
}

/* |note| NULL: a new one. */
static enum status type(struct world *world, struct world_device *by,
                        const struct view_section *section, const struct note_id *note,
                        uint32_t kind)
{
    unsigned number = model_section(&world->model, &section->section);
    if (number == MODEL_SECTIONS_MAX) {
        return STATUS_NOT_FOUND;
    }
    size_t text =
        model_typed(&world->model, by->member, number, act_number_of(world, by), world->step);
    struct model_text *typed = &world->model.texts[text];
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = kind_of(section->class);
    body.text = field_of(typed->text, strlen(typed->text));
    body.reason = kind > REVISION_SIGNED ? field_of("reason", 6) : field_of(NULL, 0);
    struct write_note ask = {.section = section->section, .kind = kind, .body = &body};
    if (note != NULL) {
        ask.note = *note;
    }
    struct note_id written;
    enum status status =
        write_note(by->person.engine, &ask, world_clock(world, by), &written, &typed->ticket);
    if (memory_storage_dead(by->person.storage)) {
        typed->fate = MODEL_UNSURE; /* the person was told nothing; it may last or not */
    } else if (status != STATUS_OK) {
        /* It was refused at once: the person still has it in the editor. */
        world->model.text_count--;
    }
    return status;
}

static bool pick_note(struct world_device *by, struct dice *dice, uint32_t rights,
                      struct view_section *out_section, struct note_id *out_note)
{
    struct seen_notes seen = {.count = 0};
    if (!act_pick_section(by, dice, rights, out_section) ||
        view_notes(by->person.engine, &out_section->section, see_note, &seen) != STATUS_OK ||
        seen.count == 0) {
        return false;
    }
    *out_note = seen.note[dice_below(dice, seen.count)];
    return true;
}

enum status notes_write(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    return act_pick_section(by, dice, RIGHT_WRITE, &section)
               ? type(world, by, &section, NULL, REVISION_DRAFT)
               : STATUS_NOT_FOUND;
}

enum status notes_edit(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    struct note_id note;
    if (!pick_note(by, dice, RIGHT_WRITE, &section, &note)) {
        return STATUS_NOT_FOUND;
    }
    uint32_t kind = dice_chance(dice, 700) ? (uint32_t)REVISION_DRAFT
                                           : (uint32_t)(REVISION_SIGNED + dice_below(dice, 4));
    return type(world, by, &section, &note, kind);
}

/* The same note on all devices of one person, each as it knows the note. */
enum status notes_edit_twice(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    struct note_id note;
    if (!pick_note(by, dice, RIGHT_WRITE, &section, &note)) {
        return STATUS_NOT_FOUND;
    }
    enum status status = type(world, by, &section, &note, REVISION_DRAFT);
    for (unsigned i = 0; i < world->device_count; i++) {
        struct world_device *other = &world->devices[i];
        struct seen_notes seen = {.count = 0};
        if (other == by || other->member != by->member ||
            view_notes(other->person.engine, &section.section, see_note, &seen) != STATUS_OK) {
            continue;
        }
        for (size_t n = 0; n < seen.count; n++) {
            if (ID_EQUAL(&seen.note[n], &note)) {
                (void)!type(world, other, &section, &note, REVISION_DRAFT);
                if (memory_storage_dead(other->person.storage)) {
                    fault_died(world, other);
                }
            }
        }
    }
    return status;
}

static bool see_link(void *visitor, const struct view_revision *revision)
{
    struct hash *link = visitor;
    if (!revision->pending) {
        *link = revision->link;
    }
    return true;
}

/* The reader's word that a person opened it. */
enum status notes_open(struct world *world, struct dice *dice, struct world_device *by)
{
    static const struct hash none;
    struct hash link = none;
    struct view_section section;
    struct note_id note;
    if (!pick_note(by, dice, RIGHT_READ, &section, &note) ||
        view_revisions(by->person.engine, &section.section, &note, see_link, &link) != STATUS_OK ||
        ID_EQUAL(&link, &none)) {
        return STATUS_NOT_FOUND;
    }
    uint64_t ticket = 0;
    return write_opened(by->person.engine, &section.section, &note, &link, world_clock(world, by),
                        &ticket);
}

enum status notes_export(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    uint64_t ticket = 0;
    return act_pick_section(by, dice, RIGHT_READ, &section)
               ? write_exported(by->person.engine, &section.section, world_clock(world, by),
                                &ticket)
               : STATUS_NOT_FOUND;
}
