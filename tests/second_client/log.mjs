// Both logs: RFC 6962 trees, checkpoints, leaves, events (PROTOCOL.md sections 2 and 6).
import { cat, decode, field, hex, maybe, must, none, numbers, same, u16, u64 } from './bytes.mjs';
import { framed, sha256, sign, verify } from './crypto.mjs';

export const leafHash = (leaf) => sha256([0], leaf);
const nodeHash = (left, right) => sha256([1], left, right);

/** The root over leaf hashes. */
export function rootOf(hashes) {
    if (hashes.length === 0) return sha256();
    let level = hashes;
    while (level.length > 1) {
        const up = [];
        for (let i = 0; i + 1 < level.length; i += 2) up.push(nodeHash(level[i], level[i + 1]));
        if (level.length % 2 === 1) up.push(level.at(-1));
        level = up;
    }
    return level[0];
}

// What a server gives, for recorded values: RFC 6962, 2.1.1 and 2.1.2.
const split = (n) => { let k = 1; while (2 * k < n) k *= 2; return k; };
export function pathOf(hashes, index) {
    if (hashes.length === 1) return [];
    const k = split(hashes.length), left = hashes.slice(0, k), right = hashes.slice(k);
    return index < k ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - k), rootOf(left)];
}
export function proofBetween(hashes, size, whole = true) {
    if (size === 0 || (whole && size === hashes.length)) return [];
    if (size === hashes.length) return [rootOf(hashes)];
    const k = split(hashes.length), left = hashes.slice(0, k), right = hashes.slice(k);
    return size <= k ? [...proofBetween(left, size, whole), rootOf(right)] : [...proofBetween(right, size - k, false), rootOf(left)];
}

/** RFC 9162, 2.1.3.2. */
export function checkInclusion(hash, index, size, path, root, what) {
    must(index < size, `${what}: beyond the log`);
    let at = index, last = size - 1, found = hash;
    for (const step of path) {
        field(step, 32, what);
        must(last > 0, `${what}: a path that is too long`);
        if (at % 2 === 1 || at === last) {
            found = nodeHash(step, found);
            while (at % 2 === 0 && at !== 0) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
        } else {
            found = nodeHash(found, step);
        }
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
    }
    must(last === 0 && same(found, root), `${what}: not in the log`);
}

/** RFC 9162, 2.1.4.2; |from| and |to| are {size, root}. */
export function checkConsistency(from, to, path, what) {
    must(to.size >= from.size, `${what}: the log is shorter than before`);
    if (from.size === 0 || from.size === to.size) {
        must(path.length === 0 && (from.size === 0 || same(from.root, to.root)), `${what}: another log of this size`);
        return;
    }
    const steps = Number.isInteger(Math.log2(from.size)) ? [from.root, ...path] : [...path];
    must(steps.length > 0, `${what}: no proof`);
    let at = from.size - 1, last = to.size - 1;
    while (at % 2 === 1) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
    let older = steps[0], newer = steps[0];
    for (const step of steps.slice(1)) {
        field(step, 32, what);
        must(last > 0, `${what}: a proof that is too long`);
        if (at % 2 === 1 || at === last) {
            older = nodeHash(step, older);
            newer = nodeHash(step, newer);
            while (at % 2 === 0 && at !== 0) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
        } else {
            newer = nodeHash(newer, step);
        }
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
    }
    must(last === 0 && same(older, from.root) && same(newer, to.root), `${what}: does not continue what was seen`);
}

/** The root of the tree that ends with leaf |index|, from its path in a larger one (5.4). */
export function rootEndingAt(hash, index, size, path) {
    let at = index, last = size - 1, found = hash;
    for (const step of path) {
        if (at % 2 === 1 || at === last) {
            found = nodeHash(step, found);
            while (at % 2 === 0 && at !== 0) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
        }
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
    }
    return found;
}

// ---- checkpoints: C2SP signed notes

export const origin = (practice, log) => `alcove.invalid/${hex(practice.subarray(0, 16))}/${log}`;
const keyId = (name, key) => sha256(`${name}\n`, [1], key).subarray(0, 4);
export function makeCheckpoint(practice, log, size, root, seed, key) {
    const name = origin(practice, log);
    const text = `${name}\n${size}\n${root.toString('base64')}\n`;
    return Buffer.from(`${text}\n\u2014 ${name} ${cat(keyId(name, key), sign(seed, Buffer.from(text))).toString('base64')}\n`);
}
/** Gives {size, root} of a note that one of |keys| signed. */
export function openCheckpoint(note, practice, log, keys) {
    const name = origin(practice, log);
    const whole = note.toString('utf8');
    const cut = whole.lastIndexOf('\n\n');
    must(same(Buffer.from(whole), note) && cut > 0 && whole.endsWith('\n'), `checkpoint of ${log}: not a note`);
    const text = whole.slice(0, cut + 1);
    const [first, size, root, ...rest] = text.split('\n');
    must(first === name && /^(0|[1-9]\d*)$/.test(size) && Number.isSafeInteger(Number(size)) &&
        Buffer.from(root, 'base64').length === 32 && Buffer.from(root, 'base64').toString('base64') === root &&
        rest.length === 1, `checkpoint of ${log}: another text`);
    const lines = whole.slice(cut + 2, -1).split('\n').map((line) => /^\u2014 (\S+) (\S+)$/.exec(line));
    must(lines.every((line) => line), `checkpoint of ${log}: a line that is no signature`);
    let signed = false;
    for (const key of keys) {
        for (const [, by, blob] of lines) {
            const bytes = Buffer.from(blob, 'base64');
            if (by !== name || !same(bytes.subarray(0, 4), keyId(name, key))) continue;
            verify(key, Buffer.from(text), bytes.subarray(4), `checkpoint of ${log}`);
            signed = true;
        }
    }
    must(signed, `checkpoint of ${log}: not signed by the log key`);
    return { size: Number(size), root: Buffer.from(root, 'base64') };
}
/** What an Advance leads to from |from|. */
export function openAdvance(advance, from, practice, log, keys) {
    must(advance, `no checkpoint of ${log}`);
    const to = openCheckpoint(advance.checkpoint, practice, log, keys);
    checkConsistency(from, to, advance.consistency, `checkpoint of ${log}`);
    return to;
}

// ---- leaves

export const statementLeaf = (practice, type, label, number, opening, time, bytes) => cat(u16(1), u16(type), label,
    u64(number), framed('statement-leaf', practice, opening, u64(time), bytes), Buffer.alloc(4));
export function splitStatementLeaf(leaf) {
    must(leaf.length === 80 && same(leaf.subarray(0, 2), u16(1)) && same(leaf.subarray(76), Buffer.alloc(4)), 'a leaf of another form');
    return { type: leaf.readUInt16BE(2), label: leaf.subarray(4, 36), number: Number(leaf.readBigUInt64BE(36)) };
}
const partHash = { target: 'event-target', restricted: 'event-restricted' };
export const eventPartHash = (practice, part, opening, bytes) => framed(partHash[part], practice, opening, bytes);
export const eventLeaf = (open, targetHash, restrictedHash) => cat(open, targetHash, restrictedHash);

/** An EventLeaf as a server gives it: what may be seen of it, each part checked against its hash. */
export function takeEvent(practice, leaf, what) {
    must(leaf, `${what}: no event`);
    field(leaf.target_hash, 32, what);
    field(leaf.restricted_hash, 32, what);
    const event = { seq: leaf.seq, open: decode('EventOpen', leaf.open), target: null, restricted: null,
        leaf: leafHash(eventLeaf(leaf.open, leaf.target_hash, leaf.restricted_hash)) };
    for (const [part, type] of [['target', 'EventTarget'], ['restricted', 'EventRestricted']]) {
        if (leaf[part].length === 0 && leaf[`${part}_opening`].length === 0) continue;
        field(leaf[`${part}_opening`], 32, what);
        must(same(eventPartHash(practice, part, leaf[`${part}_opening`], leaf[part]), leaf[`${part}_hash`]),
            `${what}: the ${part} is not the one in the leaf`);
        event[part] = decode(type, leaf[part]);
    }
    return event;
}

/** Step by step, whether a chart's history has no gap (section 6). */
export class ChartHistory {
    constructor(practice, chart, seen) {
        this.chart = chart;
        this.sections = new Sections(practice);
        this.seen = seen; // highest {number, leaf} met elsewhere, or null
        this.number = 0;
        this.last = none;
        this.met = !seen;
    }

    take(event) {
        const { target } = event;
        must(target && same(target.chart, this.chart), 'the history has an event of another chart');
        must(target.chart_number === this.number + 1, `the history has a gap at ${this.number + 1}`);
        must(same(maybe(target.chart_previous, 32, 'chart_previous'), this.last), `event ${this.number + 1} does not name the one before`);
        this.number++;
        this.last = event.leaf;
        if (this.seen?.number === this.number) {
            must(same(this.seen.leaf, event.leaf), 'the history is another than the one seen before');
            this.met = true;
        }
        this.sections.take(event);
    }

    end() {
        must(this.met, 'the history ends before what was seen of it');
    }
}

/** Numbers, heads and times of each section, for whoever sees all its events. */
class Sections {
    constructor(practice) {
        this.practice = practice;
        this.known = new Map();
    }

    take({ target, open }) {
        if (target.section_number === 0) return;
        const before = this.known.get(hex(target.section)) ?? { number: 0, head: none, times: Buffer.alloc(32) };
        const { section_number: number, section_head: head, section_times: times } = target;
        const next = number === before.number + 1;
        must(next || (number === before.number && same(before.head, head)), 'a section goes back, or has two heads');
        must(same(times, next ? framed('section-times', this.practice, before.times, u64(number), u64(open.time_ms)) : before.times),
            'an entry with another time than that of its event');
        this.known.set(hex(target.section), { number, head, times });
    }
}

/** Running numbers of all charts and sections in the whole log, as an auditor. */
export class WholeLog {
    constructor(practice) {
        this.hashes = [];
        this.time = 0;
        this.charts = new Map();
        this.sections = new Sections(practice);
        this.practice = practice;
    }

    take(event) {
        must(event.seq === this.hashes.length, 'the log has a gap');
        must(event.open.time_ms >= this.time, 'time goes back');
        this.time = event.open.time_ms;
        this.hashes.push(event.leaf);
        const { target } = event;
        must(target && event.restricted, 'an auditor was not shown all');
        if (target.chart_number > 0) {
            const id = hex(target.chart);
            if (!this.charts.has(id)) this.charts.set(id, new ChartHistory(this.practice, target.chart, null));
            this.charts.get(id).take(event);
        }
        this.sections.take(event);
    }
}

/** That an event says: this member was handed this very page. */
export function isReadOf(event, member, section, from, to) {
    const { open, target } = event;
    return same(open.actor, member) && open.action === numbers.ACTION_READ && open.outcome === numbers.OUTCOME_OK &&
        target !== null && same(target.section, section) && target.from === from && target.to === to &&
        target.section_number >= to;
}
