// A profile in a file: what a device keeps between two runs. Not sealed under a passphrase as a real
// one must be (KEYS.md): this client is for tests.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const pack = (_, value) => (value?.type === 'Buffer' ? `hex:${Buffer.from(value.data).toString('hex')}` : value);
const unpack = (_, value) => (typeof value === 'string' && value.startsWith('hex:') ? Buffer.from(value.slice(4), 'hex') : value);

export const toText = (value) => JSON.stringify(value, pack);
export const fromText = (text) => JSON.parse(text, unpack);
export const load = (path) => fromText(readFileSync(path, 'utf8'));
export function save(path, value) {
    writeFileSync(`${path}.new`, toText(value), { mode: 0o600 });
    renameSync(`${path}.new`, path);
}
