#include "proto/purpose.h"

#include "proto/words.h"

/* In the order in which a client chooses. Nobody has ETREAT in this version: there is no access in
 * an emergency. */
static const struct {
    uint32_t role;
    uint32_t relation;
    bool directory; /* names of staff, which are about no client */
    uint32_t purpose;
} TABLE[] = {
    {ROLE_THERAPIST, POLICY_TREATS, false, PURPOSE_TREAT},
    {ROLE_THERAPIST, POLICY_AUTHOR, false, PURPOSE_TREAT},
    {ROLE_THERAPIST, POLICY_COVERS, false, PURPOSE_COVERAGE},
    {ROLE_THERAPIST, POLICY_COVERS, false, PURPOSE_TREAT},
    {ROLE_THERAPIST, POLICY_SUPERVISES, false, PURPOSE_HOPERAT},
    {ROLE_THERAPIST, POLICY_TRAINS, false, PURPOSE_HOPERAT},
    {ROLE_THERAPIST, POLICY_ANY, true, PURPOSE_HOPERAT},
    {ROLE_CLIENT, POLICY_OWN_CHART, false, PURPOSE_PATRQT},
    {ROLE_AUDITOR, POLICY_ANY, true, PURPOSE_HCOMPL},
    {ROLE_ADMIN, POLICY_ANY, true, PURPOSE_HOPERAT},
};

bool purpose_fits(uint32_t role, uint32_t relations, uint32_t class, uint32_t purpose)
{
    bool fits = class == CLASS_NONE && purpose == PURPOSE_NONE;
    for (size_t i = 0; i < ARRAY_LEN(TABLE) && class != CLASS_NONE; i++) {
        fits |= TABLE[i].role == role && TABLE[i].purpose == purpose &&
                ((relations | POLICY_ANY) & TABLE[i].relation) != 0 &&
                TABLE[i].directory == (class == CLASS_DIRECTORY);
    }
    return fits;
}

uint32_t purpose_of(uint32_t role, uint32_t relations, uint32_t class)
{
    for (size_t i = 0; i < ARRAY_LEN(TABLE); i++) {
        if (purpose_fits(role, relations & TABLE[i].relation, class, TABLE[i].purpose)) {
            return TABLE[i].purpose;
        }
    }
    return PURPOSE_NONE;
}
