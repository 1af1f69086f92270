#include "client/cli/command.h"

const struct command *command_at(const struct command_list *const *lists, size_t index)
{
    while (*lists != NULL && index >= (*lists)->count) {
        index -= (*lists)->count;
        lists++;
    }
    return *lists == NULL ? NULL : &(*lists)->rows[index];
}

bool command_is_of(const struct command *command, const char *name)
{
    size_t size = strlen(name);
    return strncmp(command->title, name, size) == 0 &&
           (command->title[size] == '\0' || command->title[size] == ' ');
}

const struct command *command_find(const struct command_list *const *lists, const char *name,
                                   const char *sub)
{
    const struct command *command;
    for (size_t i = 0; (command = command_at(lists, i)) != NULL; i++) {
        const char *rest = command->title + strlen(name);
        if (command_is_of(command, name) &&
            (sub == NULL ? *rest == '\0' : *rest == ' ' && strcmp(rest + 1, sub) == 0)) {
            return command;
        }
    }
    return NULL;
}

const struct option *command_lacks(const struct command *command, uint64_t given)
{
    for (size_t i = 0; i < command->options->count; i++) {
        if (option_is_required(&command->options->rows[i]) && (given >> i & 1u) == 0) {
            return &command->options->rows[i];
        }
    }
    return NULL;
}
