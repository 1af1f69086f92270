// node tests/lint/fields.mjs PROTO TABLE PROTOCOL TESTS: each field of the schema stands in the table
// once, with a test of the list TESTS or a script that is there, or as "nobody"; those stand in
// PROTOCOL.md, section 5.6, and nothing else does. Prints what does not hold.
import { existsSync, readFileSync } from 'node:fs';

const [proto, table, protocol, tests] = process.argv.slice(2).map((path) => readFileSync(path, 'utf8'));
const WHO = ['server', 'reader', 'newcomer', 'owner', 'asker', 'form', 'nobody'];
const findings = [];
const find = (text) => findings.push(text);

const fields = new Set();
for (const [, message, body] of proto.replace(/\/\/[^\n]*/g, '').matchAll(/\bmessage (\w+) \{([^}]*)\}/g)) {
    for (const [, field] of body.matchAll(/\b\w+ (\w+) = \d+;/g)) fields.add(`${message}.${field}`);
}
if (fields.size < 300) find('the schema was not understood');
const known = new Set(tests.split(/\s+/));
const rows = new Map(), words = new Set();
table.split('\n').forEach((line, i) => {
    if (line === '' || line.startsWith('#')) return;
    const parts = line.split(' | ');
    if (parts.length !== 4) { find(`line ${i + 1}: not MESSAGE | FIELDS | WHO | TEST`); return; }
    const [message, names, who, test] = parts;
    const nobody = who === 'nobody';
    if (!who.split(', ').every((one) => WHO.includes(one)) || (nobody !== (test === '-'))) find(`line ${i + 1}: ${who}, ${test}`);
    if (!nobody && !(test.endsWith('.sh') ? existsSync(test) : known.has(test))) find(`line ${i + 1}: there is no test ${test}`);
    for (const name of names.split(' ')) {
        const field = `${message}.${name}`;
        if (!fields.has(field)) find(`line ${i + 1}: the schema has no ${field}`);
        if (rows.has(field)) find(`${field} stands twice`);
        rows.set(field, who);
        if (nobody) words.add(field);
    }
});
for (const field of fields) if (!rows.has(field)) find(`${field}: nobody said who checks it`);
const section = /\n### 5\.6 [^\n]*\n([^]*?)\n## /.exec(protocol)?.[1] ?? '';
const said = new Set();
for (const [, message, names] of section.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)) {
    for (const [, name] of names.matchAll(/`(\w+)`/g)) said.add(`${message}.${name}`);
}
for (const field of words) if (!said.has(field)) find(`PROTOCOL.md, 5.6 lacks ${field}, which nobody checks`);
for (const field of said) if (!words.has(field)) find(`PROTOCOL.md, 5.6 names ${field}, which somebody checks`);
findings.forEach((text) => console.log(text));
console.log(`${fields.size} fields, ${words.size} of them the sender's word`);
process.exitCode = findings.length > 0 ? 1 : 0;
