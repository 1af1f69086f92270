#include "tests/support/cast.h"

#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/support/test.h"

#define DAY_MS 86400000u

void cast_invite(struct live_person *by, uint32_t role, const char *name, struct live_person *out)
{
    bool by_root = role == ROLE_AUDITOR || role == ROLE_ADMIN;
    uint64_t now_ms = live_now_ms(by->live);
    struct act_invite ask = {.role = role,
                             .name = span_of(name, strlen(name)),
                             .expires_ms = now_ms + DAY_MS,
                             .root = by_root ? by->live->root : NULL};
    char code[INVITATION_TEXT_CHARS_MAX + 1];
    struct member_id member;
    uint64_t ticket = 0;
    OK(act_invite(by->engine, &ask, now_ms, code, &member, &ticket));
    live_done(by, ticket);
    live_join(by->live, code, out);
    live_sync(out);
    assert_true(ID_EQUAL(&out->content.member, &member));
    live_sync(by);
}

void cast_delegate(struct live_person *admin, struct live_person *therapist)
{
    live_sync(admin);
    uint64_t ticket = 0;
    OK(act_delegate(admin->engine, &therapist->content.member, 0, live_now_ms(admin->live),
                    &ticket));
    live_done(admin, ticket);
    live_sync(therapist);
}

struct hash cast_relate(struct live_person *admin, struct live_person *subject,
                        struct live_person *staff, uint32_t kind)
{
    live_sync(admin);
    uint64_t ticket = 0;
    OK(act_relate(admin->engine, &subject->content.member, &staff->content.member, kind, 0,
                  live_now_ms(admin->live), &ticket));
    live_done(admin, ticket);
    struct engine_ticket info;
    engine_ticket(admin->engine, ticket, &info);
    live_sync(admin);
    live_sync(subject);
    live_sync(staff);
    return info.object;
}

void cast_unrelate(struct live_person *admin, const struct hash *relation)
{
    uint64_t ticket = 0;
    OK(act_unrelate(admin->engine, relation, live_now_ms(admin->live), &ticket));
    live_done(admin, ticket);
    live_sync(admin);
}

struct section_id cast_section(struct live_person *maker, uint32_t class, struct chart_id *chart,
                               struct live_person *client)
{
    struct section_id section;
    struct chart_id none = {{0}};
    struct member_id nobody = {{0}};
    uint64_t ticket = 0;
    OK(act_section(maker->engine, class, client != NULL ? chart : &none,
                   client != NULL ? &client->content.member : &nobody, live_now_ms(maker->live),
                   &section, client != NULL ? chart : &none, &ticket));
    live_done(maker, ticket);
    live_sync(maker);
    return section;
}

void cast_grant(struct live_person *owner, const struct section_id *section,
                struct live_person *member, uint32_t rights, uint64_t until_ms)
{
    struct act_grant ask = {.section = *section,
                            .member = member->content.member,
                            .rights = rights,
                            .until_ms = until_ms,
                            .history_from = 1,
                            .code_compared = true};
    live_sync(owner);
    uint64_t ticket = 0;
    OK(act_grant(owner->engine, &ask, live_now_ms(owner->live), &ticket));
    live_done(owner, ticket);
    live_sync(owner);
    live_sync(member);
}

struct note_id cast_write_later(struct live_person *author, const struct section_id *section,
                                const struct note_id *note, struct span text, uint64_t *out_ticket)
{
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    body.text = field_of(text.data, text.size);
    struct write_note ask = {.section = *section, .kind = REVISION_DRAFT, .body = &body};
    if (note != NULL) {
        ask.note = *note;
    }
    struct note_id id;
    OK(write_note(author->engine, &ask, live_now_ms(author->live), &id, out_ticket));
    return id;
}

struct note_id cast_write(struct live_person *author, const struct section_id *section,
                          const struct note_id *note, struct span text)
{
    uint64_t ticket = 0;
    struct note_id id = cast_write_later(author, section, note, text, &ticket);
    live_done(author, ticket);
    live_sync(author);
    return id;
}

void cast_device(struct live_person *person, struct live_person *out)
{
    live_sync(person);
    struct keystore_content content = {0};
    OK(keystore_content_init(&content));
    content.practice = person->content.practice;
    content.member = person->content.member;
    random_bytes(content.device.bytes, ID_BYTES);
    struct act_device_keys keys;
    keys.device = content.device;
    keys.content_key = *identity_signer_public(content.content_key);
    keys.login_key = *identity_signer_public(content.login);
    keys.sealing_key = *identity_sealer_public(content.sealing);
    uint8_t *body = NULL;
    size_t size = 0;
    OK(act_device_body(person->engine, &keys, &body, &size));
    struct span signed_body = span_of(body, size);
    struct signature signature;
    OK(identity_sign(content.content_key, LABEL_DEVICE, &content.practice, &signed_body, 1,
                     &signature));
    uint64_t ticket = 0;
    OK(act_device(person->engine, signed_body, &signature, live_now_ms(person->live), &ticket));
    free(body);
    live_done(person, ticket);
    struct engine_ticket info;
    engine_ticket(person->engine, ticket, &info);
    live_sync(person);
    /* What the first device hands over: pins, what it has seen of the logs, its name. */
    content.device_statement = info.object;
    content.pins = person->content.pins;
    memcpy(content.address, person->content.address, sizeof content.address);
    memcpy(content.origin, person->content.origin, sizeof content.origin);
    live_adopt(person->live, &content, out);
    live_sync(out);
}

struct texts {
    char *out;
    size_t used, capacity;
};

static bool add_text(void *visitor, const struct view_revision *revision)
{
    struct texts *texts = visitor;
    const Alcove__NoteBody *body = revision->body;
    size_t size = body != NULL ? body->text.len : 1u;
    const char *text = body != NULL ? (const char *)body->text.data : "?";
    if (texts->used + size + 3u <= texts->capacity) {
        texts->used += (size_t)snprintf(texts->out + texts->used, texts->capacity - texts->used,
                                        "[%.*s]", (int)size, text);
    }
    return true;
}

const char *cast_texts(struct live_person *person, const struct section_id *section)
{
    static char out[16384];
    struct texts texts = {out, 0, sizeof out};
    out[0] = '\0';
    OK(view_revisions(person->engine, section, NULL, add_text, &texts));
    return out;
}
