#include "client/cli/args.h"

static const struct args_option *find(const struct args_option *options, size_t count,
                                      const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, word) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static bool take(const struct args_option *option, const char *value)
{
    if (option->flag != NULL) {
        *option->flag = true;
        return true;
    }
    if (option->list != NULL) {
        if (*option->list_count == option->list_max) {
            return false;
        }
        option->list[(*option->list_count)++] = value;
        return true;
    }
    *option->value = value;
    return true;
}

bool args_parse(int argc, char **argv, const struct args_option *options, size_t option_count,
                const char **out_words, size_t words_max, size_t *out_word_count,
                const char **out_wrong)
{
    bool only_words = false;

    *out_word_count = 0;
    for (int i = 1; i < argc; i++) {
        const struct args_option *option = only_words ? NULL : find(options, option_count, argv[i]);

        *out_wrong = argv[i];
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (option != NULL) {
            const char *value = NULL;

            if (option->flag == NULL) {
                if (i + 1 == argc) {
                    return false;
                }
                value = argv[++i];
            }
            if (!take(option, value)) {
                return false;
            }
        } else if ((!only_words && argv[i][0] == '-' && argv[i][1] != '\0') ||
                   *out_word_count == words_max) {
            return false;
        } else {
            out_words[(*out_word_count)++] = argv[i];
        }
    }
    *out_wrong = NULL;
    return true;
}
