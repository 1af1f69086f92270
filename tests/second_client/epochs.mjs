// PROTOCOL.md section 4.5: epochs, reseals, their seals and keys.
import { field, hex, limits, maybe, must, none, numbers, same } from './bytes.mjs';
import { commitment, hpkeOpen, hpkeSeal, random, sealInfo } from './crypto.mjs';

const N = numbers;

function parseSeal(seal) {
    must(seal && (seal.kind === N.RECIPIENT_DEVICE || seal.kind === N.RECIPIENT_RECOVERY) &&
        (seal.mode === N.SEAL_BASE || seal.mode === N.SEAL_PSK), 'a seal of another form');
    must(seal.share.length === limits.SEAL_SHARE_BYTES && seal.sealed.length === limits.SEAL_SEALED_BYTES, 'a seal of another size');
    return { ...seal, hash: field(seal.recipient, 32, 'recipient') };
}

function checkPosition(body) {
    must(body.section_number > 0, 'no place in the section');
    field(body.section_head, 32, 'section_head');
    body.start.forEach(({ device, number, link }, i) => {
        field(device, 32, 'start');
        field(link, 32, 'start');
        must(number > 0 && (i === 0 || Buffer.compare(body.start[i - 1].device, device) < 0), 'start is out of order');
    });
}

const before = (a, b) => (a.epoch ?? 0) - (b.epoch ?? 0) || Buffer.compare(a.hash, b.hash) || a.kind - b.kind;

export function judgeEpoch(authority, { statement: { body, hash, link }, when, chain: { section }, signer }) {
    must(authority.may(signer, 'write', section, when), 'may not rotate');
    checkPosition(body);
    const last = section.epochs.at(-1);
    must(body.epoch === section.epochs.length + 1 && same(maybe(body.previous_epoch, 32, 'previous_epoch'), last?.hash ?? none),
        'not the next epoch');
    const wanted = authority.recipients(section, when);
    const seals = body.seal.map(parseSeal);
    must(seals.length > 0 && seals.length === wanted.length && seals.every((seal, i) => same(seal.hash, wanted[i].hash) &&
        seal.kind === wanted[i].kind), 'not exactly those who are in');
    must(same(body.membership, authority.membership(section, when)), 'another membership');
    field(body.commitment, 32, 'commitment');
    section.epochs.push({ hash, number: body.epoch, membership: body.membership, commitment: body.commitment, body, seals,
        recipients: wanted.map(({ hash: of, kind }) => ({ hash: of, kind })), seq: when.seq, time: when.time,
        signer: signer.id, device: link.device });
}

export function judgeReseal(authority, { statement: { body, hash, link }, when, chain: { section }, signer, device }) {
    must(authority.may(signer, 'read', section, when), 'is not in');
    checkPosition(body);
    const keys = body.key.map(({ epoch, seal }) => ({ ...parseSeal(seal), epoch }));
    must(keys.length > 0 && keys.every((key, i) => i === 0 || before(keys[i - 1], key) < 0), 'keys out of order');
    const owner = authority.may(signer, 'own', section, when);
    for (const { epoch, hash: of, kind } of keys) {
        const to = authority.device(of);
        const member = to && authority.member(to.member);
        must(epoch > 0 && epoch <= section.epochs.length && member && authority.rights(section, member, when) !== 0, 'resealed to nobody');
        must(kind === N.RECIPIENT_DEVICE ? authority.deviceLive(to, when) : same(member.enrolment, of), 'resealed to a revoked device');
        if (member === signer) {
            must(kind === N.RECIPIENT_RECOVERY || !same(of, device.statement), 'resealed to itself');
            continue;
        }
        const { from, signer: by } = authority.grant(section, member, when);
        const held = section.epochs[epoch - 1].recipients.some((one) => same(authority.device(one.hash).member, member.id));
        must((owner || same(by, signer.id)) && ((from > 0 && epoch >= from) || held), 'resealed without right');
    }
    section.reseals.push({ hash, keys, body, seq: when.seq, signer: signer.id, device: link.device });
}

export function judgeBadSeal(authority, { statement: { body }, when, chain: { section }, signer, device }) {
    must(authority.may(signer, 'read', section, when), 'is not in');
    const named = [...section.epochs.map((one) => ({ hash: one.hash, to: one.recipients })),
        ...section.reseals.map((one) => ({ hash: one.hash, to: one.keys }))].find((one) => same(one.hash, body.statement));
    must(named && named.to.some((one) => one.kind === N.RECIPIENT_DEVICE && same(one.hash, device.statement)), 'complains of nothing');
}

/** PSK exactly for a device of somebody with whom an invitation's secret is shared. */
function pskFor(self, member, kind) {
    return kind === N.RECIPIENT_DEVICE && !same(member, self.member) ? self.psk[hex(member)] : undefined;
}

/** Every epoch key of the section that is sealed to this device: number to key. */
export function openKeys(authority, section, self) {
    const keys = new Map();
    const open = (seal, epoch, from) => {
        if (seal.kind !== N.RECIPIENT_DEVICE || !same(seal.hash, self.device) || keys.has(epoch.number)) return;
        const psk = pskFor(self, from.signer, seal.kind);
        must(seal.mode === (psk ? N.SEAL_PSK : N.SEAL_BASE), 'a seal in another mode than the pair has');
        const info = sealInfo(authority.practice, section.id, epoch.number, epoch.membership, seal.hash, from.device);
        const key = hpkeOpen(self.sealingSecret, seal.share, seal.sealed, info, psk);
        must(same(commitment(authority.practice, key, section.id, epoch.number, epoch.membership), epoch.commitment),
            'a key that the epoch does not commit to');
        keys.set(epoch.number, key);
    };
    section.epochs.forEach((epoch) => epoch.seals.forEach((seal) => open(seal, epoch, epoch)));
    section.reseals.forEach((reseal) => reseal.keys.forEach((key) => open(key, section.epochs[key.epoch - 1], reseal)));
    return keys;
}

/** The body of a new EPOCH at |when|, and its key. |timeline| says where the section stands. */
export function makeEpoch(authority, section, self, timeline, when, link, fixed = {}) {
    const key = fixed.key ?? random(32);
    const epoch = section.epochs.length + 1;
    const membership = authority.membership(section, when);
    const seal = authority.recipients(section, when).map(({ hash, kind, key: to, member }, i) => {
        const psk = pskFor(self, member.id, kind);
        const info = sealInfo(authority.practice, section.id, epoch, membership, hash, self.device);
        const [share, sealed] = hpkeSeal(fixed.ephemeral?.(i) ?? random(32), to, info, psk, key);
        return { kind, recipient: hash, mode: psk ? N.SEAL_PSK : N.SEAL_BASE, share, sealed };
    });
    const start = [...timeline.devices.values()].map(({ device, number, link: last }) => ({ device, number, link: last }))
        .sort((a, b) => Buffer.compare(a.device, b.device));
    return { key, body: { link, epoch, previous_epoch: section.epochs.at(-1)?.hash ?? none, membership,
        commitment: commitment(authority.practice, key, section.id, epoch, membership), section_number: timeline.number,
        section_head: timeline.head, start, seal } };
}
