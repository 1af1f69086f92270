// Reads the power-cut shim's journal (journal.h) and rebuilds what the disk
// would hold had the power gone at any point of it.
//
// The model. A write is on the disk when a sync of its file that *began* after
// the write returned has itself returned; a write through O_DSYNC when it
// returned. A new file's name is there after a sync of the file or of its
// folder, as on ext4; a rename or a removal only after a sync of the folder.
// Everything else is lost (`before`, `after`) or, page by page, kept or lost
// by chance (`torn`), as a drive with a cache may do.
//
//   node power_cut.mjs list JOURNAL
//   node power_cut.mjs copy JOURNAL BASE OUT ORDINAL before|after|torn [SEED]
//   node power_cut.mjs check JOURNAL BASE DIR      did anything write past the shim?
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const HEAD_BYTES = 4096;
const ENTRY_BYTES = 40;
const USED_AT = 24; // offset of journal_head.used
const MAGIC = 0x314c4a41;
const PAGE = 4096;

export const kinds = ['', 'process', 'open', 'write', 'truncate', 'begin', 'end', 'rename', 'unlink',
  'link', 'reply', 'request', 'output', 'cut', 'mkdir'];

export function readJournal(file) {
  const fd = fs.openSync(file, 'r');
  const head = Buffer.alloc(HEAD_BYTES);
  fs.readSync(fd, head, 0, HEAD_BYTES, 0);
  if (head.readUInt32LE(0) !== MAGIC) throw new Error(`${file} is no journal`);
  const used = Number(head.readBigUInt64LE(USED_AT));
  const bytes = Buffer.alloc(used);
  for (let at = 0; at < used;) {
    const got = fs.readSync(fd, bytes, at, Math.min(used - at, 1 << 30), at);
    if (got === 0) throw new Error(`${file} is shorter than it says`);
    at += got;
  }
  fs.closeSync(fd);
  const entries = [];
  for (let at = HEAD_BYTES; at < used;) {
    const size = bytes.readUInt32LE(at + 12);
    const value = bytes.readBigUInt64LE(at + 32);
    entries.push({
      kind: kinds[bytes.readUInt32LE(at)],
      pid: bytes.readUInt32LE(at + 4),
      thread: bytes.readUInt32LE(at + 8),
      sequence: at,
      id: bytes.readBigUInt64LE(at + 24),
      value: Number(value & 0x7fffffffffffffffn),
      ownBytesOnly: (value >> 63n) === 1n,
      data: bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + size),
    });
    at += ENTRY_BYTES + ((size + 7) & ~7);
  }
  return entries;
}

const BLOCK = 65536;
const ZEROS = Buffer.alloc(BLOCK);

// A file's bytes, and which of its blocks hold anything: databases are mostly holes.
class Content {
  constructor(bytes = Buffer.alloc(0)) {
    this.room = bytes;
    this.size = bytes.length;
    this.blocks = new Set();
    for (let at = 0; at < this.size; at += BLOCK) {
      const block = bytes.subarray(at, Math.min(at + BLOCK, this.size));
      if (!block.equals(ZEROS.subarray(0, block.length))) this.blocks.add(at / BLOCK);
    }
  }

  copy() { return new Content(Buffer.from(this.bytes())); }

  bytes() { return this.room.subarray(0, this.size); }

  resize(size) {
    if (size > this.room.length) {
      const room = Buffer.alloc(Math.max(size, this.room.length * 2, PAGE));
      this.bytes().copy(room);
      this.room = room;
    }
    if (size < this.size) this.room.fill(0, size, this.size);
    this.size = size;
  }

  apply(change) {
    if (change.truncate !== undefined) {
      this.resize(change.truncate);
      return;
    }
    const end = change.offset + change.data.length;
    if (end > this.size) this.resize(end);
    change.data.copy(this.room, change.offset);
    for (let at = Math.floor(change.offset / BLOCK); at * BLOCK < end; at += 1) this.blocks.add(at);
  }

  save(file, patches) {
    const fd = fs.openSync(file, 'w', 0o600);
    for (const block of this.blocks) {
      const from = block * BLOCK;
      const to = Math.min(from + BLOCK, this.size);
      if (from < to) fs.writeSync(fd, this.room, from, to - from, from);
    }
    fs.ftruncateSync(fd, this.size);
    for (const patch of patches) {
      if (patch.truncate !== undefined) fs.ftruncateSync(fd, patch.truncate);
      else fs.writeSync(fd, patch.data, 0, patch.data.length, patch.offset);
    }
    fs.closeSync(fd);
  }
}

// Small, seeded, and good enough to pick pages.
function randomBits(seed) {
  let state = (seed >>> 0) || 1;
  return () => {
    state ^= state << 13; state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5; state >>>= 0;
    return state;
  };
}

function* pagesOf(change) {
  if (change.truncate !== undefined) {
    yield change;
    return;
  }
  for (let at = 0; at < change.data.length;) {
    const offset = change.offset + at;
    const end = Math.min(change.data.length, at + PAGE - (offset % PAGE));
    yield { offset, data: change.data.subarray(at, end), done: change.done };
    at = end;
  }
}

const parentOf = (name) => path.posix.dirname(name);
const isUnder = (name, folder) => name === folder || name.startsWith(`${folder}/`);

export class Disk {
  // `strictNames`: a new file's name survives only a sync of its folder.
  constructor(base, { strictNames = false } = {}) {
    this.strictNames = strictNames;
    this.files = new Map();
    this.names = new Map();   // as the programs see them
    this.durable = new Map(); // as the disk would tell them
    this.folders = new Set(['.']);
    this.folderIds = new Map();
    this.changes = []; // of names, not yet durable
    this.openDsync = new Map();
    if (base) this.load(base, '.');
  }

  load(base, folder) {
    for (const item of fs.readdirSync(path.join(base, folder), { withFileTypes: true })) {
      const name = path.posix.join(folder, item.name);
      if (item.isDirectory()) {
        this.folders.add(name);
        this.load(base, name);
      } else if (item.isFile()) {
        const bytes = fs.readFileSync(path.join(base, name));
        this.files.set(`base:${name}`, { content: new Content(bytes), pending: [] });
        this.names.set(name, `base:${name}`);
        this.durable.set(name, `base:${name}`);
      }
    }
  }

  opened(entry) {
    const name = entry.data.toString();
    if (entry.value & 2) {
      this.folderIds.set(entry.id, name);
      this.folders.add(name);
      return;
    }
    if (entry.value & 1) {
      this.files.set(entry.id, { content: new Content(), pending: [] });
      this.names.set(name, entry.id);
      this.changes.push({ what: 'link', name, id: entry.id, sequence: entry.sequence });
      return;
    }
    const known = this.names.get(name);
    if (known === undefined) throw new Error(`${name} was opened but never made under the shim`);
    if (known !== entry.id) { // first met here: from its name in the base to its number
      this.files.set(entry.id, this.files.get(known));
      for (const map of [this.names, this.durable]) {
        for (const [other, id] of map) if (id === known) map.set(other, entry.id);
      }
      for (const change of this.changes) if (change.id === known) change.id = entry.id;
    }
  }

  file(id) {
    const file = this.files.get(id);
    if (!file) throw new Error(`a file was written that was never opened under the shim`);
    return file;
  }

  step(entry) {
    const thread = `${entry.pid}:${entry.thread}`;
    switch (entry.kind) {
      case 'open': this.opened(entry); break;
      case 'mkdir': this.folders.add(entry.data.toString()); break;
      case 'write':
        this.file(entry.id).pending.push({ offset: entry.value, data: entry.data,
          sequence: entry.sequence, dsync: this.openDsync.get(thread) });
        break;
      case 'truncate':
        this.file(entry.id).pending.push({ truncate: entry.value, sequence: entry.sequence });
        break;
      case 'begin':
        (this.begun ??= new Map()).set(entry.value, entry.sequence);
        if (entry.ownBytesOnly) this.openDsync.set(thread, entry.value);
        break;
      case 'end': this.synced(entry, thread); break;
      case 'rename': this.renamed(entry); break;
      case 'link':
        this.names.set(entry.data.toString(), entry.id);
        this.changes.push({ what: 'link', name: entry.data.toString(), id: entry.id,
          sequence: entry.sequence });
        break;
      case 'unlink':
        this.names.delete(entry.data.toString());
        this.folders.delete(entry.data.toString());
        this.changes.push({ what: 'unlink', name: entry.data.toString(), sequence: entry.sequence });
        break;
      default: break;
    }
  }

  renamed(entry) {
    const [from, to] = entry.data.toString().split('\0');
    for (const [name, id] of [...this.names]) {
      if (isUnder(name, from)) {
        this.names.delete(name);
        this.names.set(to + name.slice(from.length), id);
      }
    }
    if (this.folders.delete(from)) this.folders.add(to);
    this.changes.push({ what: 'rename', from, name: to, sequence: entry.sequence });
  }

  synced(entry, thread) {
    const began = this.begun.get(entry.value);
    if (entry.ownBytesOnly) {
      this.openDsync.delete(thread);
      const file = this.file(entry.id);
      for (const change of file.pending) {
        if (change.dsync === entry.value) {
          file.content.apply(change);
          change.done = true; // kept in line: an older pending write must not cover it later
        }
      }
      while (file.pending.length > 0 && file.pending[0].done) file.pending.shift();
      return;
    }
    if (this.folderIds.has(entry.id)) {
      const folder = this.folderIds.get(entry.id);
      this.settle((change) => change.sequence < began && parentOf(change.name) === folder);
      return;
    }
    const file = this.file(entry.id);
    const later = [];
    for (const change of file.pending) {
      if (change.sequence < began) file.content.apply(change);
      else later.push(change);
    }
    file.pending = later;
    if (!this.strictNames) {
      this.settle((change) => change.sequence < began && change.what === 'link'
        && change.id === entry.id);
    }
  }

  settle(isDue) {
    const later = [];
    for (const change of this.changes) {
      if (!isDue(change)) {
        later.push(change);
      } else if (change.what === 'link') {
        this.durable.set(change.name, change.id);
      } else if (change.what === 'unlink') {
        this.durable.delete(change.name);
      } else {
        for (const [name, id] of [...this.durable]) {
          if (isUnder(name, change.from)) {
            this.durable.delete(name);
            this.durable.set(change.name + name.slice(change.from.length), id);
          }
        }
      }
    }
    this.changes = later;
  }

  // Writes the surviving directory to `out`, which is emptied first.
  write(out, { torn = false, seed = 1 } = {}) {
    const pick = randomBits(seed);
    fs.rmSync(out, { recursive: true, force: true });
    fs.mkdirSync(out, { recursive: true, mode: 0o700 });
    for (const folder of this.folders) {
      fs.mkdirSync(path.join(out, folder), { recursive: true, mode: 0o700 });
    }
    for (const [name, id] of this.durable) {
      const { content, pending } = this.files.get(id);
      const patches = [];
      for (const change of torn ? pending : []) {
        for (const page of pagesOf(change)) if (page.done || pick() & 64) patches.push(page);
      }
      fs.mkdirSync(path.join(out, parentOf(name)), { recursive: true, mode: 0o700 });
      content.save(path.join(out, name), patches);
    }
  }

  // What the programs themselves see now: every change applied.
  seen(name) {
    const file = this.files.get(this.names.get(name));
    const content = file.content.copy();
    for (const change of file.pending) content.apply(change);
    return content.bytes();
  }
}

// Every cut point: before, torn and after each sync, then once the end, as {ordinal, when, at,
// disk, write(out, seed)}. `at` is the number of entries that came before the cut. What is yielded
// is valid until the next one.
export function* cutsOf(entries, base, options) {
  const disk = new Disk(base, options);
  const cut = (ordinal, when, at) => ({ ordinal, when, at, disk,
    write: (out, seed = ordinal) => disk.write(out, { torn: when === 'torn', seed }) });
  let last = 0;
  for (let at = 0; at < entries.length; at += 1) {
    const entry = entries[at];
    if (entry.kind === 'end') {
      last = entry.value;
      yield cut(last, 'before', at);
      yield cut(last, 'torn', at);
    }
    disk.step(entry);
    if (entry.kind === 'end') yield cut(last, 'after', at + 1);
  }
  yield cut(last, 'end', entries.length);
}

// Files whose bytes in the live directory are not what the journal says; LMDB's lock file, a
// shared map that nothing relies on after a restart, is left out.
export function unseenWrites(entries, base, dir) {
  const disk = new Disk(base);
  for (const entry of entries) disk.step(entry);
  const wrong = [];
  const live = new Disk(dir);
  for (const name of new Set([...disk.names.keys(), ...live.names.keys()])) {
    if (path.posix.basename(name) === 'lock.mdb') continue;
    if (!disk.names.has(name) || !live.names.has(name)
      || Buffer.compare(disk.seen(name), live.seen(name)) !== 0) wrong.push(name);
  }
  return wrong;
}

function main([command, journal, ...rest]) {
  const entries = readJournal(journal);
  if (command === 'list') {
    for (const entry of entries) {
      const text = ['open', 'rename', 'unlink', 'process', 'link', 'mkdir'].includes(entry.kind)
        ? JSON.stringify(entry.data.toString()) : `${entry.data.length} bytes`;
      console.log(`${entry.pid}:${entry.thread} ${entry.kind} ${entry.id} ${entry.value}`
        + `${entry.ownBytesOnly ? ' own' : ''} ${text}`);
    }
  } else if (command === 'copy') {
    const [base, out, ordinal, when, seed] = rest;
    let done = false;
    for (const cut of cutsOf(entries, base)) {
      if (cut.when === when && cut.ordinal === Number(ordinal)) {
        cut.write(out, Number(seed ?? ordinal));
        done = true;
      } else if (!done && cut.when === 'end') { // the shim cut before this sync returned
        cut.disk.write(out, { torn: when === 'torn', seed: Number(seed ?? ordinal) });
      }
    }
  } else if (command === 'check') {
    const wrong = unseenWrites(entries, rest[0], rest[1]);
    for (const name of wrong) console.log(`written past the shim: ${name}`);
    process.exitCode = wrong.length > 0 ? 1 : 0;
  } else {
    console.error('usage: power_cut.mjs list|copy|check JOURNAL …');
    process.exitCode = 2;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv.slice(2));
