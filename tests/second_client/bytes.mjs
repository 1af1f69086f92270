// Byte strings, and the strict messages of PROTOCOL.md 1.1. The schema is read from alcove.proto and
// the limits from the table in PROTOCOL.md section 9: the documents themselves.
import { readFileSync } from 'node:fs';

const proto = (name) => readFileSync(new URL(`../../proto/${name}`, import.meta.url), 'utf8');

/** Something a client must not go on with. Its message says which check failed. */
export class Stop extends Error {}

/** Stops unless |holds|: every check of the documents goes through here. */
export function must(holds, what) {
    if (!holds) throw new Stop(what);
}

export const none = Buffer.alloc(0);
export const cat = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
export const hex = (bytes) => bytes.toString('hex');
export const unhex = (text) => Buffer.from(text, 'hex');
export const same = (a, b) => Buffer.compare(a, b) === 0;
export const zeros = (size) => Buffer.alloc(size);
export const isZero = (bytes) => bytes.every((byte) => byte === 0);
const big = (size) => (value) => {
    let rest = BigInt(value);
    const out = Buffer.alloc(size);
    for (let i = size - 1; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 255n);
    return out;
};
export const u16 = big(2), u32 = big(4), u64 = big(8);

/** PROTOCOL.md section 9: name to number. */
export const limits = Object.fromEntries([...proto('PROTOCOL.md').matchAll(/^\| `([A-Z_]+)`(?: \*)? \| ([0-9,]+) \|/gm)]
    .map(([, name, value]) => [name, Number(value.replaceAll(',', ''))]));

const schema = proto('alcove.proto').replace(/\/\/.*$/gm, '');
/** Every value of every enum, by its name: numbers.OP_STATE is 10. */
export const numbers = Object.fromEntries([...schema.matchAll(/enum \w+ \{([^}]*)\}/g)]
    .flatMap(([, body]) => [...body.matchAll(/(\w+) = (\d+);/g)].map(([, name, value]) => [name, Number(value)])));
const messages = new Map([...schema.matchAll(/message (\w+) \{([^}]*)\}/g)].map(([, name, body]) => [name,
    [...body.matchAll(/(repeated )?(\w+) (\w+) = (\d+);/g)]
        .map(([, repeated, type, field, number]) => ({ repeated: !!repeated, type, field, number: Number(number) }))
        .sort((a, b) => a.number - b.number)]));

// What may be long, and what may stand often: the rest is small.
const counts = { 'Statement.signature': 'STATEMENT_SIGNATURES_MAX', 'Epoch.start': 'EPOCH_STARTS_MAX',
    'Epoch.seal': 'EPOCH_SEALS_MAX', 'Reseal.start': 'EPOCH_STARTS_MAX', 'Reseal.key': 'RESEAL_KEYS_MAX',
    'Context.parent': 'CONTEXT_PARENTS_MAX', 'Context.attachment': 'CONTEXT_ATTACHMENTS_MAX',
    'NoteBody.tag': 'NOTE_TAGS_MAX', 'NoteBody.field': 'NOTE_FIELDS_MAX', 'Consistency.path': 'PROOF_HASHES_MAX',
    'Advance.consistency': 'PROOF_HASHES_MAX', 'EventProof.inclusion': 'PROOF_HASHES_MAX',
    'ProofReply.inclusion': 'PROOF_HASHES_MAX', 'EventsReply.inclusion': 'PROOF_HASHES_MAX',
    'EventsReply.leaf': 'EVENTS_PER_PAGE_MAX', 'EventLeavesReply.leaf': 'EVENTS_PER_PAGE_MAX',
    'ChainReply.entry': 'CHAIN_PAGE_STATEMENTS_MAX', 'Bundle.statement': 'BUNDLE_STATEMENTS_MAX',
    'PageChunk.entry': 'PAGE_CHUNK_ENTRIES_MAX' };
const sizes = { Statement: 'STATEMENT_BYTES_MAX', Context: 'CONTEXT_BYTES_MAX', Header: 'HEADER_BYTES_MAX',
    NoteBody: 'NOTE_BODY_BYTES_MAX', Bundle: 'BUNDLE_BYTES_MAX', Frame: 'FRAME_BYTES_MAX',
    EventOpen: 'EVENT_PART_BYTES_MAX', EventTarget: 'EVENT_PART_BYTES_MAX', EventRestricted: 'EVENT_PART_BYTES_MAX' };

function varint(value) {
    const out = [];
    let rest = BigInt(value);
    do {
        out.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
        rest >>= 7n;
    } while (rest > 0n);
    return Buffer.from(out);
}

function encodeOne(type, number, value) {
    if (type === 'uint32' || type === 'uint64' || type === 'bool') return cat(varint(number << 3), varint(value === true ? 1 : value));
    const bytes = type === 'bytes' ? value : encode(type, value);
    return cat(varint((number << 3) | 2), varint(bytes.length), bytes);
}

/** The one canonical form. Fields that |message| lacks have the default value. */
export function encode(name, message) {
    const parts = [];
    for (const { repeated, type, field, number } of messages.get(name)) {
        const value = message[field];
        if (value === undefined || value === null) continue;
        if (repeated) parts.push(...value.map((one) => encodeOne(type, number, one)));
        else if (type === 'bytes' ? value.length > 0 : value) parts.push(encodeOne(type, number, value));
    }
    return cat(...parts);
}

/** What a reply's `event` says when the request left none. */
export const NO_EVENT = 2n ** 64n - 1n;

function reader(bytes) {
    let at = 0;
    return {
        done: () => at === bytes.length,
        varint() {
            let value = 0n;
            for (let shift = 0n; ; shift += 7n) {
                must(at < bytes.length && shift < 70n, 'a number is cut off');
                const byte = bytes[at++];
                value |= BigInt(byte & 127) << shift;
                if (byte < 128) break;
            }
            if (value === NO_EVENT) return value;
            must(value <= BigInt(Number.MAX_SAFE_INTEGER), 'a number is larger than this client takes');
            return Number(value);
        },
        take(size) {
            must(size <= bytes.length - at, 'a field is cut off');
            at += size;
            return bytes.subarray(at - size, at);
        },
    };
}

function empty(fields) {
    return Object.fromEntries(fields.map(({ repeated, type, field }) => [field,
        repeated ? [] : type === 'bytes' ? none : type === 'bool' ? false : type.startsWith('uint') ? 0 : null]));
}

function loose(name, bytes) {
    const fields = messages.get(name);
    const out = empty(fields);
    const from = reader(bytes);
    while (!from.done()) {
        const tag = from.varint();
        const known = fields.find((one) => one.number === tag >>> 3);
        must(known, `${name} has an unknown field`);
        const number = known.type.startsWith('uint') || known.type === 'bool';
        must((tag & 7) === (number ? 0 : 2), `${name}.${known.field} has another type`);
        let value = number ? from.varint() : from.take(from.varint());
        if (known.type === 'bool') value = value !== 0;
        else if (!number && known.type !== 'bytes') value = decode(known.type, value);
        if (known.repeated) out[known.field].push(value);
        else out[known.field] = value;
        const most = limits[counts[`${name}.${known.field}`]];
        must(!known.repeated || most === undefined || out[known.field].length <= most, `${name}.${known.field}: too many`);
    }
    return out;
}

/** Strict: known fields alone, and packing again gives the very bytes. */
export function decode(name, bytes) {
    const most = limits[sizes[name]] ?? limits.FRAME_BYTES_MAX;
    must(bytes.length <= most, `${name} is too large`);
    const message = loose(name, bytes);
    must(same(encode(name, message), bytes), `${name} is not in its one form`);
    return message;
}

/** A field of exactly |size| bytes that is not all zero. */
export function field(bytes, size, what) {
    must(bytes.length === size && !isZero(bytes), `${what}: ${bytes.length} bytes, or all zero`);
    return bytes;
}

/** The same, or absent. */
export function maybe(bytes, size, what) {
    return bytes.length === 0 ? bytes : field(bytes, size, what);
}
