// Makes protocol.txt: one value of everything that proto/PROTOCOL.md defines, in one small practice
// from fixed seeds, with the modules of the second client (tests/second_client) and none of the C code.
//
//   node tests/vectors/record.mjs > tests/vectors/protocol.txt
//
// A difference from the committed file is a change of a format.
import { encode, hex, none, numbers, u64, zeros } from '../second_client/bytes.mjs';
import { commitment, ed25519Public, frame, framed, hpkeSeal, invitationKeys, sealInfo, sha256, sign, x25519Public }
    from '../second_client/crypto.mjs';
import { chartId, identityHash, statementHash, statementType } from '../second_client/authority.mjs';
import { Authority, shortCodeOrder } from '../second_client/members.mjs';
import { makeEpoch } from '../second_client/epochs.mjs';
import { Timeline, makeRevision, makeStatement } from '../second_client/section.mjs';
import { eventLeaf, eventPartHash, leafHash, makeCheckpoint, pathOf, proofBetween, rootOf, statementLeaf } from '../second_client/log.mjs';
import { loginParts } from '../second_client/client.mjs';

const N = numbers;
const START_MS = 1700000000000;
/** Fixed bytes by a name. */
const fixed = (name, size = 32) => sha256('alcove protocol vector: ', name).subarray(0, size);

const lines = ['# One small practice, and a value of everything that proto/PROTOCOL.md defines.',
    '# Source: tests/vectors/record.mjs. Bytes are in hexadecimal. A change here is a change of a format.'];
function record(name, how, values) {
    lines.push('', ...how.split('\n').map((line) => `# ${line}`), `[${name}]`);
    for (const [key, value] of Object.entries(values)) lines.push(`${key} = ${Buffer.isBuffer(value) ? hex(value) : value}`);
}

// ---- people and their keys

const seeds = { root: fixed('root'), login: fixed('server login'), log: fixed('server log') };
const person = (name) => {
    const keys = Object.fromEntries(['identity', 'content', 'loginKey', 'recoverySigning'].map((kind) => [kind, fixed(`${name} ${kind}`)]));
    return { name, member: fixed(`${name} member`, 16), label: fixed(`${name} chain`), ...keys, sealingSecret: fixed(`${name} sealing`),
        recoverySecret: fixed(`${name} recovery`), secret: fixed(`${name} invitation`), psk: {}, count: 0, last: none };
};
const people = Object.fromEntries(['AD', 'T1', 'T2', 'C1'].map((name) => [name, person(name)]));
const { AD, T1, T2, C1 } = people;
const second = { ...person('C1 second'), name: 'C1 second' };

// ---- the statements, in the order of the log

const genesis = makeStatement(zeros(32), statementType('GENESIS'), { link: { label: fixed('practice chain') },
    root_key: ed25519Public(seeds.root), salt: fixed('salt'), created_ms: START_MS }, [seeds.root]);
const practice = sha256(genesis);
const authority = new Authority(practice);
const chains = { practice: { label: fixed('practice chain'), count: 0, last: none }, section: { label: fixed('section chain'), count: 0, last: none } };
const log = [];
const timeOf = (seq) => START_MS + 1000 * seq;
const sizes = () => ({ statements_size: log.length, statements_root: rootOf(log.map((one) => leafHash(one.leaf))) });

/** Appends to a chain; |by| a person, or null for the root; |signers| name the seeds in their order. */
function append(name, chain, by, body, signers, extra = {}) {
    const seq = log.length;
    const link = { label: chain.label, number: chain.count, previous: chain.last, ...(by ? { member: by.member } : {}),
        ...(by && !extra.joining ? { device: by.device } : {}), ...(by?.device && !extra.joining ? { seen: sizes() } : {}) };
    const type = statementType(name);
    const bytes = name === 'GENESIS' ? genesis : makeStatement(practice, type, { ...body, link }, signers.map(([, seed]) => seed));
    const hash = statementHash(practice, bytes, name === 'GENESIS');
    authority.admit(bytes, seq, timeOf(seq));
    chain.count++;
    chain.last = hash;
    const opening = fixed(`opening ${seq}`);
    const leaf = statementLeaf(practice, N[`STATEMENT_${name}`], chain.label, link.number, opening, timeOf(seq), bytes);
    log.push({ name: type.label, seq, bytes, hash, leaf, opening, type: N[`STATEMENT_${name}`], number: link.number, label: chain.label,
        signers: signers.map(([signer]) => signer).join(' ') });
    return hash;
}
const root = [['root', seeds.root]];
const device = (who) => [[`${who.name} content`, who.content]];
const deviceKeys = (who) => ({ device: fixed(`${who.name} device`, 16), content_key: ed25519Public(who.content), login_key: ed25519Public(who.loginKey),
    sealing_key: x25519Public(who.sealingSecret), suite_min: 1 });

function invite(who, role, by, basis = none) {
    const keys = invitationKeys(practice, who.secret);
    append('INVITATION', who, by, { invited: who.member, role, key: ed25519Public(keys.seed), expires_ms: timeOf(1000), authority: basis },
        by ? device(by) : root);
    who.device = append('ENROLMENT', who, who, { identity_key: ed25519Public(who.identity), device: deviceKeys(who),
        recovery_sealing_key: x25519Public(who.recoverySecret), recovery_signing_key: ed25519Public(who.recoverySigning) },
    [[`${who.name} identity`, who.identity], [`${who.name} invitation`, keys.seed]], { joining: true });
    if (!by) return;
    who.psk[hex(by.member)] = keys.psk;
    by.psk[hex(who.member)] = keys.psk;
}

append('GENESIS', chains.practice, null, {}, root);
append('SERVER_KEYS', chains.practice, null, { login_key: ed25519Public(seeds.login), log_key: ed25519Public(seeds.log), tls_pin: fixed('tls') }, root);
append('WITNESS_POLICY', chains.practice, null, { policy: Buffer.from('quorum none\n') }, root);
invite(AD, N.ROLE_ADMIN, null);
invite(T1, N.ROLE_THERAPIST, AD);
invite(T2, N.ROLE_THERAPIST, AD);
const delegation = append('DELEGATION', T1, AD, {}, device(AD));
invite(C1, N.ROLE_CLIENT, T1, delegation);
append('RELATION', C1, AD, { staff: T1.member, kind: N.RELATION_TREATS }, device(AD));
second.device = append('DEVICE', C1, C1, { device: deviceKeys(second) }, [['C1 identity', C1.identity], ['C1 second content', second.content]],
    { joining: true });

// ---- the section: statements and entries

const sectionId = fixed('section', 16), chart = chartId(practice, C1.member);
const entries = [], epochs = [];
let timeline;
const put = (kind, object, values = {}) => {
    // A statement's entry is written down with the statement; the others after all so far.
    const last = kind === N.ENTRY_STATEMENT || kind === N.ENTRY_ECHO ? log.length - 1 : log.length;
    entries.push({ number: entries.length + 1, kind, ...(kind === N.ENTRY_REVISION ? values : { object }), time_ms: timeOf(last) });
    timeline ??= new Timeline(authority, authority.section(sectionId));
    timeline.step({ wrap: none, envelope: none, ...entries.at(-1) });
    Object.assign(entries.at(-1), { head: timeline.head, times: timeline.times });
};
const say = (name, by, body) => {
    const hash = append(name, chains.section, by, body, device(by));
    put(N.ENTRY_STATEMENT, hash);
    return hash;
};
const section = () => authority.section(sectionId);
const self = (who) => ({ member: who.member, device: who.device, psk: who.psk, contentSeed: who.content });

function epoch(by) {
    const number = section().epochs.length + 1;
    const when = { seq: log.length, time: timeOf(log.length) };
    const { key, body } = makeEpoch(authority, section(), self(by), timeline, when, null,
        { key: fixed(`epoch ${number}`), ephemeral: (i) => fixed(`epoch ${number} seal ${i}`) });
    const members = authority.live(section(), when).map((one) => hex(one.id)).join(' ');
    epochs.push({ number, key, body, members });
    return say('EPOCH', by, body);
}
const revisions = [];
function revise(by, title, values) {
    const n = revisions.length + 1;
    const random = { key: fixed(`revision ${n}`), wrapNonce: fixed(`revision ${n} wrap`, 24), nonce: fixed(`revision ${n} nonce`, 24) };
    const last = timeline.devices.get(hex(by.device)) ?? { number: 0, link: none };
    const body = { kind: N.NOTE_REFLECTION, title: Buffer.from(title), text: Buffer.from('She slept through the night.'), written_ms: timeOf(log.length) };
    const current = section().epochs.at(-1);
    const made = makeRevision(practice, self(by), epochs[current.number - 1].key, { section: sectionId, class: N.CLASS_SHARED, chart,
        note: fixed(`note ${n}`, 16), epoch: current.number, epoch_statement: current.hash, kind: N.REVISION_SIGNED, device_number: last.number + 1,
        device_link: last.link, section_number: timeline.number, section_head: timeline.head, seen: sizes(), ...values }, body, random);
    const { link, ...bytes } = made;
    revisions.push({ by, made, random, body: encode('NoteBody', body), number: timeline.number + 1, epoch: current.number });
    put(N.ENTRY_REVISION, link, bytes);
}

say('SECTION', T1, { section: sectionId, chart, class: N.CLASS_SHARED, client: C1.member, client_identity: authority.member(C1.member).identity });
const granted = (who, values) => ({ member: who.member, identity: authority.member(who.member).identity, ...values });
say('GRANT', T1, granted(C1, { rights: 3, basis_kind: N.BASIS_SELF }));
epoch(T1);
revise(T1, 'The pull', {});
// COVERS ends by the clock between two statements below.
const covers = append('RELATION', C1, AD, { staff: T2.member, kind: N.RELATION_COVERS, until_ms: timeOf(24) + 500 }, device(AD));
const t2Grant = say('GRANT', T1, granted(T2, { rights: 1, history_from: 1, basis_kind: N.BASIS_RELATION, basis: covers }));
epoch(T1);
const resealed = authority.recipients(section(), { seq: log.length, time: timeOf(log.length) }).filter((one) => one.member.id.equals(T2.member));
say('RESEAL', T1, { section_number: timeline.number, section_head: timeline.head,
    start: [...timeline.devices.values()], key: resealed.map(({ hash, kind, key }, i) => {
        const [share, sealed] = hpkeSeal(fixed(`reseal ${i}`), key, sealInfo(practice, sectionId, 1, epochs[0].body.membership, hash, T1.device),
            null, epochs[0].key);
        return { epoch: 1, seal: { kind, recipient: hash, mode: N.SEAL_BASE, share, sealed } };
    }) });
revise(T1, 'Later', {});
put(N.ENTRY_ECHO, append('DEVICE_REVOCATION', C1, C1, { revoked: second.device }, device(C1)));
put(N.ENTRY_ECHO, append('SUSPENSION', T2, AD, {}, device(AD)));
put(N.ENTRY_ECHO, append('RESUMPTION', T2, AD, {}, device(AD)));
say('BAD_SEAL', T2, { statement: section().reseals[0].hash });
put(N.ENTRY_ENDED, t2Grant);
append('RELATION_END', C1, AD, { relation: covers }, device(AD));
say('REVOCATION', T1, { grant: t2Grant });
epoch(T1);

// ---- events: a login, then one for each entry of the section, then two reads by C1

const events = [];
let clock = timeOf(0);
function event({ time_ms: time = clock + 1000, ...open }, target) {
    const n = events.length;
    clock = time;
    const { chart_number: number = 0 } = target;
    const previous = number > 1 ? events.filter((one) => one.chartNumber === number - 1)[0].hash : none;
    const parts = { open: encode('EventOpen', { version: 1, salt: fixed(`salt ${n}`), time_ms: time, outcome: N.OUTCOME_OK, ...open }),
        target: encode('EventTarget', { ...target, chart_previous: previous }),
        restricted: encode('EventRestricted', { device: fixed('C1 device', 16), source: fixed('source', 16) }) };
    const openings = { target: fixed(`target ${n}`), restricted: fixed(`restricted ${n}`) };
    const hashes = Object.fromEntries(['target', 'restricted'].map((part) => [part, eventPartHash(practice, part, openings[part], parts[part])]));
    const leaf = eventLeaf(parts.open, hashes.target, hashes.restricted);
    events.push({ ...parts, openings, hashes, leaf, hash: leafHash(leaf), chartNumber: number });
}
const asC1 = { actor: C1.member, role: N.ROLE_CLIENT };
event({ ...asC1, action: N.ACTION_LOGIN }, { basis_kind: N.BASIS_SELF });
const aboutChart = (number) => ({ class: N.CLASS_SHARED, chart, section: sectionId, section_number: number, section_head: entries[number - 1].head,
    section_times: entries[number - 1].times,
    chart_number: events.filter((one) => one.chartNumber > 0).length + 1 });
const ACTIONS = { [N.ENTRY_REVISION]: N.ACTION_WRITE, [N.ENTRY_STATEMENT]: N.ACTION_GRANT, [N.ENTRY_ECHO]: N.ACTION_SUSPEND, [N.ENTRY_ENDED]: N.ACTION_GRANT_ENDED };
for (const entry of entries) {
    event({ time_ms: entry.time_ms, actor: T1.member, role: N.ROLE_THERAPIST, action: ACTIONS[entry.kind] }, { ...aboutChart(entry.number), object: entry.object ?? none,
        from: entry.number, to: entry.number, basis_kind: N.BASIS_OWNER });
}
const eventsRoot = (size) => rootOf(events.slice(0, size).map((one) => one.hash));
// C1 writes with all that it has seen: the events so far and the chart's last one.
const seenEvents = { events_size: events.length, events_root: eventsRoot(events.length) };
revise(C1, 'An answer', { chart_number: events.length - 1, chart_leaf: events.at(-1).hash, seen: { ...sizes(), ...seenEvents } });
const read = (from, to) => event({ ...asC1, action: N.ACTION_READ, purpose: N.PURPOSE_PATRQT },
    { ...aboutChart(entries.length), from, to, basis_kind: N.BASIS_GRANT, basis: section().grants[1].hash });
event({ ...asC1, time_ms: entries.at(-1).time_ms, action: N.ACTION_WRITE }, { ...aboutChart(entries.length), object: revisions.at(-1).made.link, basis_kind: N.BASIS_GRANT });
read(1, entries.length);
read(3, 5);

// ---- the file

record('keys', 'Seeds of Ed25519 keys and secrets of X25519 keys. "C1 second" is C1\'s second device. The PSK of a pair\nand the seed of an invitation come from the secret of the invited one.',
    Object.fromEntries([['root', seeds.root], ['server login', seeds.login], ['server log', seeds.log],
        ...[...Object.values(people), second].flatMap((who) => [['content', who.content], ['login', who.loginKey], ['sealing', who.sealingSecret],
            ...(who === second ? [] : [['identity', who.identity], ['recovery', who.recoverySecret], ['secret', who.secret]])]
            .map(([kind, value]) => [`${who.name} ${kind}`, value]))]));
record('practice', 'id: plain SHA-256 of the genesis statement. identity: of C1 and T1. code: what these two compare.', { id: practice,
    label: chains.practice.label, c1: identityHash(practice, ed25519Public(C1.identity)), t1: identityHash(practice, ed25519Public(T1.identity)),
    code: ((digest) => [0, 4, 8, 12, 16].map((at) => String(digest.readUInt32BE(at) % 100000).padStart(5, '0')).join(' '))(framed('short-code', practice,
        shortCodeOrder(identityHash(practice, ed25519Public(C1.identity)), identityHash(practice, ed25519Public(T1.identity))))) });
log.forEach((one) => record(`statement ${one.seq}`, `A statement at index seq: its type's number and name, its place, the seeds that sign it in their order,\nits bytes, framed hash, and its leaf made of opening and time.`,
    { name: one.name, type: one.type, seq: one.seq, label: one.label, number: one.number, signers: one.signers, bytes: one.bytes, hash: one.hash,
        time: timeOf(one.seq), opening: one.opening, leaf: one.leaf }));
epochs.forEach((one) => record(`epoch ${one.number}`, 'An epoch: its key, the ids of the live members, and the ephemeral X25519 secret of each seal in the order of the\nstatement. "to N" names the key of [keys] that opens it; the mode is in the statement.',
    { statement: section().epochs[one.number - 1].hash, key: one.key, members: one.members, membership: one.body.membership,
        commitment: commitment(practice, one.key, sectionId, one.number, one.body.membership), seals: one.body.seal.length,
        ...Object.fromEntries(one.body.seal.flatMap((seal, i) => [[`ephemeral ${i}`, fixed(`epoch ${one.number} seal ${i}`)],
            [`to ${i}`, openerOf(seal)], [`sealed ${i}`, Buffer.concat([seal.share, seal.sealed])]])) }));
function openerOf({ recipient, kind }) {
    const who = [...Object.values(people), second].find((one) => one.device.equals(recipient));
    return `${who.name} ${kind === N.RECIPIENT_DEVICE ? 'sealing' : 'recovery'}`;
}
entries.forEach((one) => record(`entry ${one.number}`, 'An entry of the section: kind, object (for a revision its link), the time at which it was written down,\nand head and times after it.',
    { number: one.number, kind: one.kind, object: one.object ?? revisions.find((made) => made.number === one.number).made.link,
        time: one.time_ms, head: one.head, times: one.times }));
revisions.forEach(({ made, random, body, number, epoch: of, by }, i) => record(`revision ${i + 1}`, 'A revision: the random values that it was sealed with, its text (a NoteBody) and its parts. The envelope is in the page.',
    { number, author: `${by.name} content`, epoch: of, revision_key: random.key, wrap_nonce: random.wrapNonce, envelope_nonce: random.nonce, text: body,
        context: made.context, header: made.header, signature: made.signature, link: made.link, wrap: made.wrap, envelope_size: made.envelope.length,
        envelope_sha256: sha256(made.envelope) }));
events.forEach((one, i) => record(`event ${i}`, 'An event at index seq: three parts, their openings, and the leaf\'s hash. number: its running number in the chart, or 0.',
    { seq: i, open: one.open, target: one.target, target_opening: one.openings.target, restricted: one.restricted,
        restricted_opening: one.openings.restricted, number: one.chartNumber, leaf: one.leaf, leaf_hash: one.hash }));
const note = (name, size, top) => makeCheckpoint(practice, name, size, top, seeds.log, ed25519Public(seeds.log));
const hashes = events.map((one) => one.hash), all = events.length;
const path = (steps) => Buffer.concat(steps);
const { statements_size: size, statements_root: top } = sizes();
record('checkpoints', 'Signed notes with line feeds as \\n, of both logs; of the events log an older one, and the proofs between: hashes end\nto end. The inclusion is of event 18.',
    { statements_size: size, statements_root: top, statements: note('statements', size, top).toString().replaceAll('\n', '\\n'),
        older_size: 7, older_root: eventsRoot(7), older: note('events', 7, eventsRoot(7)).toString().replaceAll('\n', '\\n'),
        events_size: all, events_root: eventsRoot(all), events: note('events', all, eventsRoot(all)).toString().replaceAll('\n', '\\n'),
        consistency: path(proofBetween(hashes, 7)), inclusion: path(pathOf(hashes, 18)) });
const helloBytes = encode('Hello', { version_min: 2, version_max: 2, nonce: fixed('hello nonce'), practice, login_key: ed25519Public(seeds.login),
    statements_checkpoint: note('statements', size, top), events_checkpoint: note('events', all, eventsRoot(all)) });
const exporter = fixed('exporter'), nonce = fixed('client nonce');
const profile = { member: C1.member, device: C1.device, seen: { statements: { size, root: top }, events: { size: 7, root: eventsRoot(7) } } };
const hello = { nonce: fixed('hello nonce'), login_key: ed25519Public(seeds.login) };
const signedClient = frame('login-client', practice, ...loginParts(exporter, hello, nonce, helloBytes, profile));
const loginBytes = encode('Login', { version: 2, nonce, member: C1.member, device_statement: C1.device, seen: { statements_size: size, statements_root: top,
    events_size: 7, events_root: eventsRoot(7) }, signature: sign(C1.loginKey, signedClient) });
const both = [exporter, hello.nonce, nonce, sha256(loginBytes)];
record('login', 'C1 logs in having verified the checkpoint of 7 events. exporter: of the TLS connection. hello, login, reply: the three\nbodies. signed_client, signed_server, signed_rewound: the bytes that are signed.',
    { exporter, hello: helloBytes, signed_client: signedClient, login: loginBytes, signed_server: frame('login-server', practice, ...both),
        reply: encode('LoginReply', { signature: sign(seeds.login, frame('login-server', practice, ...both)), statements: {},
            events: { path: proofBetween(hashes, 7) }, event: all }),
        signed_rewound: frame('rewound', practice, ...both, u64(5), u64(6)),
        rewound: encode('LoginReply', { signature: sign(seeds.login, frame('rewound', practice, ...both, u64(5), u64(6))), statements_size: 5, events_size: 6 }) });
function page(name, how, from, to, seq) {
    const of = events[seq];
    record(name, how, { from, to, reply: encode('PageReply', { proof: { leaf: { seq, open: of.open, target_hash: of.hashes.target,
        restricted_hash: of.hashes.restricted, target_opening: of.openings.target, target: of.target, restricted_opening: of.openings.restricted,
        restricted: of.restricted }, advance: { checkpoint: note('events', all, eventsRoot(all)), consistency: proofBetween(hashes, 7) },
    inclusion: pathOf(hashes, seq) }, section_head_before: from > 1 ? entries[from - 2].head : none, from, to,
    section_times_before: from > 1 ? entries[from - 2].times : none }),
    chunk: encode('PageChunk', { entry: entries.slice(from - 1, to).map(({ head, times, ...entry }) => entry), last: true }) });
}
page('page', 'C1 reads the whole section, having verified 7 events: PageReply and the one PageChunk.', 1, entries.length, all - 2);
page('partial page', 'C1 reads 3 to 5: the event has the last number and head of the section all the same.', 3, 5, all - 1);
process.stdout.write(`${lines.join('\n')}\n`);
