// Writes the corpus of the text and proof targets from the test vectors and from what notes and
// bundles can look like. The same files each time.
//
//   node tests/fuzz/seed.mjs
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const here = new URL('.', import.meta.url);
const put = (target, name, bytes) => {
    const folder = new URL(`corpus/fuzz_${target}/`, here);
    mkdirSync(folder, { recursive: true });
    writeFileSync(new URL(name, folder), bytes);
};
const records = (name) => readFileSync(new URL(`../vectors/${name}`, here), 'utf8')
    .split(/^\[/m).slice(1).map((text) => {
        const lines = text.split('\n').filter((line) => line.includes(' ='));
        return Object.fromEntries([['name', text.slice(0, text.indexOf(']'))],
            ...lines.map((line) => [line.slice(0, line.indexOf(' =')),
                line.slice(line.indexOf(' =') + 3).replaceAll('\\n', '\n')])]);
    });
const u16 = (value) => Buffer.from([value >> 8, value & 0xff]);
const u32 = (value) => Buffer.from([0, 0, value >> 8, value & 0xff]);
const u64 = (value) => { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(value)); return b; };

for (const { name, vkey, note } of records('signed-note.txt')) {
    put('codec', `vkey-${name}`, vkey);
    put('note', name, note);
}
for (const { text, line } of records('cosignature.txt')) {
    put('note', 'checkpoint-text', text);
    put('note', 'cosigned', `${text}\n${line}`);
}
put('note', 'sample-log', `log.example/sample
3
Y2ur3SqG2RMK+yhMwWccJuAIUoMx58iAiP97wY5Re3U=

\u2014 log.example/sample viIqpLqedDpO6BEE3LW6C2885bcx/r+Juj0iADaho/WSIgtVfGpAeBZ9iolL8Gl3ashBZ9ieLNbfj4Wi9F4fkcKlBwo=
`);
put('codec', 'base64', 'Zm9vYmE=');
put('codec', 'hex', '00ff7a80');
put('codec', 'utf8', 'caf\u00e9 \u2014 \u3000 \u{10ffff}');

const merkle = records('merkle.txt');
const rootOf = (size) => Buffer.from(merkle.find((r) => r.root && r.size === String(size)).root, 'hex');
for (const { name, index, old, size, proof } of merkle.filter((record) => record.proof)) {
    // The leaf hashes of the two indexes are the roots of one-leaf trees; only the first is known.
    const from = old === undefined ? rootOf(1) : rootOf(old);
    put('merkle', name.replaceAll(' ', '-'),
        Buffer.concat([u64(index ?? old), u64(size), from, rootOf(size), Buffer.from(proof, 'hex')]));
}
put('merkle', 'equal-sizes', Buffer.concat([u64(8), u64(8), rootOf(8), rootOf(8)]));
put('merkle', 'one-leaf', Buffer.concat([u64(0), u64(1), rootOf(1), rootOf(1)]));

const entry = (text) => Buffer.concat([u16(text.length), Buffer.from(text)]);
const frame = (text) => Buffer.concat([u32(text.length), Buffer.from(text)]);
put('bundle', 'entries', Buffer.concat([entry('one'), entry(''), entry('three')]));
put('bundle', 'frames', Buffer.concat([frame('one'), frame('two and more'), frame('x')]));

// Practices for fuzz_authority, in steps of six bytes (tests/fuzz/world.h). Members: 0 admin,
// 1 and 2 therapists, 3 client, 4 auditor, 5 another client. Types as in proto/alcove.proto.
const ROOT = 0x80;
const step = (type, signer = 0, subject = 0, section = 0, value = 0, option = 0) =>
    [type, signer, subject, section, value, option];
const join = (member, role, by) => [step(4, by, member, 0, role), step(5, 0, member)];
// One byte holds both: staff is value / 8, kind is value % 6.
const relate = (client, therapist, kind) => step(9, 0, client, 0,
    Array.from({ length: 8 }, (_, i) => 8 * therapist + i).find((value) => value % 6 === kind));
const founding = [step(1, ROOT), step(2, ROOT, 0, 0, 1), step(3, ROOT, 0, 0, 7),
    ...join(0, 4, ROOT), ...join(4, 3, ROOT), ...join(1, 1, 0), ...join(2, 1, 0),
    step(8, 0, 1), ...join(3, 2, 1)];
const charted = [...founding, relate(3, 1, 1),
    step(20, 1, 3, 0, 1), step(23, 1, 0, 0), // process
    step(20, 1, 3, 1, 4), step(21, 1, 3, 1, 3), step(23, 1, 0, 1), // shared with the client
    step(20, 3, 3, 2, 5), step(23, 3, 0, 2)]; // journal
const put_steps = (name, steps) => put('authority', name, Buffer.from(steps.flat()));
put_steps('founding', founding);
put_steps('charted', charted);
put_steps('devices', [...charted, step(6, 0, 3, 0, 1), step(24, 3, 0, 1, 0), step(23, 3, 0, 1),
    step(7, 3, 3, 0, 0, 2), step(23, 3, 0, 1), step(23, 1, 0, 1)]);
put_steps('leaving', [...charted, step(10, 0, 3), step(23, 1, 0, 0), step(11, 0, 1),
    step(23, 3, 0, 1), step(12, 0, 1), step(11, 0, 3), step(23, 1, 0, 1)]);
put_steps('cover', [...charted, relate(3, 2, 4), step(21, 1, 2, 1, 3, 8), step(23, 2, 0, 1),
    step(63, 0, 0, 0, 30), step(23, 3, 0, 1), step(25, 3, 0, 1)]);
put_steps('refusals', [...charted, ...join(3, 2, 1), step(23, 1, 0, 1, 0, 4),
    step(23, 1, 0, 1, 0, 1), step(21, 0, 4, 0, 7), step(21, 1, 0, 1, 7), step(22, 1, 0, 1, 0),
    step(20, 0, 0, 3, 7), step(23, 0, 0, 3), step(21, 0, 1, 3, 1), step(23, 0, 0, 3)]);

// A cached timeline of section 1 at number 2, with one device and three heads; and the last number
// that there is, where a careless loop over heads would never end.
const hash = (byte) => Buffer.alloc(32, byte);
const timeline = (number, from) => Buffer.concat([u16(1), Buffer.alloc(16, 1), u64(number), hash(7),
    u64(0), u64(3), u64(9), u64(1700000000000), u64(from), u32(1), hash(4), u64(5), hash(6), hash(5),
    hash(6), hash(7)]);
put('timeline', 'short', timeline(2, 0));
put('timeline', 'last-number', timeline(2n ** 64n - 1n, 2n ** 64n - 1n));
// A request of alcoved and a reply of alcove-signer.
const oneLog = (from, to, hashes) => Buffer.concat([u64(from), u64(to), hash(to),
    Buffer.from([hashes]), Buffer.alloc(32 * hashes, 8)]);
put('signer', 'request', Buffer.concat([Buffer.from([1]), hash(1), oneLog(3, 5, 3), oneLog(0, 1, 0)]));
put('signer', 'refusal', Buffer.concat([Buffer.from([1, 2]), u64(4), u16(0), u64(9), u16(0)]));
put('signer', 'full', Buffer.concat([Buffer.from([1, 6]), u64(4), u16(0), u64(9), u16(0)]));
const state = Buffer.concat([Buffer.from('ALS\x02'), u64(7), Buffer.from([1]), hash(1), u64(4), hash(2),
    u64(9), hash(3)]);
put('signer', 'state', Buffer.concat([state, createHash('sha256').update(state).digest()]));
put('signer', 'signed', Buffer.concat([Buffer.from([1, 1]), u64(4), u16(5), Buffer.from('note\n'),
    u64(9), u16(6), Buffer.from('other\n')]));
