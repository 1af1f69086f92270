// Adds to frame.txt a record for each label of keys/public/label.h that has none yet, computed
// without any of the project's C code. Records that are there are never changed: they are frozen.
//
//   node tests/vectors/frame.mjs
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';

const here = new URL('.', import.meta.url);
const header = readFileSync(new URL('../../keys/public/label.h', here), 'utf8');
const file = new URL('frame.txt', here);
const present = readFileSync(file, 'utf8');
const practice = Buffer.from(Array.from({ length: 32 }, (_, i) => i));

for (const [, label] of header.matchAll(/X\([A-Z_]+,\s*"([a-z-]+)"\)/g)) {
    if (present.includes(`\n[${label}]\n`)) {
        continue;
    }
    const hash = createHash('sha256');
    hash.update(Buffer.concat([Buffer.from(`\0${label}\0`), Buffer.from([0x00, 0x01]), practice]));
    hash.update('alcove');
    appendFileSync(file, `\n[${label}]\nlabel = ${label}\nhash = ${hash.digest('hex')}\n`);
    console.log(`added ${label}`);
}
