// Prints leaf.txt: the leaves of both logs, section heads, statement and identity hashes and the
// logs' names, from their layout in keys/public/log/leaf.h and statement.h and none of the C code.
//
//   node tests/vectors/leaf.mjs > tests/vectors/leaf.txt
import { createHash } from 'node:crypto';

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const u16 = (value) => Buffer.from([value >> 8, value & 0xff]);
const u64 = (value) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(value)); return b; };
const bytes = (size, first) => Buffer.from(Array.from({ length: size }, (_, i) => (first + i) & 0xff));

const practice = bytes(32, 0x00);
const opening = bytes(32, 0x20);
const label = bytes(32, 0x40);
const object = bytes(32, 0x60);
const previous = bytes(32, 0x80);
const key = bytes(32, 0xa0);
const open = Buffer.from('open part');
const target = Buffer.from('target part');
const restricted = Buffer.from('restricted part');
const statement = Buffer.from('the bytes of a statement');
const time = 1700000000000;

const framed = (name, ...body) => sha256(Buffer.from(`\0${name}\0`), u16(1), practice, ...body);
const targetHash = framed('event-target', opening, target);
const restrictedHash = framed('event-restricted', opening, restricted);
const commitment = framed('statement-leaf', opening, u64(time), statement);
const hex = practice.subarray(0, 16).toString('hex');

const record = (name, fields) => console.log(`\n[${name}]\n${Object.entries(fields)
    .map(([k, v]) => `${k} = ${Buffer.isBuffer(v) ? v.toString('hex') : v}`).join('\n')}`);
console.log('# Leaves, section heads and log names.');
console.log('# Source: keys/public/log/leaf.h and statement.h, computed by leaf.mjs with Node.js. A change here is a');
console.log('# change of a format that is already in logs.');
record('inputs', { practice, opening, label, object, previous, key, open, target, restricted, statement, time });
record('event', { target_hash: targetHash, restricted_hash: restrictedHash,
    leaf_hash: sha256(Buffer.from([0]), open, targetHash, restrictedHash) });
record('statement', { type: 21, number: 7, commitment,
    leaf: Buffer.concat([u16(1), u16(21), label, u64(7), commitment, Buffer.alloc(4)]) });
record('section head', { number: 9, kind: 2, head: framed('section-head', previous, u64(9), u16(2), object) });
record('section times', { number: 9, time, times: framed('section-times', previous, u64(9), u64(time)) });
record('hashes', { statement_hash: framed('statement', statement), identity_hash: framed('identity', key),
    practice_id: sha256(statement) });
record('origins', { statements: `alcove.invalid/${hex}/statements`, events: `alcove.invalid/${hex}/events` });
