#include "server/backup/trouble.h"

#include <stdarg.h>

enum status trouble_say(struct trouble *trouble, enum status status, const char *format, ...)
{
    if (trouble->text[0] != '\0') {
        return status;
    }
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started in the line above
    (void)vsnprintf(trouble->text, sizeof trouble->text, format, arguments);
    va_end(arguments);
    return status;
}
