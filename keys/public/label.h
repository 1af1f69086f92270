/*
 * The one list of domain-separation labels (KEYS.md).
 *
 * Every signature, commitment, MAC and derived hash of ours starts with one of
 * these, so that bytes made for one purpose are never valid for another. One
 * label per purpose: to add one, add a line to LABEL_LIST and run
 * tests/vectors/frame.mjs, which freezes it; never rename or reuse one, since that
 * changes a format that is already signed. The order of the list means nothing and
 * never leaves the process. Pure; any thread.
 */
#pragma once

#include "proto/span.h"

/* Longest text below, without a terminator; frame.h sizes its prefix by it. */
#define LABEL_BYTES_MAX 32u

/* clang-format off */
#define LABEL_LIST(X)                                     \
    X(STATEMENT,            "statement")                  \
    X(STATEMENT_LEAF,       "statement-leaf")             \
    X(MEMBERSHIP,           "membership")                 \
    X(EPOCH_COMMITMENT,     "epoch-commitment")           \
    X(SEAL,                 "seal")                       \
    X(REVISION,             "revision")                   \
    X(ENVELOPE,             "envelope")                   \
    X(WRAP,                 "wrap")                       \
    X(LINK,                 "link")                       \
    X(COSIGN,               "cosign")                     \
    X(OPENED,               "opened")                     \
    X(ERASE,                "erase")                      \
    X(ERASE_ACK,            "erase-ack")                  \
    X(SECTION_HEAD,         "section-head")               \
    X(SECTION_TIMES,        "section-times")              \
    X(IDENTITY,             "identity")                   \
    X(CHART,                "chart")                      \
    X(EVENT_RESTRICTED,     "event-restricted")           \
    X(EVENT_TARGET,         "event-target")               \
    X(REVIEW,               "review")                     \
    X(LOGIN_CLIENT,         "login-client")               \
    X(LOGIN_SERVER,         "login-server")               \
    X(REWOUND,              "rewound")                    \
    X(SIGNER_REQUEST,       "signer-request")             \
    X(INVITATION_BUNDLE,    "invitation-bundle")          \
    X(INVITATION_SEED,      "invitation-seed")            \
    X(INVITATION_PSK,       "invitation-psk")             \
    X(INVITATION_OWN,       "invitation-own")             \
    X(ENROLMENT_INVITATION, "enrolment-invitation")       \
    X(SHORT_CODE,           "short-code")                 \
    X(KEYSTORE,             "keystore")                   \
    X(ROOT_KEY_FILE,        "root-key-file")              \
    X(CACHE,                "cache")                      \
    X(TYPED,                "typed")                      \
    X(RECOVERY,             "recovery")                   \
    X(RECOVERY_SHARE,       "recovery-share")             \
    X(DEVICE_OFFER,         "device-offer")               \
    X(DEVICE_PLACE,         "device-place")               \
    X(DEVICE_MESSAGE,       "device-message")             \
    X(DEVICE_COMMITMENT,    "device-commitment")          \
    X(DEVICE_CODE,          "device-code")                \
    X(DEVICE_HANDOVER,      "device-handover")            \
    X(EXPORT_MANIFEST,      "export-manifest")            \
    X(BACKUP,               "backup")                     \
    /* One per type of statement: the signature over its body. */ \
    X(GENESIS,              "genesis")                    \
    X(SERVER_KEYS,          "server-keys")                \
    X(WITNESS_POLICY,       "witness-policy")             \
    X(RESTORE,              "restore")                    \
    X(APPOINTMENT,          "appointment")                \
    X(INVITATION,           "invitation")                 \
    X(ENROLMENT,            "enrolment")                  \
    X(DEVICE,               "device")                     \
    X(DEVICE_REVOCATION,    "device-revocation")          \
    X(DELEGATION,           "delegation")                 \
    X(RELATION,             "relation")                   \
    X(RELATION_END,         "relation-end")               \
    X(SUSPENSION,           "suspension")                 \
    X(RESUMPTION,           "resumption")                 \
    X(LINK_IDENTITY,        "link-identity")              \
    X(RECOVERY_POLICY,      "recovery-policy")            \
    X(RECOVERY_RELEASE,     "recovery-release")           \
    X(RECOVERY_VETO,        "recovery-veto")              \
    X(SECTION,              "section")                    \
    X(GRANT,                "grant")                      \
    X(REVOCATION,           "revocation")                 \
    X(EPOCH,                "epoch")                      \
    X(RESEAL,               "reseal")                     \
    X(BAD_SEAL,             "bad-seal")                   \
    X(SUCCESSOR,            "successor")                  \
    X(DEPOSIT,              "deposit")                    \
    X(ACTIVATION,           "activation")                 \
    X(CONSENT,              "consent")                    \
    X(CONSENT_REVOCATION,   "consent-revocation")
/* clang-format on */

/* 0 is no label, so that a zeroed struct can never sign or verify anything. */
#define LABEL_ENUM_LINE(name, text) LABEL_##name,
enum label { LABEL_NONE = 0, LABEL_LIST(LABEL_ENUM_LINE) LABEL_COUNT };
#undef LABEL_ENUM_LINE

/*
 * The label's bytes, without a terminator; they live for ever. Labels hold only
 * a-z and '-', hence no zero byte: that is what makes the frame unambiguous.
 * LABEL_NONE or a number out of the list is our own fault and aborts.
 */
struct span label_text(enum label label);
