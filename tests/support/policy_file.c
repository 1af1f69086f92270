#include "tests/support/policy_file.h"
#include "tests/support/policy_words.h"

#define LINE_CHARS_MAX 512u
#define COLUMNS        6u

static bool split(char *line, struct span columns[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        size_t size = strcspn(line, i + 1u < COLUMNS ? "\t\n" : "\n");
        columns[i] = span_of(line, size);
        if (size == 0 || memchr(line, '\t', size) != NULL ||
            line[size] != (i + 1u < COLUMNS ? '\t' : '\n')) {
            return false;
        }
        line += size + 1u;
    }
    return *line == '\0';
}

static uint32_t bit_number(uint32_t relation)
{
    uint32_t number = 0;
    while (number < POLICY_RELATION_COUNT && relation != 1u << number) {
        number++;
    }
    return number;
}

static const char *take_line(struct policy_file *file, char *line)
{
    struct span columns[COLUMNS];
    if (!split(line, columns)) {
        return "not six columns";
    }
    uint32_t role = 0;
    uint32_t relation = 0;
    uint32_t class = 0;
    uint32_t action = 0;
    if (policy_role_parse(columns[0], &role) != STATUS_OK || role == 0 ||
        policy_relation_parse(columns[1], &relation) != STATUS_OK || relation == 0 ||
        policy_class_parse(columns[2], &class) != STATUS_OK ||
        policy_action_parse(columns[3], &action) != STATUS_OK || action == 0) {
        return "an unknown word";
    }
    bool allow = span_equal(columns[4], span_of("allow", 5));
    if (!allow && !span_equal(columns[4], span_of("deny", 4))) {
        return "neither allow nor deny";
    }
    uint8_t *cell = &file->cells[role][bit_number(relation)][class][action];
    if (*cell != POLICY_FILE_ABSENT) {
        return "a cell twice";
    }
    *cell = (uint8_t)(allow ? POLICY_FILE_ALLOW : POLICY_FILE_DENY);
    file->count++;
    file->allowed += allow ? 1u : 0u;
    return NULL;
}

bool policy_file_read(const char *path, struct policy_file *out_file,
                      char out_error[static POLICY_FILE_ERROR_CHARS_MAX])
{
    FILE *in = fopen(path, "r");
    memset(out_file, 0, sizeof *out_file);
    if (in == NULL) {
        (void)snprintf(out_error, POLICY_FILE_ERROR_CHARS_MAX, "cannot be read");
        return false;
    }
    char line[LINE_CHARS_MAX];
    const char *wrong = NULL;
    unsigned number = 0;
    while (wrong == NULL && fgets(line, sizeof line, in) != NULL) {
        number++;
        wrong = line[0] == '#' ? NULL : take_line(out_file, line);
    }
    (void)fclose(in);
    if (wrong != NULL) {
        (void)snprintf(out_error, POLICY_FILE_ERROR_CHARS_MAX, "line %u: %s", number, wrong);
    }
    return wrong == NULL;
}

bool policy_file_allows(const struct policy_file *file, uint32_t role, uint32_t relations,
                        uint32_t class, uint32_t action)
{
    relations |= POLICY_ANY;
    bool allowed = false;
    for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit++) {
        allowed |= (relations >> bit & 1u) != 0 &&
                   file->cells[role][bit][class][action] == POLICY_FILE_ALLOW;
    }
    return allowed;
}

static bool cells_agree(const struct policy_file *file, uint32_t role, uint32_t bit, uint32_t class,
                        char *out_error)
{
    for (uint32_t action = 1; action <= POLICY_ACTION_MAX; action++) {
        uint8_t cell = file->cells[role][bit][class][action];
        bool table = policy_cell(role, 1u << bit, class, action);
        if (table != (cell == POLICY_FILE_ALLOW)) {
            (void)snprintf(out_error, POLICY_FILE_ERROR_CHARS_MAX,
                           "%s %s %s %s: the table says %s, the file %s", policy_role_name(role),
                           policy_relation_name(1u << bit), policy_class_name(class),
                           policy_action_name(action), table ? "allow" : "deny",
                           cell == POLICY_FILE_ABSENT ? "nothing" : (table ? "deny" : "allow"));
            return false;
        }
    }
    return true;
}

bool policy_file_agrees(const struct policy_file *file,
                        char out_error[static POLICY_FILE_ERROR_CHARS_MAX])
{
    for (uint32_t role = 1; role <= POLICY_ROLE_COUNT; role++) {
        for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit++) {
            for (uint32_t class = 0; class < POLICY_CLASS_COUNT; class ++) {
                if (!cells_agree(file, role, bit, class, out_error)) {
                    return false;
                }
            }
        }
    }
    return true;
}
