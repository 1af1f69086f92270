// Prints what coverage.sh found.   node coverage.mjs TREE GCOV COUNTS
//
// GCOV holds one JSON object a line, as gcov writes them; COUNTS the lines "count KIND NAME" of the runs.
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

const [tree, gcov, counts] = process.argv.slice(2);
const files = new Map(); // path: { lines: Map, functions: Map }

for (const text of readFileSync(gcov, 'utf8').split('\n').filter((line) => line.startsWith('{'))) {
    const report = JSON.parse(text);
    for (const file of report.files) {
        // Sources are named through build/…/inc, which links to the tree.
        const path = relative(tree, resolve(report.current_working_directory, file.file)).replace(/^.*\/inc\/[^/]+\//, '');
        if (!/^(client\/engine|keys|proto|server)\/.*\.c$/.test(path)) {
            continue;
        }
        const known = files.get(path) ?? { lines: new Map(), functions: new Map() };
        files.set(path, known);
        for (const line of file.lines) {
            known.lines.set(line.line_number, (known.lines.get(line.line_number) ?? 0) + line.count);
        }
        for (const one of file.functions) {
            known.functions.set(one.name, (known.functions.get(one.name) ?? 0) + one.execution_count);
        }
    }
}

const rooms = new Map();
for (const [path, file] of files) {
    const room = rooms.get(dirname(path)) ?? { all: 0, ran: 0 };
    rooms.set(dirname(path), room);
    room.all += file.lines.size;
    room.ran += [...file.lines.values()].filter((count) => count > 0).length;
}
const share = (ran, all) => `${String(ran).padStart(5)} of ${String(all).padStart(5)}, ${Math.round((100 * ran) / all)} %`;
console.log('lines by room');
for (const [name, room] of [...rooms].sort()) {
    console.log(`  ${name.padEnd(24)} ${share(room.ran, room.all)}`);
}

// An alarm is where the engine calls alarm_stop and its like.
const alarms = { all: [], ran: 0 };
for (const [path, file] of files) {
    readFileSync(resolve(tree, path), 'utf8').split('\n').forEach((text, at) => {
        if (/\balarm_(stop|stop_at|tell)\(|\bpage_bad\(/.test(text) && /^\s/.test(text) && file.lines.has(at + 1)) {
            const ran = file.lines.get(at + 1) > 0;
            alarms.ran += ran ? 1 : 0;
            alarms.all.push(ran ? null : `${path}:${at + 1}`);
        }
    });
}

const reached = new Map(); // kind: names
for (const [, kind, name] of readFileSync(counts, 'utf8').matchAll(/^count (\S+) (.*)$/gm)) {
    reached.set(kind, (reached.get(kind) ?? new Set()).add(name));
}
const of = (kind) => [...(reached.get(kind) ?? [])];
function table(what, kind) {
    const never = of(`no${kind}`).filter((name) => !reached.get(kind)?.has(name));
    console.log(`${what}: ${of(kind).length} of ${of(kind).length + never.length}${never.length > 0 ? '; never:' : ''}`);
    never.sort().forEach((name) => console.log(`  ${name}`));
}
table('ops', 'op');
table('answers of an honest server', 'answer');
table('cells of the policy table that let somebody in', 'cell');
console.log(`places that raise an alarm: ${alarms.ran} of ${alarms.all.length}; never:`);
alarms.all.filter((place) => place !== null).sort().forEach((place) => console.log(`  ${place}`));
console.log(`alarms: ${of('alarm').length} kinds`);
of('alarm').sort().forEach((name) => console.log(`  ${name}`));
console.log('functions that no seed ran');
for (const [path, file] of [...files].sort()) {
    const never = [...file.functions].filter(([, count]) => count === 0).map(([name]) => name);
    if (never.length > 0) {
        console.log(`  ${path}: ${never.sort().join(', ')}`);
    }
}
