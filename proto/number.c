#include "proto/number.h"

bool number_parse(struct span text, uint64_t least, uint64_t most, uint64_t *out_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)text.data[i] - '0';
        if (number > (UINT64_MAX - digit) / 10u) {
            return false;
        }
        number = number * 10u + digit;
    }
    if (text.size == 0 || number < least || number > most) {
        return false;
    }
    *out_number = number;
    return true;
}
