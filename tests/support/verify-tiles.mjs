// Verifies an exported log without any of the project's code: a second reading of the formats.
//
//   node verify-tiles.mjs FOLDER VKEY [--witness VKEY]...
//
// FOLDER is laid out as c2sp.org/tlog-tiles says: checkpoint, tile/<L>/<N>[.p/<W>] and
// tile/entries/<N>[.p/<W>]. VKEY is the log's key. The root is recomputed from the entries alone;
// every tile must hold exactly the hashes that follow from them; the checkpoint must be signed by
// the log and by each witness named. Only Node.js and its own modules (18 or later).
import { createHash, createPublicKey, verify } from 'node:crypto';
import { isSmallOrder } from './small_order.mjs';
import { readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath } from 'node:url';

const WIDTH = 256;
const sha256 = (...parts) => {
    const hash = createHash('sha256');
    parts.forEach((part) => hash.update(part));
    return hash.digest();
};
const leafHash = (entry) => sha256(Buffer.from([0]), entry);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);

class Refused extends Error {}
const demand = (good, why) => {
    if (!good) {
        throw new Refused(why);
    }
};

const base64 = (text) => {
    const bytes = Buffer.from(text, 'base64');
    demand(bytes.toString('base64') === text, `not canonical base64: ${text}`);
    return bytes;
};

// name+hex(key id)+base64(type, key) of c2sp.org/signed-note.
export const parseVkey = (vkey) => {
    const parts = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
    demand(parts, `not a vkey: ${vkey}`);
    const [, name, id, text] = parts;
    const material = base64(text);
    demand(material.length === 33 && [1, 4].includes(material[0]), `unknown kind of key: ${name}`);
    demand(sha256(`${name}\n`, material).subarray(0, 4).toString('hex') === id,
        `the id is not the key's: ${vkey}`);
    demand(!isSmallOrder(material.subarray(1)), `a key of small order: ${name}`);
    const key = createPublicKey({
        key: { kty: 'OKP', crv: 'Ed25519', x: material.subarray(1).toString('base64url') },
        format: 'jwk',
    });
    return { name, id, type: material[0], key };
};

const splitNote = (note) => {
    demand(!/[\x00-\x09\x0b-\x1f]/.test(note) && note.endsWith('\n'), 'not a note');
    const end = note.lastIndexOf('\n\n');
    demand(end >= 0 && end + 2 < note.length, 'a note without signatures');
    const lines = note.slice(end + 2, -1).split('\n').map((line) => {
        const parts = /^\u2014 ([^+\s]+) (\S+)$/u.exec(line);
        demand(parts, `not a signature line: ${line}`);
        return { name: parts[1], blob: base64(parts[2]) };
    });
    return { text: note.slice(0, end + 1), lines };
};

// True when the key signed; throws when a line of that key does not verify.
const signedBy = ({ text, lines }, { name, id, type, key }) => {
    const own = lines.filter((line) => line.name === name &&
        line.blob.subarray(0, 4).toString('hex') === id);
    for (const { blob } of own) {
        const timed = type === 4;
        demand(blob.length === (timed ? 76 : 68), `a signature of the wrong length: ${name}`);
        const message = timed
            ? `cosignature/v1\ntime ${blob.readBigUInt64BE(4)}\n${text}` : text;
        const signature = blob.subarray(timed ? 12 : 4);
        demand(!isSmallOrder(signature.subarray(0, 32)) && verify(null, Buffer.from(message), key, signature),
            `a signature that does not verify: ${name}`);
    }
    return own.length > 0;
};

const parseCheckpoint = (text) => {
    const parts = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n$/u.exec(text);
    demand(parts, 'not a checkpoint of three lines');
    const root = base64(parts[3]);
    const size = Number(parts[2]);
    demand(root.length === 32 && Number.isSafeInteger(size), 'not a checkpoint');
    return { origin: parts[1], size, root };
};

const tilePath = (folder, index, width) => {
    const groups = [String(index % 1000).padStart(3, '0')];
    for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
        groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
    }
    return `tile/${folder}/${groups.join('/')}${width < WIDTH ? `.p/${width}` : ''}`;
};

// Calls use(index, width) for each full tile of |count| things, then for the partial one.
const eachTile = (count, use) => {
    for (let index = 0; index * WIDTH < count; index++) {
        use(index, Math.min(WIDTH, count - index * WIDTH));
    }
};

const splitBundle = (bundle, width, path) => {
    const entries = [];
    let at = 0;
    for (; entries.length < width; at += 2 + bundle.readUInt16BE(at)) {
        demand(at + 2 <= bundle.length && at + 2 + bundle.readUInt16BE(at) <= bundle.length,
            `${path}: ends within an entry`);
        entries.push(bundle.subarray(at + 2, at + 2 + bundle.readUInt16BE(at)));
    }
    demand(at === bundle.length, `${path}: holds more than ${width} entries`);
    return entries;
};

// Complete subtrees only: an odd last hash is not carried up.
const pairUp = (row) => Array.from({ length: Math.floor(row.length / 2) },
    (_, i) => nodeHash(row[2 * i], row[2 * i + 1]));

// RFC 6962 section 2.1 over leaf hashes, level by level.
const rootOf = (leaves) => {
    let row = leaves;
    while (row.length > 1) {
        row = row.length % 2 ? [...pairUp(row), row[row.length - 1]] : pairUp(row);
    }
    return row.length === 1 ? row[0] : sha256();
};

const filesBelow = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
});

// { origin, size, root }, or throws an error that says what is wrong.
export const verifyFolder = (folder, logKey, witnesses) => {
    const read = (path) => {
        try {
            return readFileSync(join(folder, path));
        } catch {
            throw new Refused(`${path}: cannot be read`);
        }
    };
    const note = splitNote(new TextDecoder('utf-8', { fatal: true }).decode(read('checkpoint')));
    demand(signedBy(note, logKey), `not signed by ${logKey.name}`);
    witnesses.forEach((key) => demand(signedBy(note, key), `not signed by ${key.name}`));
    const { origin, size, root } = parseCheckpoint(note.text);
    demand(origin === logKey.name, `a checkpoint of another log: ${origin}`);

    const expected = new Set();
    const leaves = [];
    eachTile(size, (index, width) => {
        const path = tilePath('entries', index, width);
        expected.add(path);
        splitBundle(read(path), width, path).forEach((entry) => leaves.push(leafHash(entry)));
    });
    demand(rootOf(leaves).equals(root), 'the entries do not give the checkpoint\'s root');

    let row = leaves;
    for (let level = 0; row.length > 0; level++) {
        eachTile(row.length, (index, width) => {
            const path = tilePath(level, index, width);
            expected.add(path);
            demand(read(path).equals(Buffer.concat(row.slice(index * WIDTH, index * WIDTH + width))),
                `${path}: does not follow from the entries`);
        });
        for (let height = 0; height < 8; height++) {
            row = pairUp(row);
        }
    }
    if (statSync(join(folder, 'tile'), { throwIfNoEntry: false })) {
        filesBelow(join(folder, 'tile')).forEach((path) => {
            const name = relative(folder, path).split(sep).join('/');
            demand(expected.has(name), `${name}: belongs to no tree of size ${size}`);
        });
    }
    return { origin, size, root };
};

const main = () => {
    const [folder, vkey, ...rest] = argv.slice(2);
    const named = rest.length % 2 === 0 && rest.every((word, i) => i % 2 || word === '--witness');
    if (!folder || !vkey || !named) {
        console.error('usage: node verify-tiles.mjs FOLDER VKEY [--witness VKEY]...');
        return 2;
    }
    try {
        const witnesses = rest.filter((_, i) => i % 2).map(parseVkey);
        const { origin, size, root } = verifyFolder(folder, parseVkey(vkey), witnesses);
        console.log(`verified ${origin} size ${size} root ${root.toString('hex')}`);
        return 0;
    } catch (error) {
        console.error(`refused: ${error.message}`);
        return 1;
    }
};

if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
    exit(main());
}
