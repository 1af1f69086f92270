#include "server/run/effects.h"

static void act_on_lost(struct roll *roll, const struct core_effect *effect)
{
    for (struct guest *c = roll_first(roll); c != NULL; c = c->next) {
        if (ID_EQUAL(&c->peer.member, &effect->member)) {
            (void)atomic_fetch_add(&c->losses, 1);
            roll_unsubscribe(roll, c, effect->section_local);
        }
    }
}

static bool is_out(const struct guest *guest, const struct core_effect *effect)
{
    static const struct hash any;
    return ID_EQUAL(&guest->peer.member, &effect->member) &&
           (ID_EQUAL(&effect->device_statement, &any) ||
            ID_EQUAL(&effect->device_statement, &guest->peer.device_statement));
}

static void act_on_out(struct roll *roll, const struct run_output *output,
                       const struct core_effect *effect)
{
    struct guest *next;
    for (struct guest *c = roll_first(roll); c != NULL; c = next) {
        next = c->next;
        if (is_out(c, effect)) {
            (void)atomic_fetch_add(&c->losses, 1);
            c->ended = true;
            output->cut(output->state, c);
            roll_leave(roll, c);
        }
    }
}

void effects_end_access(struct core *core, struct roll *roll, const struct run_output *output)
{
    const struct core_effect *effects;
    size_t count = core_effects(core, &effects);
    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == CORE_EFFECT_LOST) {
            act_on_lost(roll, &effects[i]);
        } else if (effects[i].kind == CORE_EFFECT_OUT) {
            act_on_out(roll, output, &effects[i]);
        }
    }
}

void effects_push(struct core *core, struct roll *roll, const struct run_output *output,
                  struct run_checkpoints *heads)
{
    const struct core_effect *effects;
    size_t count = core_effects(core, &effects);
    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind != CORE_EFFECT_MOVED) {
            continue;
        }
        size_t listening = 0;
        struct guest *const *list = roll_subscribers(roll, effects[i].section_local, &listening);
        for (size_t j = 0; j < listening; j++) {
            output->push(output->state, list[j], &effects[i], heads);
        }
    }
}
