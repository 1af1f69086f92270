// What a client does, in the orders of PROTOCOL.md: joining (3.1), login (3), a sync (4.2), reading a
// section (5.3, 5.4), writing (4.5, 5.2), a chart's history and the whole log (6).
import { decode, encode, field, hex, limits, must, none, numbers, same, u64, zeros } from './bytes.mjs';
import { ed25519Public, frame, invitationKeys, parseInvitation, random, sha256, sign, verify, x25519Public } from './crypto.mjs';
import { parseStatement, statementHash, statementType } from './authority.mjs';
import { Authority } from './members.mjs';
import { makeEpoch, openKeys } from './epochs.mjs';
import { Timeline, checkSeen, headAfter, makeRevision, makeStatement } from './section.mjs';
import { ChartHistory, WholeLog, checkConsistency, checkInclusion, isReadOf, leafHash, openAdvance, openCheckpoint, rootEndingAt,
    rootOf, splitStatementLeaf, statementLeaf, takeEvent } from './log.mjs';

const N = numbers;
const STATUS = ['OK', 'REFUSED', 'MALFORMED', 'CONFLICT', 'NEEDS_EPOCH', 'LOCKED', 'ALREADY', 'BUSY', 'FULL', 'REWOUND', 'TOO_LARGE',
    'SUSPENDED', 'UNAVAILABLE', 'VERSION', 'READ_ONLY'];
/** Nothing to stop for: the server says no. */
export class Refused extends Error {}

async function ask(wire, name, body, ok = [0]) {
    const op = `OP_${name}`;
    const kind = name.toLowerCase().replace(/(^|_)(.)/g, (_, __, letter) => letter.toUpperCase());
    const answer = await wire.ask(N[op], encode(`${kind}Ask`, body));
    if (!ok.includes(answer.status)) throw new Refused(`${name}: ${STATUS[answer.status] ?? answer.status}`);
    return { ...answer, reply: answer.body.length > 0 || answer.status === 0 ? decode(`${kind}Reply`, answer.body) : null };
}

// ---- joining

/** Gives a new profile: everything that this device keeps. */
export async function join(wire, code) {
    const { address, secret, bundle: wanted } = parseInvitation(code);
    const hello = decode('Hello', await wire.greet());
    const { reply } = await ask(wire, 'BUNDLE', { hash: wanted });
    must(same(sha256(reply.bundle).subarray(0, 16), wanted), 'the bundle is not the one that the code names');
    const bundle = decode('Bundle', reply.bundle);
    must(bundle.statement.length >= 2, 'a bundle without an invitation');
    const practice = sha256(bundle.statement[0]);
    const authority = new Authority(practice);
    bundle.statement.forEach((bytes, i) => authority.admit(bytes, i, 0));
    must(authority.keys && same(hello.practice, practice) && [authority.keys.login, authority.keys.loginNext].some((key) =>
        same(key, hello.login_key)), 'another server than the practice has');
    must([authority.keys.tls, authority.keys.tlsNext].some((pin) => same(pin, wire.pin)), 'another TLS key than the practice has');
    const last = parseStatement(practice, bundle.statement.at(-1));
    const { seed, psk } = invitationKeys(practice, secret);
    must(last.type.name === 'INVITATION' && same(last.body.key, ed25519Public(seed)), 'the code belongs to another invitation');
    must(last.body.expires_ms > Date.now(), 'the invitation has expired');

    const profile = { address, practice, member: last.body.invited, identitySeed: random(32), contentSeed: random(32),
        loginSeed: random(32), sealingSecret: random(32), recoverySecret: random(32), recoverySeed: random(32),
        psk: last.byRoot ? {} : { [hex(last.link.member)]: psk }, pins: authority.keys,
        seen: { statements: { size: 0, root: none }, events: { size: 0, root: none } }, charts: {} };
    const body = { link: { label: last.link.label, number: 1, previous: last.hash, member: profile.member },
        identity_key: ed25519Public(profile.identitySeed), device: { device: random(16), content_key: ed25519Public(profile.contentSeed),
            login_key: ed25519Public(profile.loginSeed), sealing_key: x25519Public(profile.sealingSecret), suite_min: 1 },
        recovery_sealing_key: x25519Public(profile.recoverySecret), recovery_signing_key: ed25519Public(profile.recoverySeed) };
    const statement = makeStatement(practice, statementType('ENROLMENT'), body, [profile.identitySeed, seed]);
    profile.device = statementHash(practice, statement);
    await ask(wire, 'ENROL', { statement }, [N_OK, N_ALREADY]);
    return profile;
}
const N_OK = 0, N_ALREADY = 6;

// ---- login

/** What both sides sign (section 3): the parts after the label. */
export const loginParts = (exporter, hello, nonce, helloBytes, profile) => [exporter, hello.nonce, nonce, sha256(hello.login_key),
    sha256(helloBytes), profile.member, profile.device, ...['statements', 'events'].flatMap((log) =>
        [u64(profile.seen[log].size), profile.seen[log].size > 0 ? profile.seen[log].root : zeros(32)])];
export const seenMessage = (seen) => ({ statements_size: seen.statements.size, statements_root: seen.statements.root,
    events_size: seen.events.size, events_root: seen.events.root });
const logKeys = (profile) => [profile.pins.log, profile.pins.logNext].filter((key) => key.length > 0);

export async function login(wire, profile) {
    const { practice, pins } = profile;
    must([pins.tls, pins.tlsNext].some((pin) => same(pin, wire.pin)), 'another TLS key than the pinned one');
    const helloBytes = await wire.greet();
    const hello = decode('Hello', helloBytes);
    must(hello.version_min <= 2 && hello.version_max >= 2, 'no common version');
    must(same(hello.practice, practice) && [pins.login, pins.loginNext].some((key) => same(key, hello.login_key)), 'another server');
    const to = Object.fromEntries(['statements', 'events'].map((log) =>
        [log, openCheckpoint(hello[`${log}_checkpoint`], practice, log, logKeys(profile))]));
    const nonce = random(32);
    const body = encode('Login', { version: 2, nonce, member: profile.member, device_statement: profile.device,
        seen: profile.seen.events.size > 0 ? seenMessage(profile.seen) : null,
        signature: sign(profile.loginSeed, frame('login-client', practice, ...loginParts(wire.exporter, hello, nonce, helloBytes, profile))) });
    const { status, body: answer } = await wire.login(body);
    if (status !== 0) throw new Refused(`LOGIN: ${STATUS[status] ?? status}`);
    const reply = decode('LoginReply', answer);
    verify(hello.login_key, frame('login-server', practice, wire.exporter, hello.nonce, nonce, sha256(body)), reply.signature, 'login');
    for (const log of ['statements', 'events']) {
        checkConsistency(profile.seen[log], to[log], reply[log]?.path ?? [], `login, ${log}`);
        profile.seen[log] = to[log];
    }
}

// ---- a sync

async function readLeaves(wire, goal) {
    const leaves = [];
    while (leaves.length < goal.size) {
        const to = Math.min(goal.size, leaves.length + limits.LEAVES_PER_PAGE_MAX);
        const { reply } = await ask(wire, 'LEAVES', { from: leaves.length, to });
        must(reply.from === leaves.length && reply.leaves.length === (to - reply.from) * limits.LEAF_BYTES, 'other leaves than asked for');
        for (let at = 0; at < reply.leaves.length; at += limits.LEAF_BYTES) leaves.push(reply.leaves.subarray(at, at + limits.LEAF_BYTES));
    }
    must(same(rootOf(leaves.map(leafHash)), goal.root), 'the leaves are not those of the checkpoint');
    const labels = new Map();
    for (const leaf of leaves) {
        const { label, number } = splitStatementLeaf(leaf);
        const count = labels.get(hex(label)) ?? 0;
        must(number === count, 'a gap in the leaves of a chain');
        labels.set(hex(label), count + 1);
    }
    return { leaves, labels };
}

async function readChain(wire, practice, label, { leaves, labels }) {
    const found = [];
    const wanted = labels.get(hex(label)) ?? 0;
    while (found.length < wanted) {
        const before = found.length;
        const { reply } = await ask(wire, 'CHAIN', { label, from: before });
        for (const entry of reply.entry) {
            if (entry.seq >= leaves.length) break;
            const { type, link, bytes } = parseStatement(practice, entry.statement);
            must(same(link.label, label) && link.number === found.length, 'a statement of another place');
            if (link.seen) checkSeen(link.seen);
            must(same(statementLeaf(practice, N[`STATEMENT_${type.name}`], label, link.number, entry.opening, entry.time_ms, bytes),
                leaves[entry.seq]), `the statement is not the one in the log at index ${entry.seq}`);
            found.push({ bytes, seq: entry.seq, time: entry.time_ms });
        }
        must(found.length > before, 'the server withholds a statement that its log holds');
    }
    return found;
}

async function advance(wire, { practice, seen, ...profile }) {
    const { reply } = await ask(wire, 'CHECKPOINT', { seen: seenMessage(seen) });
    for (const log of ['statements', 'events']) {
        seen[log] = openAdvance(reply[log], seen[log], practice, log, logKeys(profile));
    }
}

/** Section 4.2. Gives what was verified: leaves, authority and the sections that one may read. */
export async function sync(wire, profile) {
    const { practice, seen } = profile;
    await advance(wire, profile);
    const read = await readLeaves(wire, seen.statements);
    const state = (await ask(wire, 'STATE', {})).reply;
    const statements = [];
    for (const chain of state.chain) statements.push(...await readChain(wire, practice, chain.label, read));
    const authority = new Authority(practice);
    statements.sort((a, b) => a.seq - b.seq).forEach(({ bytes, seq, time }) => authority.admit(bytes, seq, time));
    must(authority.keys, 'no server keys');
    profile.pins = authority.keys;
    const time = Math.max(Date.now(), ...statements.map((one) => one.time));
    return { authority, leaves: read.leaves, time, sections: state.section };
}

// ---- reading

async function checkCarried(wire, profile, world, { context }) {
    const carried = context.seen;
    if (!carried || same(context.device, profile.device)) return;
    const ahead = () => carried.statements_size > world.leaves.length || carried.events_size > profile.seen.events.size;
    if (ahead()) {
        await advance(wire, profile);
        world.leaves = (await readLeaves(wire, profile.seen.statements)).leaves;
    }
    must(!ahead(), 'an author saw what this server never signed for us');
    must(carried.statements_size === 0 || same(rootOf(world.leaves.slice(0, carried.statements_size).map(leafHash)),
        carried.statements_root), 'an author was shown other statements');
    const { size, root } = profile.seen.events;
    if (carried.events_size === 0 || carried.events_size === size) {
        must(carried.events_size === 0 || same(root, carried.events_root), 'an author was shown other events');
        return;
    }
    const last = carried.events_size - 1;
    const path = (await ask(wire, 'PROOF', { log: 2, index: last, size })).reply.inclusion;
    const beside = (await ask(wire, 'PROOF', { log: 2, index: last % 2 === 0 ? last + 1 : last - 1, size })).reply.inclusion;
    must(beside.length > 0, 'no proof');
    checkInclusion(beside[0], last, size, path, root, 'what an author carries');
    must(same(rootEndingAt(beside[0], last, size, path), carried.events_root), 'an author was shown other events');
}

function sawChart(profile, chart, number, leaf) {
    const seen = profile.charts[hex(chart)];
    must(!seen || seen.number !== number || same(seen.leaf, leaf), 'two histories of one chart');
    if (number > 0 && (!seen || number > seen.number)) profile.charts[hex(chart)] = { number, leaf };
}

/** Steps 1 to 6 of 5.3, page after page of |entries| entries, to the section's end. */
export async function readSection(wire, profile, world, id, entries = 0) {
    const { authority } = world;
    const section = authority.section(id);
    must(section, 'a section without its chain');
    const keys = openKeys(authority, section, profile);
    const timeline = new Timeline(authority, section);
    const lowest = Math.min(...keys.keys());
    if (!keys.has(1) && !same(section.maker, profile.member)) {
        must(keys.size > 0, 'no key of this section');
        timeline.startAfter(section.epochs[lowest - 1]);
    }
    for (let more = true; more;) {
        const from = timeline.number + 1;
        const to = entries > 0 ? from + entries - 1 : 0;
        const { reply, chunks } = await ask(wire, 'PAGE', { section: id, from, to, events_size: profile.seen.events.size,
            purpose: N.PURPOSE_PATRQT });
        must(reply.to >= from, 'the server does not hand out what it said is new');
        const seen = openAdvance(reply.proof?.advance, profile.seen.events, authority.practice, 'events', logKeys(profile));
        const event = takeEvent(authority.practice, reply.proof.leaf, 'page');
        checkInclusion(event.leaf, event.seq, seen.size, reply.proof.inclusion, seen.root, "the page's event");
        must(reply.from === from && (to === 0 || reply.to <= to) && isReadOf(event, profile.member, id, reply.from, reply.to),
            'the event is not about this page');
        profile.seen.events = seen;
        must(from === 1 ? reply.section_head_before.length === 0 : same(reply.section_head_before, timeline.head), 'another history than before');
        if (event.target.chart_number > 0) sawChart(profile, event.target.chart, event.target.chart_number, event.leaf);
        must(chunks.every((chunk) => chunk.status === 0), 'access ended under way');
        timeline.takeTimes(from === 1 ? zeros(32) : field(reply.section_times_before, 32, 'times'));
        const newest = timeline.page(chunks.flatMap((chunk) => chunk.entry), keys);
        must(timeline.number === reply.to, 'the page ends before its end');
        more = event.target.section_number > reply.to;
        must(more || (same(timeline.head, event.target.section_head) && same(timeline.times, event.target.section_times)),
            'the entries are not those that the event names');
        must(timeline.time <= event.open.time_ms, 'an entry after the event that hands it out');
        for (const taken of newest) {
            if (taken.context.chart_number > 0) sawChart(profile, taken.context.chart, taken.context.chart_number, taken.context.chart_leaf);
            await checkCarried(wire, profile, world, taken);
        }
    }
    timeline.whole();
    return { section, timeline, keys };
}

// ---- writing

const deviceLink = (profile, label, number, previous) => ({ label, number, previous, member: profile.member, device: profile.device,
    seen: seenMessage(profile.seen) });

/** One submit: a journal with one reader, its first epoch and a moment in it (4.5, 5.2). */
export async function submitMoment(wire, profile, world, { chart, reader, category, text }) {
    const { authority } = world;
    const { practice } = authority;
    const section = random(16), label = random(32), self = authority.member(profile.member);
    const statements = [];
    const timeline = { number: 0, head: zeros(32), devices: new Map() };
    const add = (name, body) => {
        const bytes = makeStatement(practice, statementType(name), body, [profile.contentSeed]);
        // Judged as a reader will: at the index that it gets if nobody is faster.
        const { hash } = authority.admit(bytes, world.leaves.length + statements.length, world.time);
        statements.push(bytes);
        timeline.number++;
        timeline.head = headAfter(practice, timeline.head, timeline.number, N.ENTRY_STATEMENT, hash);
        return hash;
    };
    const made = add('SECTION', { link: deviceLink(profile, label, 0, none), section, chart, class: N.CLASS_JOURNAL,
        client: self.id, client_identity: self.identity });
    const granted = add('GRANT', { link: deviceLink(profile, label, 1, made), member: reader.id, identity: reader.identity,
        rights: N.RIGHT_READ, basis_kind: N.BASIS_RELATION, basis: self.relations.find((one) => same(one.staff, reader.id)).hash });
    const when = { seq: world.leaves.length + statements.length, time: world.time };
    const { key, body } = makeEpoch(authority, authority.section(section), profile, timeline, when, deviceLink(profile, label, 2, granted));
    const epoch = add('EPOCH', body);
    const seen = profile.charts[hex(chart)] ?? { number: 0, leaf: none };
    const revision = makeRevision(practice, profile, key, { section, class: N.CLASS_JOURNAL, chart, note: random(16), epoch: 1,
        epoch_statement: epoch, kind: N.REVISION_SIGNED, device_number: 1, section_number: timeline.number, section_head: timeline.head,
        chart_number: seen.number, chart_leaf: seen.leaf, seen: seenMessage(profile.seen) },
    { kind: N.NOTE_MOMENT, text: Buffer.from(text), written_ms: Date.now(), field: [{ key: Buffer.from('category'), value: Buffer.from(category) }] });
    const { reply } = await ask(wire, 'SUBMIT', { statement: statements, revision: [revision], purpose: N.PURPOSE_PATRQT,
        events_size: profile.seen.events.size });
    // The event of the last thing stored, proved: what was written needs no page (5.2).
    const grown = openAdvance(reply.proof?.advance, profile.seen.events, practice, 'events', logKeys(profile));
    const event = takeEvent(practice, reply.proof.leaf, 'submit');
    checkInclusion(event.leaf, event.seq, grown.size, reply.proof.inclusion, grown.root, "the submit's event");
    const { target } = event;
    must(same(event.open.actor, profile.member) && event.open.outcome === N.OUTCOME_OK && same(target.section, section)
        && same(target.object, revision.link) && target.from === 4 && target.to === 4 && target.section_number === 4
        && same(target.section_head, headAfter(practice, timeline.head, 4, N.ENTRY_REVISION, revision.link)),
    'the server put it somewhere else');
    profile.seen.events = grown;
    sawChart(profile, chart, target.chart_number, event.leaf);
    return section;
}

// ---- the access log

/** Every event of one's chart, to the end. */
export async function chartHistory(wire, profile, chart, limit = limits.EVENTS_PER_PAGE_MAX) {
    const history = new ChartHistory(profile.practice, chart, profile.charts[hex(chart)] ?? null);
    const events = [];
    for (let more = true; more;) {
        const { reply } = await ask(wire, 'EVENTS', { scope: N.ACTION_LOG_CHART, chart, after: history.number, limit,
            events_size: profile.seen.events.size });
        const seen = openAdvance(reply.advance, profile.seen.events, profile.practice, 'events', logKeys(profile));
        const found = reply.leaf.map((leaf) => takeEvent(profile.practice, leaf, 'history'));
        found.forEach((event) => history.take(event));
        must(found.length > 0 || !reply.more, 'the server leads round and round');
        const last = found.at(-1);
        if (last) checkInclusion(last.leaf, last.seq, seen.size, reply.inclusion, seen.root, "the history's last event");
        profile.seen.events = seen;
        events.push(...found);
        more = reply.more;
    }
    history.end();
    return events;
}

/** As an auditor: every leaf, and the root over all of them. */
export async function wholeLog(wire, profile) {
    const log = new WholeLog(profile.practice);
    let goal = null;
    while (!goal || log.hashes.length < goal.size) {
        const from = log.hashes.length;
        const { reply } = await ask(wire, 'EVENT_LEAVES', { from, to: from + limits.EVENTS_PER_PAGE_MAX, events_size: profile.seen.events.size });
        const seen = openAdvance(reply.advance, profile.seen.events, profile.practice, 'events', logKeys(profile));
        goal ??= seen;
        profile.seen.events = seen;
        must(reply.leaf.length > 0, 'no leaves');
        for (const leaf of reply.leaf.slice(0, goal.size - from)) log.take(takeEvent(profile.practice, leaf, `event ${leaf.seq}`));
    }
    must(same(rootOf(log.hashes), goal.root), 'the root over all events is not the signed one');
    return { ...goal, charts: log.charts.size, sections: log.sections.size };
}

