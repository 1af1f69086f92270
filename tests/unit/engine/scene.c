#include "tests/unit/engine/scene.h"

#include "keys/public/bytes/random.h"
#include "tests/support/test.h"

void scene_grant(struct scene *scene, const struct section_id *section,
                 const struct inproc_person *to, uint32_t rights, uint64_t history_from)
{
    struct act_grant ask = {.section = *section,
                            .member = to->content.member,
                            .rights = rights,
                            .history_from = history_from,
                            .code_compared = true};
    uint64_t ticket = 0;
    OK(act_grant(scene->therapist.engine, &ask, scene->server.now_ms, &ticket));
    scene_wait(&scene->therapist, ticket);
}

void scene_refresh(struct inproc_person *person)
{
    engine_sync(person->engine);
    inproc_sync(person);
}

void scene_wait(struct inproc_person *person, uint64_t ticket)
{
    inproc_sync(person);
    struct engine_ticket info;
    engine_ticket(person->engine, ticket, &info);
    if (info.wish != ENGINE_WISH_DONE) {
        print_message("ticket %llu: wish %d %s\n", (unsigned long long)ticket, (int)info.wish,
                      status_name(info.status));
    }
    assert_int_equal(info.wish, ENGINE_WISH_DONE);
}

void scene_invite(struct inproc_person *by, uint32_t role, const char *name,
                  struct inproc_person *out)
{
    struct act_invite ask = {.role = role,
                             .name = span_of(name, strlen(name)),
                             .expires_ms = by->server->now_ms + 86400000u,
                             .root = role == ROLE_AUDITOR ? by->server->root : NULL};
    char code[INVITATION_TEXT_CHARS_MAX + 1];
    struct member_id member;
    uint64_t ticket = 0;
    OK(act_invite(by->engine, &ask, by->server->now_ms, code, &member, &ticket));
    scene_wait(by, ticket);
    inproc_join(by->server, code, out);
    inproc_sync(out);
    assert_true(ID_EQUAL(&out->content.member, &member));
}

void scene_open(struct scene *scene)
{
    scene->section_count = 0;
    inproc_open(&scene->server);
    inproc_join(&scene->server, scene->server.admin_code, &scene->admin);
    inproc_sync(&scene->admin);
    scene_invite(&scene->admin, ROLE_THERAPIST, "Tara", &scene->therapist);
    engine_sync(scene->admin.engine);
    inproc_sync(&scene->admin);
    uint64_t ticket = 0;
    OK(act_delegate(scene->admin.engine, &scene->therapist.content.member, 0, scene->server.now_ms,
                    &ticket));
    scene_wait(&scene->admin, ticket);
    engine_sync(scene->therapist.engine);
    inproc_sync(&scene->therapist);
    scene_invite(&scene->therapist, ROLE_CLIENT, "Cleo", &scene->client);
    engine_sync(scene->admin.engine);
    inproc_sync(&scene->admin);
    OK(act_relate(scene->admin.engine, &scene->client.content.member,
                  &scene->therapist.content.member, RELATION_TREATS, 0, scene->server.now_ms,
                  &ticket));
    scene_wait(&scene->admin, ticket);
    engine_sync(scene->therapist.engine);
    inproc_sync(&scene->therapist);
    OK(act_chart(scene->therapist.engine, &scene->client.content.member, span_of("Cleo", 4),
                 scene->server.now_ms, &scene->chart, &ticket));
    scene_wait(&scene->therapist, ticket);
    engine_sync(scene->client.engine);
    inproc_sync(&scene->client);
}

void scene_close(struct scene *scene)
{
    inproc_person_free(&scene->client);
    inproc_person_free(&scene->therapist);
    inproc_person_free(&scene->admin);
    inproc_close(&scene->server);
}

struct finding {
    uint32_t class;
    struct section_id section;
    bool found;
    size_t count;
};

static bool find_class(void *visitor, const struct view_section *section)
{
    struct finding *finding = visitor;
    finding->count++;
    if (section->class == finding->class) {
        finding->section = section->section;
        finding->found = true;
    }
    return true;
}

struct section_id scene_section(struct inproc_person *person, uint32_t class)
{
    struct finding finding = {.class = class};
    view_sections(person->engine, find_class, &finding);
    assert_true(finding.found);
    return finding.section;
}

size_t scene_sections(struct inproc_person *person)
{
    struct finding finding = {0};
    view_sections(person->engine, find_class, &finding);
    return finding.count;
}

struct note_id scene_write(struct inproc_person *person, const struct section_id *section,
                           const struct note_id *note, uint32_t kind, const char *text,
                           uint64_t *out_ticket)
{
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    body.text = field_of(text, strlen(text));
    struct write_note ask = {.section = *section, .kind = kind, .body = &body};
    if (note != NULL) {
        ask.note = *note;
    }
    struct note_id id;
    OK(write_note(person->engine, &ask, person->server->now_ms, &id, out_ticket));
    return id;
}

struct note_id scene_note(struct inproc_person *person, const struct section_id *section,
                          const char *text)
{
    uint64_t ticket = 0;
    struct note_id note = scene_write(person, section, NULL, REVISION_DRAFT, text, &ticket);
    scene_wait(person, ticket);
    return note;
}

bool scene_add_text(void *visitor, const struct view_revision *revision)
{
    struct scene_texts *texts = visitor;
    texts->heads += revision->head ? 1 : 0;
    texts->pending += revision->pending ? 1 : 0;
    texts->closed += revision->body == NULL ? 1 : 0;
    if (revision->body != NULL && revision->body->text.len > 0) {
        size_t used = strlen(texts->seen);
        (void)snprintf(texts->seen + used, sizeof texts->seen - used, "[%.*s]",
                       (int)revision->body->text.len, (const char *)revision->body->text.data);
    }
    texts->last = revision->link;
    texts->note = revision->note;
    texts->notes++;
    return true;
}

struct scene_texts scene_read(struct inproc_person *person, const struct section_id *section)
{
    struct scene_texts texts = {0};
    OK(view_revisions(person->engine, section, NULL, scene_add_text, &texts));
    return texts;
}

void scene_relate(struct scene *scene, const struct inproc_person *subject,
                  const struct inproc_person *staff, uint32_t kind)
{
    scene_refresh(&scene->admin);
    uint64_t ticket = 0;
    OK(act_relate(scene->admin.engine, &subject->content.member, &staff->content.member, kind, 0,
                  scene->server.now_ms, &ticket));
    scene_wait(&scene->admin, ticket);
    scene_refresh(&scene->therapist);
    scene_refresh(&scene->client);
}

void scene_device(struct inproc_person *person, struct inproc_person *out)
{
    struct keystore_content *content = &out->content;
    *out = (struct inproc_person){.server = person->server};
    OK(keystore_content_init(content));
    random_bytes(content->device.bytes, ID_BYTES);
    struct act_device_keys keys = (struct act_device_keys){
        content->device, *identity_signer_public(content->content_key),
        *identity_signer_public(content->login), *identity_sealer_public(content->sealing)};
    uint8_t *body = NULL;
    size_t size = 0;
    OK(act_device_body(person->engine, &keys, &body, &size));
    struct span bytes = span_of(body, size);
    struct signature signature;
    OK(identity_sign(content->content_key, LABEL_DEVICE, &person->server->practice, &bytes, 1,
                     &signature));
    uint64_t ticket = 0;
    OK(act_device(person->engine, bytes, &signature, person->server->now_ms, &ticket));
    free(body);
    scene_wait(person, ticket);
    struct engine_ticket done;
    engine_ticket(person->engine, ticket, &done);
    content->device_statement = done.object;
    content->practice = person->content.practice;
    content->member = person->content.member;
    content->pins = person->content.pins;
    memcpy(content->address, person->content.address, sizeof content->address);
    out->storage = memory_storage_new();
    inproc_start(out);
    inproc_sync(out);
}
