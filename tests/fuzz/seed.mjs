// Writes the corpus of the text and proof targets from the test vectors and from what notes and
// bundles can look like. The same files each time.
//
//   node tests/fuzz/seed.mjs
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
