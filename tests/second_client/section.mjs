// One section's log, entry by entry (PROTOCOL.md 5.1, 5.3): heads, rights at each number, revisions.
import { decode, encode, field, hex, limits, maybe, must, none, numbers, same, u16, u64, zeros } from './bytes.mjs';
import { frame, framed, openText, sealText, sha256, sign, verify } from './crypto.mjs';

const N = numbers;

export const headAfter = (practice, head, number, kind, object) => framed('section-head', practice, head, u64(number), u16(kind), object);
export const timesAfter = (practice, times, number, time) => framed('section-times', practice, times, u64(number), u64(time));
export const linkOf = (practice, header, signature) => framed('link', practice, header, signature);

export function checkSeen(seen) {
    for (const log of ['statements', 'events']) {
        must((seen[`${log}_size`] === 0) === (maybe(seen[`${log}_root`], 32, 'seen').length === 0), 'a size without its root');
    }
    return seen;
}

/** A Context whose fields fit each other, as 5.1 says. */
export function parseContext(bytes) {
    const context = decode('Context', bytes);
    must(context.class >= 1 && context.class <= 7 && context.kind >= N.REVISION_DRAFT && context.kind <= N.REVISION_TOMBSTONE &&
        context.revision > 0 && context.epoch > 0 && context.device_number > 0 && context.section_number > 0, 'a context of another form');
    field(context.section, 16, 'section');
    field(context.note, 16, 'note');
    field(context.member, 16, 'author');
    field(context.device, 32, 'device');
    field(context.epoch_statement, 32, 'epoch');
    field(context.section_head, 32, 'section_head');
    context.parent.forEach((link) => field(link, 32, 'parent'));
    must((context.class === N.CLASS_DIRECTORY) === (maybe(context.chart, 16, 'chart').length === 0), 'a chart where none can be');
    must((context.revision === 1) === (context.parent.length === 0), 'number and parents do not fit');
    must((context.device_number === 1) === (maybe(context.device_link, 32, 'device_link').length === 0), 'device_link');
    must((context.chart_number === 0) === (maybe(context.chart_leaf, 32, 'chart_leaf').length === 0), 'chart_leaf');
    if (context.seen) checkSeen(context.seen);
    return context;
}

export class Timeline {
    constructor(authority, section) {
        this.authority = authority;
        this.section = section;
        this.number = 0;
        this.head = zeros(32);
        this.heads = new Map([[0, this.head]]);
        this.times = zeros(32); // null: not known yet
        this.time = 0; // of the last entry
        this.next = 0; // of the section's chain, without a number so far
        this.when = { seq: 0, time: 0 };
        this.devices = new Map(); // {device, number, link}
        this.verified = new Set(); // devices of which one signature was checked
        this.erased = []; // {number, note}
        this.tombstones = [];
        this.revisions = [];
        this.authors = new Map(); // of each note
    }

    /** For who holds no key of the first epochs: right after this EPOCH. */
    startAfter(epoch) {
        const { authority, section } = this;
        const index = section.entries.findIndex(({ statement }) => same(statement.hash, epoch.hash));
        const { when } = section.entries[index];
        this.number = epoch.body.section_number + 1;
        this.head = headAfter(authority.practice, epoch.body.section_head, this.number, N.ENTRY_STATEMENT, epoch.hash);
        this.heads = new Map([[this.number, this.head]]);
        this.times = null;
        this.time = when.time;
        this.next = index + 1;
        this.when = { seq: when.seq + 1, time: when.time };
        this.devices = new Map(epoch.body.start.map((one) => [hex(one.device), { ...one }]));
        return this;
    }

    /** What a page says of the times before it: ours, or the first that a newcomer is told. */
    takeTimes(times) {
        this.times ??= times;
        must(same(this.times, times), 'other times than before');
    }

    differs(from, to, time) {
        return this.authority.state(this.section, { seq: from, time }) !== this.authority.state(this.section, { seq: to, time });
    }

    reach(seq, time) {
        this.when = { seq, time: Math.max(this.when.time, time) };
    }

    statement(object, time) {
        const entry = this.section.entries[this.next];
        must(entry && same(entry.statement.hash, object), 'not the next statement of the section');
        const { statement, when } = entry;
        must(when.seq >= this.when.seq, 'older than what has a number already');
        must(!this.differs(this.when.seq, when.seq, when.time), 'an ECHO was left out');
        if (statement.type.name === 'EPOCH' || statement.type.name === 'RESEAL') {
            must(statement.body.section_number === this.number && same(statement.body.section_head, this.head), 'an epoch of another place');
        }
        must(time === when.time, "not the time of the statement's leaf");
        this.next++;
        this.reach(when.seq + 1, when.time);
    }

    echo(object, time) {
        const fact = this.authority.facts.get(hex(object));
        must(fact, 'an ECHO of a statement that is not known');
        const next = this.section.entries[this.next];
        must(fact.seq >= this.when.seq && !(next && next.when.seq < fact.seq), 'an ECHO out of order');
        must(!this.differs(this.when.seq, fact.seq, fact.time), 'an ECHO was left out');
        must(this.differs(fact.seq, fact.seq + 1, fact.time), 'an ECHO of what changes nothing');
        must(time === fact.time, "not the time of the statement's leaf");
        this.reach(fact.seq + 1, fact.time);
    }

    ended(object, time) {
        const grant = this.section.grants.find((one) => same(one.hash, object));
        const end = grant && this.authority.endAfter(this.section, grant, { seq: this.when.seq, time: Math.max(0, this.when.time - 1) });
        must(end, 'the end of a grant that does not end');
        must(time >= end, 'an end before it was reached');
        this.reach(this.when.seq, end);
    }

    /** Step 4 of 5.3; gives what it is about. */
    revision(entry) {
        const { authority, section, when } = this;
        const context = parseContext(entry.context);
        const header = decode('Header', entry.header);
        must(same(header.context_hash, sha256(entry.context)), 'a header of another context');
        const erased = entry.wrap.length === 0 && entry.envelope.length === 0;
        must(erased || (entry.wrap.length === limits.WRAP_BYTES && entry.envelope.length === header.envelope_size &&
            same(header.envelope_hash, sha256(entry.envelope))), 'another envelope than the one that was signed');
        must(same(context.section, section.id) && context.class === section.class && same(context.chart, section.chart), 'of another section');
        const member = authority.member(context.member), device = authority.device(context.device);
        must(member && device && same(device.member, member.id) && device.revoked >= when.seq, 'not by a device of its author');
        const then = { seq: when.seq, time: Math.max(when.time, entry.time_ms) };
        must(authority.may(member, 'write', section, then) && context.kind !== N.REVISION_TOMBSTONE, 'its author could not write here');
        const author = this.authors.get(hex(context.note)) ?? context.member;
        must(same(author, context.member), 'by another than the author of the note');
        const epoch = authority.epoch(section, when);
        must(!authority.closed(section, when), 'written while the section was closed');
        must(epoch.number === context.epoch && same(epoch.hash, context.epoch_statement), 'not under the newest epoch');
        const last = this.devices.get(hex(context.device)) ?? { number: 0, link: none };
        must(context.device_number === last.number + 1 && same(context.device_link, last.link), 'not the next of its device');
        must(context.section_number <= this.number, 'says that it saw what comes later');
        const seen = this.heads.get(context.section_number);
        must(!seen || same(seen, context.section_head), 'its author saw another history of this section');
        field(entry.signature, 64, 'signature');
        const link = linkOf(authority.practice, entry.header, entry.signature);
        if (!this.verified.has(hex(context.device))) this.checkSignature({ entry, device });
        this.devices.set(hex(context.device), { device: context.device, number: context.device_number, link });
        this.authors.set(hex(context.note), author);
        if (erased) this.erased.push(context.note);
        if (context.kind === N.REVISION_TOMBSTONE) this.tombstones.push(hex(context.note));
        return { entry, context, link, device, erased };
    }

    checkSignature({ entry, device }) {
        verify(device.content, frame('revision', this.authority.practice, entry.header), entry.signature, 'revision');
        this.verified.add(hex(device.statement));
    }

    /** One entry; a revision is given back. */
    step(entry) {
        must(entry.number === this.number + 1, `entry ${this.number + 1} was left out or moved`);
        must(entry.time_ms >= this.time, 'an entry before the one in front of it');
        let taken = null, object = entry.object;
        if (entry.kind === N.ENTRY_REVISION) {
            taken = this.revision(entry);
            object = taken.link;
        } else {
            field(object, 32, 'object');
            const by = { [N.ENTRY_STATEMENT]: 'statement', [N.ENTRY_ECHO]: 'echo', [N.ENTRY_ENDED]: 'ended' }[entry.kind];
            must(by, 'an entry of an unknown kind');
            this[by](object, entry.time_ms);
        }
        this.number++;
        this.head = headAfter(this.authority.practice, this.head, this.number, entry.kind, object);
        this.heads.set(this.number, this.head);
        this.times = timesAfter(this.authority.practice, this.times, this.number, entry.time_ms);
        this.time = entry.time_ms;
        return taken;
    }

    /** The entries of a whole page; gives the newest revision of each author device. */
    page(entries, keys) {
        const newest = new Map();
        for (const entry of entries) {
            const taken = this.step(entry);
            if (!taken) continue;
            newest.set(hex(taken.context.device), taken);
            const key = keys.get(taken.context.epoch);
            if (key && !taken.erased) {
                taken.body = decode('NoteBody', openText(this.authority.practice, key, entry.context, entry.wrap, entry.envelope));
            }
            this.revisions.push(taken);
        }
        newest.forEach((taken) => this.checkSignature(taken));
        return [...newest.values()];
    }

    /** Once the section is read to its end. */
    whole() {
        must(this.erased.every((note) => this.tombstones.includes(hex(note))), 'a text is withheld that nobody erased');
        const { seq, time } = this.when;
        must(this.next === this.section.entries.length && !this.differs(seq, Infinity, time), 'a change of who is in was left out');
    }
}

/** A new note's first revision, signed and sealed. |self| is the device, |values| what its context says. */
export function makeRevision(practice, self, epochKey, values, body, fixed = {}) {
    const context = encode('Context', { revision: 1, member: self.member, device: self.device, ...values });
    const { wrap, envelope } = sealText(practice, epochKey, context, encode('NoteBody', body), fixed);
    const header = encode('Header', { context_hash: sha256(context), envelope_size: envelope.length, envelope_hash: sha256(envelope) });
    const signature = sign(self.contentSeed, frame('revision', practice, header));
    return { context, header, signature, wrap, envelope, link: linkOf(practice, header, signature) };
}

/** A statement by |seeds| in their order. */
export function makeStatement(practice, type, body, seeds) {
    const bytes = encode(type.body, body);
    const signature = seeds.map((seed) => sign(seed, frame(type.label, practice, bytes)));
    return encode('Statement', { suite: 1, type: N[`STATEMENT_${type.name}`], body: bytes, signature });
}

