// Goal: the independent verifier accepts what the C code exports, and refuses it once anything in
// it is changed. Method: sizes around the widths of tiles; then, for a small export, flip a byte
// of each file, cut each file, remove each file, add one, and ask with another key.
//
//   node verify-tiles-test.mjs TILES_SAMPLE
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath, exit } from 'node:process';
import { fileURLToPath } from 'node:url';

import { parseVkey, verifyFolder } from './verify-tiles.mjs';

const [sample] = argv.slice(2);
const verifier = fileURLToPath(new URL('verify-tiles.mjs', import.meta.url));
let failures = 0;
let checks = 0;
const expect = (want, got, what) => {
    checks++;
    if (want !== got) {
        failures++;
        console.error(`FAIL ${what}: expected ${want}, got ${got}`);
    }
};
const run = (program, ...args) => spawnSync(program, args, { encoding: 'utf8' });
const asProgram = (folder, ...keys) => run(execPath, verifier, folder, ...keys).status;
const verify = (folder, vkey, ...witnesses) => {
    try {
        verifyFolder(folder, parseVkey(vkey), witnesses.map(parseVkey));
        return 0;
    } catch {
        return 1;
    }
};
const filesBelow = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
});
const withExport = (size, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'alcove-tiles-'));
    try {
        const made = run(sample, folder, String(size));
        expect(0, made.status, `export of size ${size}`);
        use(folder, made.stdout.trim());
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
};

for (const size of [0, 1, 255, 256, 257, 70000]) {
    withExport(size, (folder, vkey) => expect(0, verify(folder, vkey), `size ${size}`));
}

withExport(515, (folder, vkey) => {
    for (const path of filesBelow(folder)) {
        const good = readFileSync(path);
        for (const at of [0, Math.floor(good.length / 2), good.length - 1]) {
            const bad = Buffer.from(good);
            bad[at] ^= 0x01;
            writeFileSync(path, bad);
            expect(1, verify(folder, vkey), `${path} with byte ${at} flipped`);
        }
        writeFileSync(path, good.subarray(0, good.length - 1));
        expect(1, verify(folder, vkey), `${path} cut by one byte`);
        writeFileSync(path, Buffer.concat([good, Buffer.from([0])]));
        expect(1, verify(folder, vkey), `${path} with a byte more`);
        rmSync(path);
        expect(1, verify(folder, vkey), `${path} removed`);
        writeFileSync(path, good);
    }
    const extra = join(folder, 'tile', '0', '002.p', '2');
    writeFileSync(extra, '');
    expect(1, verify(folder, vkey), 'a file more');
    rmSync(extra);
    const other = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    expect(1, verify(folder, other), 'another log\'s key');
    expect(1, verify(folder, vkey, other), 'a witness that did not sign');
    expect(1, asProgram(folder, vkey, '--witness', other), 'the same, as a program');
    expect(2, asProgram(folder), 'no key');
    expect(2, asProgram(folder, vkey, other), 'an argument too many');
    expect(0, asProgram(folder, vkey), 'the export as it was');
});
console.log(`${checks} checks, ${failures} failures`);
exit(failures === 0 ? 0 : 1);
