#include "tests/unit/engine/lies.h"
#include "tests/support/test.h"

static void flip(ProtobufCBinaryData *field)
{
    assert_true(field->len > 0);
    field->data[field->len / 2] ^= 1;
}

#define AS(type, body) ((Alcove__##type *)(void *)(body))

/* ---- greeting and login */

static void other_practice(ProtobufCMessage *body)
{
    flip(&AS(Hello, body)->practice);
}
static void other_login_key(ProtobufCMessage *body)
{
    flip(&AS(Hello, body)->login_key);
}
static void forged_checkpoint(ProtobufCMessage *body)
{
    ProtobufCBinaryData *note = &AS(Hello, body)->events_checkpoint;
    note->data[note->len - 12] = note->data[note->len - 12] == 'A' ? 'B' : 'A';
}
static void forged_login_reply(ProtobufCMessage *body)
{
    flip(&AS(LoginReply, body)->signature);
}
static void forged_login_consistency(ProtobufCMessage *body)
{
    Alcove__Consistency *events = AS(LoginReply, body)->events;
    assert_true(events != NULL && events->n_path > 0);
    flip(&events->path[0]);
}
static void short_login_consistency(ProtobufCMessage *body)
{
    Alcove__Consistency *events = AS(LoginReply, body)->events;
    assert_true(events != NULL && events->n_path > 0);
    events->n_path--;
}

/* ---- statements */

static void changed_leaf(ProtobufCMessage *body)
{
    AS(LeavesReply, body)->leaves.data[50] ^= 1;
}
static void missing_leaf(ProtobufCMessage *body)
{
    AS(LeavesReply, body)->leaves.len -= LEAF_BYTES;
}
static void moved_leaves(ProtobufCMessage *body)
{
    AS(LeavesReply, body)->from++;
}
static void withheld_statement(ProtobufCMessage *body)
{
    Alcove__ChainReply *reply = AS(ChainReply, body);
    assert_true(reply->n_entry > 0);
    reply->n_entry = 0;
    reply->more = false;
}
static void changed_statement(ProtobufCMessage *body)
{
    flip(&AS(ChainReply, body)->entry[0]->statement);
}
static void changed_statement_time(ProtobufCMessage *body)
{
    AS(ChainReply, body)->entry[0]->time_ms++;
}
static void changed_statement_opening(ProtobufCMessage *body)
{
    flip(&AS(ChainReply, body)->entry[0]->opening);
}
static void moved_statement(ProtobufCMessage *body)
{
    AS(ChainReply, body)->entry[0]->seq--;
}
static void hidden_section(ProtobufCMessage *body)
{
    Alcove__StateReply *reply = AS(StateReply, body);
    for (size_t i = 0; i < reply->n_section; i++) {
        reply->section[i]->number = 1;
    }
}
static void forged_advance(ProtobufCMessage *body)
{
    Alcove__CheckpointReply *reply = AS(CheckpointReply, body);
    assert_true(reply->events->n_consistency > 0);
    flip(&reply->events->consistency[0]);
}

/* ---- pages */

static void page_other_range(ProtobufCMessage *body)
{
    AS(PageReply, body)->to++;
}
static void page_other_head(ProtobufCMessage *body)
{
    flip(&AS(PageReply, body)->section_head_before);
}
static void page_bad_inclusion(ProtobufCMessage *body)
{
    Alcove__PageReply *reply = AS(PageReply, body);
    assert_true(reply->proof->n_inclusion > 0);
    flip(&reply->proof->inclusion[0]);
}
static void page_changed_event(ProtobufCMessage *body)
{
    flip(&AS(PageReply, body)->proof->leaf->target);
}
static void page_no_target(ProtobufCMessage *body)
{
    Alcove__EventLeaf *leaf = AS(PageReply, body)->proof->leaf;
    leaf->target.len = 0;
    leaf->target_opening.len = 0;
}
static void page_no_proof(ProtobufCMessage *body)
{
    AS(PageReply, body)->proof = NULL;
}
static void page_old_checkpoint(ProtobufCMessage *body)
{
    flip(&AS(PageReply, body)->proof->advance->checkpoint);
}

/* ---- entries */

static Alcove__PageEntry *revision_in(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    for (size_t i = chunk->n_entry; i > 0; i--) {
        if (chunk->entry[i - 1]->kind == ENTRY_REVISION) {
            return chunk->entry[i - 1];
        }
    }
    fail_msg("no revision in this chunk");
    return NULL;
}
static void dropped_entry(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    assert_true(chunk->n_entry > 0);
    chunk->n_entry--;
}
static void renumbered_entry(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    chunk->entry[0]->number++;
}
static void doubled_entry(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    assert_true(chunk->n_entry > 1);
    chunk->entry[1] = chunk->entry[0];
}
static void swapped_entries(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    assert_true(chunk->n_entry > 1);
    Alcove__PageEntry first = *chunk->entry[0];
    uint64_t number = chunk->entry[1]->number;
    *chunk->entry[0] = *chunk->entry[1];
    chunk->entry[0]->number = first.number;
    *chunk->entry[1] = first;
    chunk->entry[1]->number = number;
}
static void changed_context(ProtobufCMessage *body)
{
    flip(&revision_in(body)->context);
}
static void changed_header(ProtobufCMessage *body)
{
    flip(&revision_in(body)->header);
}
static void changed_signature(ProtobufCMessage *body)
{
    flip(&revision_in(body)->signature);
}
static void changed_envelope(ProtobufCMessage *body)
{
    flip(&revision_in(body)->envelope);
}
static void cut_envelope(ProtobufCMessage *body)
{
    revision_in(body)->envelope.len--;
}
static void emptied_revision(ProtobufCMessage *body)
{
    Alcove__PageEntry *entry = revision_in(body);
    entry->wrap.len = 0;
    entry->envelope.len = 0;
}
static void other_object(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    for (size_t i = 0; i < chunk->n_entry; i++) {
        if (chunk->entry[i]->kind != ENTRY_REVISION) {
            flip(&chunk->entry[i]->object);
            return;
        }
    }
    fail_msg("no statement in this chunk");
}
static void unknown_kind(ProtobufCMessage *body)
{
    AS(PageChunk, body)->entry[0]->kind = 9;
}
static void early_end(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    chunk->n_entry = 0;
    chunk->last = true;
}

static struct lie lies[] = {
    {"other practice", FRAME_HELLO + 1000, STATUS_BAD_CHAIN, other_practice, false},
    {"other login key", FRAME_HELLO + 1000, STATUS_WRONG_KEY, other_login_key, false},
    {"forged checkpoint", FRAME_HELLO + 1000, STATUS_OK, forged_checkpoint, false},
    {"forged login reply", FRAME_LOGIN_REPLY + 1000, STATUS_BAD_SIGNATURE, forged_login_reply,
     false},
    {"forged consistency", FRAME_LOGIN_REPLY + 1000, STATUS_BAD_PROOF, forged_login_consistency,
     false},
    {"short consistency", FRAME_LOGIN_REPLY + 1000, STATUS_BAD_PROOF, short_login_consistency,
     false},
    {"changed leaf", OP_LEAVES, STATUS_BAD_PROOF, changed_leaf, false},
    {"missing leaf", OP_LEAVES, STATUS_OK, missing_leaf, false},
    {"moved leaves", OP_LEAVES, STATUS_BAD_PROOF, moved_leaves, false},
    {"withheld statement", OP_CHAIN, STATUS_BAD_CHAIN, withheld_statement, false},
    {"changed statement", OP_CHAIN, STATUS_OK, changed_statement, false},
    {"changed time", OP_CHAIN, STATUS_BAD_PROOF, changed_statement_time, false},
    {"changed opening", OP_CHAIN, STATUS_BAD_PROOF, changed_statement_opening, false},
    {"moved statement", OP_CHAIN, STATUS_OK, moved_statement, false},
    {"shrunk section", OP_STATE, STATUS_REWOUND, hidden_section, false},
    {"forged advance", OP_CHECKPOINT, STATUS_BAD_PROOF, forged_advance, false},
    {"other range", OP_PAGE, STATUS_BAD_PROOF, page_other_range, false},
    {"other head", OP_PAGE, STATUS_EQUIVOCATION, page_other_head, false},
    {"bad inclusion", OP_PAGE, STATUS_BAD_PROOF, page_bad_inclusion, false},
    {"changed event", OP_PAGE, STATUS_BAD_PROOF, page_changed_event, false},
    {"no target", OP_PAGE, STATUS_BAD_PROOF, page_no_target, false},
    {"no proof", OP_PAGE, STATUS_MALFORMED, page_no_proof, false},
    {"old checkpoint", OP_PAGE, STATUS_OK, page_old_checkpoint, false},
    {"dropped entry", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, dropped_entry, false},
    {"renumbered entry", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, renumbered_entry, false},
    {"doubled entry", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, doubled_entry, false},
    {"swapped entries", FRAME_CHUNK + 1000, STATUS_OK, swapped_entries, false},
    {"changed context", FRAME_CHUNK + 1000, STATUS_OK, changed_context, false},
    {"changed header", FRAME_CHUNK + 1000, STATUS_OK, changed_header, false},
    {"changed signature", FRAME_CHUNK + 1000, STATUS_OK, changed_signature, false},
    {"changed envelope", FRAME_CHUNK + 1000, STATUS_CORRUPT, changed_envelope, false},
    {"cut envelope", FRAME_CHUNK + 1000, STATUS_CORRUPT, cut_envelope, false},
    {"emptied revision", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, emptied_revision, false},
    {"other object", FRAME_CHUNK + 1000, STATUS_OK, other_object, false},
    {"unknown kind", FRAME_CHUNK + 1000, STATUS_MALFORMED, unknown_kind, false},
    {"early end", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, early_end, false},
};

struct lie *lies_all(size_t *out_count)
{
    *out_count = ARRAY_LEN(lies);
    return lies;
}
