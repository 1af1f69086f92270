#include "tests/sim/model.h"

#include "keys/public/bytes/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void model_free(struct model *model)
{
    free(model->texts);
    free(model->stays);
    *model = (struct model){0};
}

unsigned model_member(struct model *model, const struct member_id *id, bool staff)
{
    for (unsigned i = 0; i < model->member_count; i++) {
        if (ID_EQUAL(&model->members[i], id)) {
            return i;
        }
    }
    CHECK(model->member_count < MODEL_MEMBERS_MAX);
    model->members[model->member_count] = *id;
    model->staff[model->member_count] = staff;
    return model->member_count++;
}

unsigned model_section(const struct model *model, const struct section_id *id)
{
    for (unsigned i = 0; i < model->section_count; i++) {
        if (ID_EQUAL(&model->sections[i].id, id)) {
            return i;
        }
    }
    return MODEL_SECTIONS_MAX;
}

unsigned model_made(struct model *model, const struct section_id *id, uint32_t class,
                    unsigned maker, unsigned client, uint64_t step)
{
    unsigned known = model_section(model, id);
    if (known < MODEL_SECTIONS_MAX) {
        return known;
    }
    CHECK(model->section_count < MODEL_SECTIONS_MAX);
    unsigned section = model->section_count++;
    model->sections[section] = (struct model_section){*id, maker, class, client};
    (void)model_let_in(model, maker, section, true, step);
    return section;
}

size_t model_typed(struct model *model, unsigned member, unsigned section, unsigned device,
                   uint64_t step)
{
    CHECK(array_grow(&model->texts, &model->text_capacity, model->text_count + 1,
                     sizeof *model->texts) == STATUS_OK);
    size_t number = model->text_count++;
    struct model_text *text = &model->texts[number];
    *text = (struct model_text){
        .member = member, .section = section, .device = device, .asked = step, .done = MODEL_NEVER};
    (void)snprintf(text->text, sizeof text->text, "text %zu of member %u", number, member);
    return number;
}

size_t model_let_in(struct model *model, unsigned member, unsigned section, bool history,
                    uint64_t step)
{
    CHECK(array_grow(&model->stays, &model->stay_capacity, model->stay_count + 1,
                     sizeof *model->stays) == STATUS_OK);
    model->stays[model->stay_count] = (struct model_stay){.member = member,
                                                          .section = section,
                                                          .asked = step,
                                                          .done = MODEL_NEVER,
                                                          .out_asked = MODEL_NEVER,
                                                          .out_done = MODEL_NEVER,
                                                          .history = history,
                                                          .sure = !model->shaken[member]};
    return model->stay_count++;
}

void model_put_out(struct model *model, unsigned member, unsigned section, unsigned client,
                   uint64_t asked, uint64_t done)
{
    model->shaken[member] |= section == MODEL_SECTIONS_MAX;
    for (size_t i = 0; i < model->stay_count; i++) {
        struct model_stay *stay = &model->stays[i];
        bool here = section == MODEL_SECTIONS_MAX || stay->section == section;
        bool chart = client == MODEL_MEMBERS_MAX || model->sections[stay->section].client == client;
        if (stay->member != member || !here || !chart || stay->asked > asked) {
            continue;
        }
        stay->sure = false;
        stay->out_asked = asked < stay->out_asked ? asked : stay->out_asked;
        /* Only what began before the end was asked for ends with certainty. */
        stay->out_done = done < stay->out_done ? done : stay->out_done;
    }
}

struct model_text *model_find(struct model *model, const char *text, size_t chars)
{
    char copy[MODEL_TEXT_CHARS];
    if (chars >= sizeof copy) {
        return NULL;
    }
    memcpy(copy, text, chars);
    copy[chars] = '\0';
    size_t number = 0;
    unsigned member = 0;
    if (sscanf(copy, "text %zu of member %u", &number, &member) != 2 ||
        number >= model->text_count || strcmp(model->texts[number].text, copy) != 0) {
        return NULL;
    }
    return &model->texts[number];
}

bool model_may_hold(const struct model *model, unsigned member, const struct model_text *text)
{
    if (text->member == member) {
        return true;
    }
    for (size_t i = 0; i < model->stay_count; i++) {
        const struct model_stay *stay = &model->stays[i];
        if (stay->member == member && stay->section == text->section &&
            text->asked <= stay->out_done && (stay->history || text->done >= stay->asked)) {
            return true;
        }
    }
    return false;
}

bool model_must_see(const struct model *model, unsigned member, const struct model_text *text,
                    uint64_t asked, uint64_t came)
{
    if (text->fate != MODEL_TAKEN || text->spoiled) {
        return false;
    }
    for (size_t i = 0; i < model->stay_count; i++) {
        const struct model_stay *stay = &model->stays[i];
        bool meanwhile = stay->asked <= came && (stay->done >= asked || stay->unheard);
        if (stay->member == member && stay->section == text->section && stay->sure && !meanwhile &&
            stay->done != MODEL_NEVER && (stay->history || text->asked >= stay->done)) {
            return true;
        }
    }
    return false;
}
