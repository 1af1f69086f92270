#include "client/cli/export_write.h"

#include "client/cli/files.h"
#include "client/cli/note_time.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "client/text/step.h"
#include "client/text/wrap.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/hash.h"
#include "proto/message.h"
#include "proto/policy.h"

#include <stdlib.h>
#include <time.h>

/* One note on its way into a file. */
struct page {
    struct export_write *export;
    struct cli out; /* prints into the page */
    cJSON *revisions;
    size_t readable;
    bool altered;
    size_t marks; /* in a row, at the end of what is written; see text_floods */
};

static void put_step(struct page *page, const struct text_step *step)
{
    FILE *out = page->out.out;
    bool named = text_floods(step, &page->marks) || step->kind == TEXT_NAMED;
    page->altered = page->altered || named || step->kind == TEXT_BAD;
    char name[TEXT_NAME_CHARS];
    if (named) {
        (void)fwrite(name, 1, text_name(step->code, name), out);
    } else if (step->kind == TEXT_BAD) {
        (void)fputs("\xef\xbf\xbd", out);
    } else {
        (void)fwrite(step->bytes.data, 1, step->bytes.size, out);
    }
}

/* Line by line as written, each behind four blanks: Markdown shows such lines as they stand, and
 * none of them can be taken for a heading or an item of ours. */
static void put_text(struct page *page, struct span text)
{
    page->marks = 0;
    struct text_step step;
    bool begun = false;
    while (text_next(&text, &step)) {
        if (step.kind == TEXT_BREAK) {
            (void)fputc('\n', page->out.out);
            begun = false;
            continue;
        }
        if (!begun) {
            (void)fputs("    ", page->out.out);
        }
        begun = true;
        put_step(page, &step);
    }
    if (begun) {
        (void)fputc('\n', page->out.out);
    }
}

/* Words of others in a line of Markdown: each character that could be a sign there stands behind
 * a backslash, so that a reader sees what was signed and not a link, a picture or a heading. */
static void put_line(struct page *page, const char *key, struct span value)
{
    if (value.size == 0) {
        return;
    }
    page->altered = page->altered || !text_is_plain(value);
    (void)fprintf(page->out.out, "- %s: ", key);
    char *line = NULL;
    size_t size = 0;
    CHECK(text_cell(value, 0, true, &line, &size) == STATUS_OK);
    for (size_t i = 0; i < size; i++) {
        bool sign = (line[i] > ' ' && line[i] < '0') || (line[i] > '9' && line[i] < 'A') ||
                    (line[i] > 'Z' && line[i] < 'a') || (line[i] > 'z' && line[i] <= '~');
        /* These are no signs within a line. */
        if (sign && strchr(",'%;?$/:=\"-+.", line[i]) == NULL) {
            (void)fputc('\\', page->out.out);
        }
        (void)fputc(line[i], page->out.out);
    }
    (void)fputc('\n', page->out.out);
    wipe(line, size);
    free(line);
}

static void put_time(struct page *page, const char *key, uint64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000u);
    char text[32] = "at no sensible time";
    struct tm utc;
    if (note_time_sensible(time_ms) && gmtime_r(&seconds, &utc) != NULL) {
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    put_line(page, key, span_of(text, strlen(text)));
}

static void put_body(struct page *page, const Alcove__NoteBody *body)
{
    put_line(page, "title", field_span(body->title));
    put_time(page, "written, by the author's clock", body->written_ms);
    put_line(page, "reason", field_span(body->reason));
    for (size_t i = 0; i < body->n_tag; i++) {
        put_line(page, "tag", field_span(body->tag[i]));
    }
    for (size_t i = 0; i < body->n_field; i++) {
        put_line(page, "field", field_span(body->field[i]->key));
        put_line(page, "value", field_span(body->field[i]->value));
    }
    (void)fprintf(page->out.out, "- text: %zu bytes, each line behind four blanks\n\n",
                  body->text.len);
    put_text(page, field_span(body->text));
    (void)fputc('\n', page->out.out);
}

static bool put_revision(void *visitor, const struct view_revision *revision)
{
    struct page *page = visitor;
    cJSON *object = cJSON_CreateObject();
    char author[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(page->out.host), &revision->author, author);
    char link[2 * HASH_BYTES + 1];
    hex_encode(ID_SPAN(&revision->link), link);
    (void)fprintf(page->out.out, "## Revision %llu: %s\n\n", (unsigned long long)revision->revision,
                  note_kind_name(revision->kind));
    put_line(page, "author", span_of(author, strlen(author)));
    (void)fprintf(page->out.out, "- number in its section: %llu\n- link: %s\n",
                  (unsigned long long)revision->number, link);
    if (revision->server_ms != 0) {
        put_time(page, "on the server since", revision->server_ms);
    }
    if (revision->body == NULL) {
        (void)fprintf(page->out.out, "\n(%s)\n\n", note_no_text(revision));
    } else {
        page->readable++;
        put_body(page, revision->body);
    }
    print_add_number(object, "number", revision->number);
    print_add_number(object, "revision", revision->revision);
    print_add_text(object, "kind", note_kind_name(revision->kind));
    print_add_id(object, "author", ID_SPAN(&revision->author));
    print_add_id(object, "link", ID_SPAN(&revision->link));
    (void)cJSON_AddBoolToObject(object, "on_server", !revision->pending);
    if (revision->body != NULL) {
        print_add_number(object, "written_ms", revision->body->written_ms);
    }
    if (revision->server_ms != 0) {
        print_add_number(object, "server_ms", revision->server_ms);
    }
    (void)cJSON_AddItemToArray(page->revisions, object);
    return true;
}

static void note_in_manifest(struct page *page, const struct view_section *section,
                             const struct note_id *note, const char *name, struct span bytes)
{
    cJSON *object = cJSON_CreateObject();
    struct hash hash;
    hash_bytes(bytes, &hash);
    print_add_text(object, "file", name);
    print_add_id(object, "sha256", ID_SPAN(&hash));
    print_add_id(object, "note", ID_SPAN(note));
    print_add_id(object, "section", ID_SPAN(&section->section));
    print_add_id(object, "chart", ID_SPAN(&section->chart));
    print_add_text(object, "class", policy_class_name(section->class));
    (void)cJSON_AddBoolToObject(object, "characters_named", page->altered);
    (void)cJSON_AddItemToObject(object, "revisions", page->revisions);
    page->revisions = NULL;
    (void)cJSON_AddItemToArray(page->export->files, object);
}

static enum status save(struct page *page, const struct view_section *section,
                        const struct note_id *note, struct span bytes)
{
    char id[2 * ID_BYTES + 1];
    hex_encode(ID_SPAN(note), id);
    char name[128];
    (void)snprintf(name, sizeof name, "%s-%s.md", policy_class_name(section->class), id);
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(page->export->folder, name, path);
    if (status == STATUS_OK) {
        status = files_write_new(path, bytes);
    }
    if (status == STATUS_OK) {
        note_in_manifest(page, section, note, name, bytes);
        page->export->notes++;
    }
    return status;
}

int export_write_note(struct export_write *export, const struct view_section *section,
                      const struct note_id *note)
{
    struct page page = {.export = export, .out = *export->cli};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return cli_fail(export->cli, SAY_EXPORT, STATUS_NO_MEMORY);
    }
    page.out.out = out;
    page.out.utf8 = true;
    page.revisions = cJSON_CreateArray();
    (void)fprintf(out, "# %s note ", policy_class_name(section->class));
    print_short(&page.out, ID_SPAN(note));
    (void)fprintf(out, "\n\n");
    enum status status = view_revisions(host_engine(export->cli->host), &section->section, note,
                                        put_revision, &page);
    if (fclose(out) != 0 && status == STATUS_OK) {
        status = STATUS_NO_MEMORY;
    }
    if (status == STATUS_OK && page.readable > 0) {
        status = save(&page, section, note, span_of(text, size));
    }
    cJSON_Delete(page.revisions);
    if (text != NULL) {
        wipe(text, size);
    }
    free(text);
    return status == STATUS_OK ? CLI_OK : cli_fail(export->cli, SAY_EXPORT, status);
}
