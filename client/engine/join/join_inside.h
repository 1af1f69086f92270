/*
 * A newcomer's state. Internal to join.
 */
#pragma once

#include "client/engine/common/common.h"
#include "client/engine/common/statement_make.h"
#include "client/engine/join/join_info.h"
#include "keys/private/invitation.h"
#include "keys/private/recovery.h"
#include "keys/public/authority/authority.h"

struct join {
    struct invitation_code code;
    enum join_phase phase;
    struct requests requests;
    struct practice_id hello_practice;
    struct public_key hello_login_key;
    struct join_info info;
    bool by_root;
    struct authority *authority; /* from the bundle alone */
    struct chain_label label;
    struct hash invitation;
    struct identity_signer *invitation_key;
    struct secret *psk;
    struct keystore_content content;
    struct made enrolment;
};

/*
 * Everything about a bundle: that the code names it, that its statements lead from the genesis
 * to the invitation, that the invitation's key comes from the code's secret. Fills what the
 * newcomer needs. STATUS_BAD_PROOF (another bundle), STATUS_BAD_CHAIN, STATUS_BAD_SIGNATURE,
 * STATUS_EXPIRED, STATUS_MALFORMED, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status join_verify(struct join *join, struct span bundle, uint64_t now_ms);
