// Flips a bit of a database file of LMDB 0.9 that nobody has open, by own code.
//   node lmdb_flip.mjs FILE TABLE row    the last byte of the newest row of a table
//   node lmdb_flip.mjs FILE TABLE page   in the head of the page in which that row lies
//   node lmdb_flip.mjs FILE - list       in the head of the page with the list of tables
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const [path, table, what] = process.argv.slice(2);
const file = openSync(path, 'r+');
const page = (number, size = 4096) => {
    const bytes = Buffer.alloc(size);
    readSync(file, bytes, 0, size, Number(number) * 4096);
    return bytes;
};
const flip = (at) => {
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    byte[0] ^= 1;
    writeSync(file, byte, 0, 1, at);
};
const rows = (bytes) =>
    Array.from({ length: (bytes.readUInt16LE(12) - 16) / 2 }, (_, i) => {
        const at = bytes.readUInt16LE(16 + 2 * i);
        const key = at + 8;
        const value = key + bytes.readUInt16LE(at + 6);
        return {
            name: bytes.toString('latin1', key, value),
            child: BigInt(bytes.readUInt32LE(at)) + (BigInt(bytes.readUInt16LE(at + 4)) << 32n),
            size: bytes.readUInt32LE(at),
            apart: (bytes.readUInt16LE(at + 4) & 1) !== 0,
            value,
        };
    });

const metas = [page(0), page(1)];
const newest = metas[metas[1].readBigUInt64LE(144) > metas[0].readBigUInt64LE(144) ? 1 : 0];
const list = newest.readBigUInt64LE(16 + 24 + 48 + 40);
if (what === 'list') {
    flip(Number(list) * 4096 + 12);
} else {
    const found = rows(page(list)).find((row) => row.name === table);
    let number = page(list).readBigUInt64LE(found.value + 40);
    while ((page(number).readUInt16LE(10) & 1) !== 0) {
        number = rows(page(number)).at(-1).child;
    }
    const row = rows(page(number)).at(-1);
    if (what === 'page') {
        flip(Number(number) * 4096 + 14);
    } else if (row.apart) {
        flip(Number(page(number).readBigUInt64LE(row.value)) * 4096 + 16 + row.size - 1);
    } else {
        flip(Number(number) * 4096 + row.value + row.size - 1);
    }
}
closeSync(file);
