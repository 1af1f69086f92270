// Verifies tests/vectors/protocol.txt as if a server had sent it; then values of each name with one
// byte changed, which must be noticed by something.
//
//   node tests/second_client/vectors.mjs [FILE]
import { readFileSync } from 'node:fs';

import { cat, decode, encode, field, hex, must, numbers, same, u64, unhex, zeros } from './bytes.mjs';
import { ed25519Public, frame, framed, hpkeOpen, invitationKeys, openText, openWrap, sealInfo, sha256, verify, x25519Public } from './crypto.mjs';
import { identityHash, statementHash } from './authority.mjs';
import { Authority, shortCodeOrder } from './members.mjs';
import { Timeline, timesAfter } from './section.mjs';
import { ChartHistory, WholeLog, checkConsistency, checkInclusion, isReadOf, leafHash, openAdvance, openCheckpoint, rootEndingAt, rootOf,
    splitStatementLeaf, statementLeaf, takeEvent } from './log.mjs';
import { loginParts, seenMessage } from './client.mjs';

const N = numbers;
const TRIES = 1; // values of one name that are changed
const parse = (text) => new Map([...text.matchAll(/^\[(.+)\]\n((?:[^[\n].*\n)*)/gm)].map(([, name, body]) => [name,
    Object.fromEntries(body.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(/ = ?(.*)/s).slice(0, 2)))]));

function reader(records) {
    const of = (name) => (key) => {
        must(records.get(name)?.[key] !== undefined, `[${name}] has no ${key}`);
        return records.get(name)[key];
    };
    return (name) => ({ text: of(name), bytes: (key) => unhex(of(name)(key)), number: (key) => Number(of(name)(key)),
        note: (key) => Buffer.from(of(name)(key).replaceAll('\\n', '\n')), has: (key) => key in records.get(name) });
}
const is = (found, wanted, what) => must(same(found, wanted), `${what} is another`);

function checkStatements(at, count) {
    const practice = at('practice').bytes('id');
    const authority = new Authority(practice);
    const leaves = [];
    for (let i = 0; i < count; i++) {
        const one = at(`statement ${i}`);
        must(one.number('seq') === i, 'seq');
        const before = [...Array(at.epochs).keys()].map((n) => at(`epoch ${n + 1}`)).find((epoch) => epoch.text('statement') === one.text('hash'));
        const section = [...authority.sections.values()][0];
        if (before) {
            const when = { seq: i, time: one.number('time') };
            is(authority.membership(section, when), before.bytes('membership'), 'membership');
            must(authority.live(section, when).map((member) => hex(member.id)).join(' ') === before.text('members'), 'live members');
        }
        const statement = authority.admit(one.bytes('bytes'), i, one.number('time'));
        must(statement.type.label === one.text('name') && statement.outer.type === one.number('type') && statement.link.number === one.number('number'), 'type');
        is(statement.hash, one.bytes('hash'), 'statement hash');
        is(statement.link.label, one.bytes('label'), 'label');
        is(statementHash(practice, one.bytes('bytes'), i === 0), one.bytes('hash'), 'statement hash');
        const leaf = statementLeaf(practice, one.number('type'), one.bytes('label'), one.number('number'), one.bytes('opening'),
            one.number('time'), one.bytes('bytes'));
        is(leaf, one.bytes('leaf'), 'leaf');
        must(splitStatementLeaf(leaf).number === one.number('number'), 'leaf');
        leaves.push(leafHash(leaf));
    }
    is(sha256(at('statement 0').bytes('bytes')), practice, 'practice id');
    return { practice, authority, leaves };
}

function checkPeople(at, { practice, authority }) {
    const [c1, t1] = ['C1', 'T1'].map((name) => identityHash(practice, ed25519Public(at('keys').bytes(`${name} identity`))));
    is(c1, at('practice').bytes('c1'), 'identity hash');
    is(t1, at('practice').bytes('t1'), 'identity hash');
    must([...authority.members.values()].some((one) => same(one.identity, c1)), 'identity hash');
    const digest = framed('short-code', practice, shortCodeOrder(c1, t1));
    must(at('practice').text('code') === [0, 4, 8, 12, 16].map((i) => String(digest.readUInt32BE(i) % 100000).padStart(5, '0')).join(' '), 'short code');
    is(ed25519Public(at('keys').bytes('root')), authority.root, 'root key');
    is(ed25519Public(at('keys').bytes('server login')), authority.keys.login, 'login key');
    is(ed25519Public(at('keys').bytes('server log')), authority.keys.log, 'log key');
    const members = [...authority.members.values()];
    ['AD', 'T1', 'T2', 'C1', 'C1 second'].forEach((name, i) => {
        const key = (kind) => at('keys').bytes(`${name} ${kind}`);
        const member = members[Math.min(i, 3)];
        const device = member.devices[i === 4 ? 1 : 0];
        is(ed25519Public(key('content')), device.content, `content key of ${name}`);
        is(ed25519Public(key('login')), device.login, `login key of ${name}`);
        is(x25519Public(key('sealing')), device.sealing, `sealing key of ${name}`);
        if (i === 4) return;
        is(ed25519Public(key('identity')), member.identityKey, `identity key of ${name}`);
        is(x25519Public(key('recovery')), member.recovery, `recovery key of ${name}`);
        is(ed25519Public(invitationKeys(practice, key('secret')).seed), member.invitationKey, `invitation of ${name}`);
    });
    is(at('practice').bytes('label'), at('statement 0').bytes('label'), 'label');
}

function checkEpochs(at, { practice, authority }) {
    const section = [...authority.sections.values()][0];
    section.epochs.forEach((epoch, n) => {
        const one = at(`epoch ${n + 1}`);
        is(epoch.hash, one.bytes('statement'), 'epoch');
        is(epoch.commitment, one.bytes('commitment'), 'commitment');
        must(epoch.seals.length === one.number('seals'), 'seals');
        epoch.seals.forEach((seal, i) => {
            is(cat(seal.share, seal.sealed), one.bytes(`sealed ${i}`), 'seal');
            is(x25519Public(one.bytes(`ephemeral ${i}`)), seal.share, 'share');
            const c1 = invitationKeys(practice, at('keys').bytes('C1 secret')).psk;
            const info = sealInfo(practice, section.id, epoch.number, epoch.membership, seal.hash, epoch.device);
            is(hpkeOpen(at('keys').bytes(one.text(`to ${i}`)), seal.share, seal.sealed, info, seal.mode === N.SEAL_PSK ? c1 : null), one.bytes('key'), 'epoch key');
        });
    });
}

function checkSection(at, { practice, authority }) {
    const section = [...authority.sections.values()][0];
    const chunk = decode('PageChunk', at('page').bytes('chunk'));
    const keys = new Map(section.epochs.map((one) => [one.number, at(`epoch ${one.number}`).bytes('key')]));
    const timeline = new Timeline(authority, section);
    timeline.page(chunk.entry, keys);
    timeline.whole();
    let times = zeros(32);
    chunk.entry.forEach((entry, i) => {
        const one = at(`entry ${i + 1}`);
        must(entry.number === one.number('number') && entry.kind === one.number('kind') && entry.time_ms === one.number('time'), 'entry');
        times = timesAfter(practice, times, entry.number, entry.time_ms);
        is(times, one.bytes('times'), 'times');
        is(timeline.heads.get(i + 1), one.bytes('head'), 'head');
        if (entry.kind !== N.ENTRY_REVISION) is(entry.object, one.bytes('object'), 'object');
    });
    must(timeline.number === at('page').number('to') && at('page').number('from') === 1, 'page');
    timeline.revisions.forEach(({ entry, link, context }, i) => {
        const one = at(`revision ${i + 1}`);
        for (const part of ['context', 'header', 'signature', 'wrap']) is(entry[part], one.bytes(part), part);
        is(link, one.bytes('link'), 'link');
        is(link, at(`entry ${entry.number}`).bytes('object'), 'link');
        is(sha256(entry.envelope), one.bytes('envelope_sha256'), 'envelope');
        is(openText(practice, keys.get(context.epoch), entry.context, entry.wrap, entry.envelope), one.bytes('text'), 'text');
        is(openWrap(practice, keys.get(context.epoch), entry.context, entry.wrap), one.bytes('revision_key'), 'revision key');
        is(entry.envelope.subarray(32, 56), one.bytes('envelope_nonce'), 'nonce');
        is(entry.wrap.subarray(32, 56), one.bytes('wrap_nonce'), 'nonce');
        must(entry.number === one.number('number') && context.epoch === one.number('epoch') && entry.envelope.length === one.number('envelope_size'), 'revision');
        is(ed25519Public(at('keys').bytes(one.text('author'))), authority.device(context.device).content, 'author');
    });
    return timeline;
}

function checkEvents(at, { practice, leaves }, timeline, count) {
    const whole = new WholeLog(practice);
    const history = new ChartHistory(practice, timeline.section.chart, null);
    for (let i = 0; i < count; i++) {
        const one = at(`event ${i}`);
        const hashes = ['target', 'restricted'].map((part) => framed(`event-${part}`, practice, one.bytes(`${part}_opening`), one.bytes(part)));
        is(cat(one.bytes('open'), ...hashes), one.bytes('leaf'), 'event leaf');
        const event = takeEvent(practice, { seq: one.number('seq'), open: one.bytes('open'), target_hash: hashes[0], restricted_hash: hashes[1],
            target: one.bytes('target'), target_opening: one.bytes('target_opening'), restricted: one.bytes('restricted'),
            restricted_opening: one.bytes('restricted_opening') }, `event ${i}`);
        is(event.leaf, one.bytes('leaf_hash'), 'leaf hash');
        must(event.target.chart_number === one.number('number'), 'running number');
        whole.take(event);
        if (event.target.chart_number > 0) history.take(event);
    }
    const notes = at('checkpoints');
    const log = ed25519Public(at('keys').bytes('server log'));
    const opened = { statements: openCheckpoint(notes.note('statements'), practice, 'statements', [log]),
        older: openCheckpoint(notes.note('older'), practice, 'events', [log]), events: openCheckpoint(notes.note('events'), practice, 'events', [log]) };
    for (const [name, found] of Object.entries(opened)) {
        must(found.size === notes.number(`${name}_size`), 'size');
        is(found.root, notes.bytes(`${name}_root`), 'root');
    }
    is(rootOf(leaves), opened.statements.root, 'root of the statements');
    is(rootOf(whole.hashes), opened.events.root, 'root of the events');
    const steps = (key) => notes.text(key).match(/.{64}/g).map(unhex);
    checkConsistency(opened.older, opened.events, steps('consistency'), 'older');
    checkInclusion(whole.hashes[18], 18, count, steps('inclusion'), opened.events.root, 'event 18');
    const { seen, chart_number: number, chart_leaf: leaf } = timeline.revisions.at(-1).context;
    is(rootOf(whole.hashes.slice(0, seen.events_size)), seen.events_root, 'seen');
    is(rootOf(leaves.slice(0, seen.statements_size)), seen.statements_root, 'seen');
    is(whole.hashes.at(number), leaf, 'chart leaf');
    must(same(rootEndingAt(whole.hashes[17], 17, 18, []), whole.hashes[17]), 'a path without steps');
    return opened;
}

function checkLogin(at, { practice }, opened) {
    const one = at('login');
    const hello = decode('Hello', one.bytes('hello')), login = decode('Login', one.bytes('login')), reply = decode('LoginReply', one.bytes('reply'));
    is(hello.practice, practice, 'practice');
    is(openCheckpoint(hello.statements_checkpoint, practice, 'statements', [ed25519Public(at('keys').bytes('server log'))]).root, opened.statements.root, 'hello');
    const seen = { statements: opened.statements, events: opened.older };
    is(encode('Seen', login.seen), encode('Seen', seenMessage(seen)), 'seen');
    const parts = loginParts(one.bytes('exporter'), hello, login.nonce, one.bytes('hello'), { member: login.member, device: login.device_statement, seen });
    is(frame('login-client', practice, ...parts), one.bytes('signed_client'), 'what the client signs');
    verify(ed25519Public(at('keys').bytes('C1 login')), one.bytes('signed_client'), login.signature, 'login-client');
    const both = [one.bytes('exporter'), hello.nonce, login.nonce, sha256(one.bytes('login'))];
    is(frame('login-server', practice, ...both), one.bytes('signed_server'), 'what the server signs');
    verify(hello.login_key, one.bytes('signed_server'), reply.signature, 'login-server');
    checkConsistency(opened.older, opened.events, reply.events.path, 'login');
    must(reply.statements.path.length === 0 && reply.event === opened.events.size, 'login');
    const rewound = decode('LoginReply', one.bytes('rewound'));
    is(frame('rewound', practice, ...both, u64(rewound.statements_size), u64(rewound.events_size)), one.bytes('signed_rewound'), 'rewound');
    verify(hello.login_key, one.bytes('signed_rewound'), rewound.signature, 'rewound');
}

function checkPages(at, { practice }, opened, timeline) {
    for (const name of ['page', 'partial page']) {
        const one = at(name);
        const reply = decode('PageReply', one.bytes('reply'));
        const seen = openAdvance(reply.proof.advance, opened.older, practice, 'events', [ed25519Public(at('keys').bytes('server log'))]);
        const event = takeEvent(practice, reply.proof.leaf, name);
        checkInclusion(event.leaf, event.seq, seen.size, reply.proof.inclusion, seen.root, name);
        must(isReadOf(event, event.open.actor, timeline.section.id, one.number('from'), one.number('to')) && reply.from === one.number('from') &&
            reply.to === one.number('to'), name);
        must(event.target.section_number === timeline.number, 'the section\'s last number');
        is(event.target.section_head, timeline.head, 'the section\'s last head');
        is(event.target.section_times, timeline.times, 'the section\'s times');
        const before = reply.from === 1 ? zeros(32) : at(`entry ${reply.from - 1}`).bytes('times');
        is(reply.from === 1 ? zeros(32) : field(reply.section_times_before, 32, name), before, 'times before');
        is(reply.from === 1 ? zeros(32) : field(reply.section_head_before, 32, name), timeline.heads.get(reply.from - 1), 'head before');
        const whole = decode('PageChunk', at('page').bytes('chunk')).entry.slice(reply.from - 1, reply.to);
        is(encode('PageChunk', { entry: whole, last: true }), one.bytes('chunk'), 'entries');
    }
}

export function check(text) {
    const records = parse(text);
    const at = reader(records);
    const many = (kind) => [...records.keys()].filter((name) => new RegExp(`^${kind} \\d+$`).test(name)).length;
    at.epochs = many('epoch');
    const world = checkStatements(at, many('statement'));
    checkPeople(at, world);
    checkEpochs(at, world);
    const timeline = checkSection(at, world);
    const opened = checkEvents(at, world, timeline, many('event'));
    checkLogin(at, world, opened);
    checkPages(at, world, opened, timeline);
    return records.size;
}

const text = readFileSync(process.argv[2] ?? new URL('../vectors/protocol.txt', import.meta.url), 'utf8');
const count = check(text);
let noticed = 0;
const missed = [], tried = new Map();
text.split('\n').forEach((line, i, all) => {
    const [, key, value] = /^([^=#[]+) = ([0-9a-f]{2,})$/.exec(line) ?? [];
    tried.set(key, (tried.get(key) ?? 0) + 1);
    if (!value || value.length % 2 === 1 || tried.get(key) > TRIES) return;
    const at = Math.floor(value.length / 4) * 2;
    const byte = (parseInt(value.slice(at, at + 2), 16) ^ 1).toString(16).padStart(2, '0');
    try {
        check([...all.slice(0, i), `${key} = ${value.slice(0, at)}${byte}${value.slice(at + 2)}`, ...all.slice(i + 1)].join('\n'));
        missed.push(`line ${i + 1}: ${key}`);
    } catch {
        noticed++; // a Stop, or a key that is none
    }
});
console.log(`${count} records; ${noticed} changes noticed, ${missed.length} not`);
missed.forEach((line) => console.log(`not noticed: ${line}`));
process.exitCode = missed.length > 0 ? 1 : 0;
