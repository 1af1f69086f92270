// Who is who and who may what: statements, judged at their place (PROTOCOL.md section 4.1), and the
// rights that follow (4.3). The table of section 7 is read from PROTOCOL.md itself.
import { readFileSync } from 'node:fs';

import { Stop, cat, decode, field, hex, isZero, limits, maybe, must, numbers, same, u32, u64, zeros } from './bytes.mjs';
import { framed, frame, sha256, verify } from './crypto.mjs';
import { judgeEpoch, judgeReseal, judgeBadSeal } from './epochs.mjs';

const NEVER = Infinity;
const N = numbers;
const ROLES = ['', 'therapist', 'client', 'auditor', 'admin'];
const CLASSES = ['', 'process', 'progress', 'session', 'shared', 'journal', 'safety', 'directory'];
const RELATIONS = { [N.RELATION_TREATS]: 'treats', [N.RELATION_SUPERVISES]: 'supervises', [N.RELATION_TRAINS]: 'trains',
    [N.RELATION_COVERS]: 'covers' };

// ---- section 7

const words = (cell) => cell.split(',').map((word) => word.trim());
const table = [];
const section7 = readFileSync(new URL('../../proto/PROTOCOL.md', import.meta.url), 'utf8').split(/^## /m)
    .find((part) => part.startsWith('7.'));
for (const [, roles, relations, classes, acts] of section7.matchAll(/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)) {
    for (const role of roles === 'everyone' ? ROLES.slice(1) : words(roles)) {
        for (const relation of words(relations)) {
            for (const name of classes === '–' ? [''] : words(classes)) {
                const plain = relation === 'trains its author' ? 'trains' : relation;
                table.push({ role, relation: plain, name, acts: words(acts) });
            }
        }
    }
}
const allows = (role, relations, name, act) => table.some((row) => row.role === ROLES[role] && row.name === name &&
    (row.relation === 'any' || relations.has(row.relation)) && row.acts.includes(act));

// ---- statements: label, chain, and who signs

const TYPES = {};
for (const [name, chain, signer] of [['GENESIS', 1, 'root'], ['SERVER_KEYS', 1, 'root'], ['WITNESS_POLICY', 1, 'root'],
    ['INVITATION', 4, 'root or device'], ['ENROLMENT', 4, 'identity'], ['DEVICE', 4, 'identity'],
    ['DEVICE_REVOCATION', 4, 'device'], ['DELEGATION', 4, 'device'], ['RELATION', 4, 'device'], ['RELATION_END', 4, 'device'],
    ['SUSPENSION', 4, 'root or device'], ['RESUMPTION', 4, 'root or device'], ['SECTION', 20, 'device'], ['GRANT', 20, 'device'],
    ['REVOCATION', 20, 'device'], ['EPOCH', 20, 'device'], ['RESEAL', 20, 'device'], ['BAD_SEAL', 20, 'device']]) {
    const body = name.toLowerCase().replace(/(^|_)(.)/g, (_, __, letter) => letter.toUpperCase());
    TYPES[N[`STATEMENT_${name}`]] = { name, chain, signer, body, label: name.toLowerCase().replaceAll('_', '-'),
        signatures: signer === 'identity' ? 2 : 1 };
}
export const statementType = (name) => TYPES[N[`STATEMENT_${name}`]];
export const statementHash = (practice, bytes, genesis = false) => framed('statement', genesis ? zeros(32) : practice, bytes);
export const chartId = (practice, client) => framed('chart', practice, client).subarray(0, 16);
export const identityHash = (practice, key) => framed('identity', practice, key);

/** The form of section 4.1, step 1. */
export function parseStatement(practice, bytes) {
    const outer = decode('Statement', bytes);
    const type = TYPES[outer.type];
    must(outer.suite === 1 && type && outer.signature.length === type.signatures, 'a statement of another form');
    must(outer.body.length <= limits.STATEMENT_BODY_BYTES_MAX, 'a body that is too large');
    const body = decode(type.body, outer.body);
    const { link } = body;
    must(link, 'a statement without a place');
    field(link.label, 32, 'label');
    maybe(link.previous, 32, 'previous');
    maybe(link.member, 16, 'signer');
    maybe(link.device, 32, 'signing device');
    must((link.number === 0) === (link.previous.length === 0), 'number 0 alone has nothing before it');
    const byRoot = link.member.length === 0, byDevice = link.device.length > 0;
    must({ root: byRoot && !byDevice, 'root or device': byRoot !== byDevice, device: !byRoot && byDevice,
        identity: !byRoot && !byDevice }[type.signer], 'a signer of another kind');
    return { bytes, type, outer, body, link, byRoot, hash: statementHash(practice, bytes, type.name === 'GENESIS') };
}

const holds = (until, when) => until === 0 || until > when.time;
const started = (fact, when) => fact.seq < when.seq && fact.ended >= when.seq;
const inForce = (fact, when) => started(fact, when) && holds(fact.until, when);

export class Authority {
    constructor(practice) {
        this.practice = practice;
        this.chains = new Map(); // by label: {kind, id, count, last, seq, member?, section?}
        this.members = new Map();
        this.devices = new Map(); // by statement hash
        this.sections = new Map();
        this.facts = new Map(); // statements of members' chains, by hash: {seq, time}
        this.charts = new Map(); // chart id to client
        this.keys = null;
        this.root = null;
    }

    member(id) { return this.members.get(hex(id)); }
    device(hash) { return this.devices.get(hex(hash)); }
    section(id) { return this.sections.get(hex(id)); }

    // ---- section 4.3

    active(member, when) {
        return !!member && member.enrolled < when.seq &&
            !member.suspensions.some((span) => span.seq < when.seq && span.ended >= when.seq);
    }

    deviceLive(device, when) { return !!device && device.seq < when.seq && device.revoked >= when.seq; }

    grant(section, member, when) {
        const newest = section.grants.filter((one) => same(one.member, member.id) && one.seq < when.seq).at(-1);
        return newest && newest.ended >= when.seq ? newest : undefined;
    }

    relationsIn(subject, staff, when) {
        return (subject?.relations ?? []).filter((one) => same(one.staff, staff.id) && inForce(one, when))
            .map((one) => RELATIONS[one.kind]);
    }

    /** Outside of any section: of the actor to the client whom a chart is or would be about. */
    relations(actor, client, when) {
        const found = new Set();
        if (actor.delegations.some((one) => inForce(one, when))) found.add('delegated');
        if (client) {
            if (client === actor) found.add('own chart');
            this.relationsIn(client, actor, when).forEach((one) => found.add(one));
            for (const treats of client.relations.filter((one) => one.kind === N.RELATION_TREATS && inForce(one, when))) {
                this.relationsIn(this.member(treats.staff), actor, when).forEach((one) => found.add(one));
            }
        }
        return found;
    }

    relation(hash) {
        for (const subject of this.members.values()) {
            const relation = subject.relations.find((one) => same(one.hash, hash));
            if (relation) return { ...relation, subject };
        }
        return undefined;
    }

    namesOwn(grant, when) {
        return !!grant && (grant.rights & N.RIGHT_OWN) !== 0 && holds(grant.until, when);
    }

    /** Whether this member's grant of OWN stands, by its statements and the clock alone. */
    ownerStands(section, member, when) {
        const grant = this.grant(section, member, when);
        if (!this.namesOwn(grant, when)) return false;
        if (grant.kind !== N.BASIS_RELATION) return true;
        const relation = this.relation(grant.basis);
        return !!relation && inForce(relation, when);
    }

    /** 4.3: by what the rights of a grant are limited; and the relation that it rests on, while that counts. */
    basis(section, grant, when) {
        const found = new Set();
        const relation = grant.kind === N.BASIS_RELATION ? this.relation(grant.basis) : undefined;
        if (same(section.maker, grant.member)) found.add('author');
        if (grant.kind === N.BASIS_SELF && section.client.length > 0 && same(section.client, grant.member)) found.add('own chart');
        if (!relation || !inForce(relation, when) || !same(relation.staff, grant.member)) return { found };
        const name = RELATIONS[relation.kind];
        const counts = name === 'treats' || name === 'covers' ? same(relation.subject.id, section.client)
            : this.ownerStands(section, relation.subject, when);
        return counts ? { found: found.add(name), relation } : { found };
    }

    ceiling(section, grant, when) {
        const { found } = this.basis(section, grant, when);
        const may = (act) => allows(this.member(grant.member).role, found, CLASSES[section.class], act);
        return (may('read') ? 1 : 0) | (may('write') ? 2 : 0) | (may('own') ? 4 : 0);
    }

    /** By a right in force, and with a device. */
    owns(section, member, when) {
        return (this.rights(section, member, when) & N.RIGHT_OWN) !== 0 &&
            member.devices.some((device) => this.deviceLive(device, when));
    }

    unowned(section, when) {
        return !this.live(section, when).some((one) => this.owns(section, one, when));
    }

    rights(section, member, when) {
        const grant = member && this.grant(section, member, when);
        if (!grant || !holds(grant.until, when) || !this.active(member, when) || !same(grant.identity, member.identity)) return 0;
        const rights = grant.rights & this.ceiling(section, grant, when);
        return rights & N.RIGHT_READ ? rights : 0;
    }

    live(section, when) {
        const ids = new Map(section.grants.map((one) => [hex(one.member), one.member]));
        return [...ids.keys()].sort().map((id) => this.members.get(id)).filter((one) => this.rights(section, one, when) !== 0);
    }

    line(section, member, when) {
        return cat(member.id, member.identity, u32(this.rights(section, member, when)),
            u64(this.grant(section, member, when).until));
    }

    membership(section, when) {
        return framed('membership', this.practice, ...this.live(section, when).map((one) => this.line(section, one, when)));
    }

    recipients(section, when) {
        const list = [];
        for (const member of this.live(section, when)) {
            list.push({ hash: member.enrolment, kind: N.RECIPIENT_RECOVERY, key: member.recovery, member });
            for (const device of member.devices.filter((one) => this.deviceLive(one, when))) {
                list.push({ hash: device.statement, kind: N.RECIPIENT_DEVICE, key: device.sealing, member });
            }
        }
        return list.sort((a, b) => Buffer.compare(a.hash, b.hash) || a.kind - b.kind);
    }

    /** The first moment after |when| at which the clock alone takes rights of this grant's member. */
    endAfter(section, grant, when) {
        const member = this.member(grant.member);
        if (this.grant(section, member, when) !== grant) return 0;
        const untils = section.grants.flatMap((one) => [one.until,
            one.kind === N.BASIS_RELATION ? this.relation(one.basis)?.until ?? 0 : 0]);
        const falls = (until) => this.rights(section, member, { seq: when.seq, time: until - 1 }) &
            ~this.rights(section, member, { seq: when.seq, time: until });
        return untils.filter((until) => until > when.time && falls(until)).sort((a, b) => a - b)[0] ?? 0;
    }

    /** The section's state (5.3), as text to compare. */
    state(section, when) {
        return this.live(section, when).map((member) => {
            const parts = [hex(this.line(section, member, when)), member.devices.filter((one) => one.revoked < when.seq).length];
            const grant = this.grant(section, member, when);
            for (let at = when, end; (end = this.endAfter(section, grant, at)) !== 0;) {
                at = { seq: when.seq, time: end };
                parts.push(end, this.rights(section, member, at));
            }
            return parts.join(' ');
        }).join('\n');
    }

    epoch(section, when) { return section.epochs.filter((one) => one.seq < when.seq).at(-1); }

    closed(section, when) {
        const epoch = this.epoch(section, when);
        if (!epoch) return true;
        const given = [...epoch.recipients, ...section.reseals.filter((one) => one.seq < when.seq)
            .flatMap((one) => one.keys.filter((key) => key.epoch === epoch.number))];
        const isOut = ({ hash, kind }) => {
            const device = this.device(hash);
            return !device || this.rights(section, this.member(device.member), when) === 0 ||
                (kind === N.RECIPIENT_DEVICE && !this.deviceLive(device, when));
        };
        const reached = new Set(epoch.recipients.map(({ hash }) => hex(this.device(hash).member)));
        return given.some(isOut) || this.live(section, when).some((one) => !reached.has(hex(one.id)));
    }

    may(member, act, section, when) {
        const needed = { read: N.RIGHT_READ, write: N.RIGHT_WRITE, own: N.RIGHT_OWN }[act];
        return (this.rights(section, member, when) & needed) !== 0;
    }

    // ---- section 4.1

    /** Judges one statement at its place and takes it in; stops with why it does not hold. */
    admit(bytes, seq, time) {
        const statement = parseStatement(this.practice, bytes);
        const when = { seq, time };
        try {
            this.admitParsed(statement, when);
        } catch (error) {
            if (error instanceof Stop) error.message = `${statement.type.label} at index ${seq}: ${error.message}`;
            throw error;
        }
        return statement;
    }

    admitParsed(statement, when) {
        const { type, link } = statement;
        const chain = this.place(statement, when);
        const signer = this.signer(statement, chain, when);
        signer.keys.forEach((key, i) => verify(key, frame(type.label, type.name === 'GENESIS' ? zeros(32) : this.practice,
            statement.outer.body), statement.outer.signature[i], type.label));
        const judged = { statement, when, chain, signer: signer.member, device: signer.device };
        this[`take${type.body}`](judged);
        chain.count = link.number + 1;
        chain.last = statement.hash;
        chain.seq = when.seq;
        this.chains.set(hex(link.label), chain);
        if (type.chain === N.STATEMENT_INVITATION) this.facts.set(hex(statement.hash), when);
        if (type.chain === N.STATEMENT_SECTION) chain.section.entries.push({ statement, when });
    }

    place({ type, link }, when) {
        const chain = this.chains.get(hex(link.label));
        const starts = ['GENESIS', 'INVITATION', 'SECTION'].includes(type.name);
        if (!chain) {
            must(link.number === 0 && starts && (type.name === 'GENESIS') === (this.root === null), 'no such chain');
            return { kind: type.chain, label: link.label, count: 0 };
        }
        must(chain.kind === type.chain && link.number === chain.count && same(link.previous, chain.last) && !starts &&
            when.seq > chain.seq, 'not the next of its chain');
        const second = chain.kind === N.STATEMENT_INVITATION && link.number === 1;
        must(second === (type.name === 'ENROLMENT') || (second && type.name === 'SUSPENSION'), 'a type that cannot stand here');
        must(link.number < 2 || !chain.member || chain.member.enrolled !== NEVER, 'follows an invitation that was withdrawn');
        return chain;
    }

    signer({ type, body, link, byRoot }, chain, when) {
        if (byRoot) return { keys: [type.name === 'GENESIS' ? body.root_key : this.root] };
        if (type.signer === 'identity') {
            const { member } = chain;
            must(same(link.member, member.id), 'signed for another member');
            if (type.name === 'ENROLMENT') return { keys: [body.identity_key, member.invitationKey] };
            must(this.active(member, when) && this.deviceLive(member.devices[0], when), 'the identity is frozen');
            return { member, keys: [member.identityKey, body.device.content_key] };
        }
        const member = this.member(link.member), device = this.device(link.device);
        must(member && device && same(device.member, link.member), 'a signer that is not known');
        must(this.deviceLive(device, when), 'signed by a revoked device');
        must(this.active(member, when), 'signed by a suspended member');
        return { member, device, keys: [device.content] };
    }

    // ---- the practice

    takeGenesis({ statement: { bytes, body } }) {
        must(same(sha256(bytes), this.practice), 'the genesis of another practice');
        this.root = field(body.root_key, 32, 'root key');
        field(body.salt, 32, 'salt');
    }

    takeServerKeys({ statement: { body } }) {
        const is = { login: field(body.login_key, 32, 'login key'), loginNext: body.login_next, log: field(body.log_key, 32, 'log key'),
            logNext: body.log_next, tls: field(body.tls_pin, 32, 'TLS pin'), tlsNext: body.tls_next };
        must(!same(is.login, is.log), 'one key for two uses');
        for (const name of this.keys ? ['login', 'log', 'tls'] : []) {
            must(same(is[name], this.keys[name]) || same(is[name], this.keys[`${name}Next`]), `a ${name} key that was not announced`);
        }
        this.keys = is;
    }

    takeWitnessPolicy({ statement: { body } }) {
        must(body.policy.length > 0 && body.policy.length <= limits.WITNESS_POLICY_BYTES_MAX, 'no policy');
    }

    // ---- sections: epochs.mjs has the rest; members.mjs adds the statements of members' chains

    takeSection({ statement: { body, hash, link }, when, chain, signer }) {
        must(body.class >= 1 && body.class <= 7, 'no such class');
        const directory = body.class === N.CLASS_DIRECTORY;
        const client = directory ? undefined : this.member(body.client);
        must(allows(signer.role, this.relations(signer, client, when), CLASSES[body.class], 'create'), 'may not make this');
        must(!this.section(field(body.section, 16, 'section')) && this.sections.size < limits.PRACTICE_SECTIONS_MAX, 'exists');
        if (directory) {
            must(isZero(cat(body.chart, body.client, body.client_identity)) && ![...this.sections.values()]
                .some((one) => one.class === N.CLASS_DIRECTORY), 'a second directory');
        } else {
            must(client && client.role === N.ROLE_CLIENT && client.enrolled < when.seq &&
                same(body.client_identity, client.identity), 'about nobody');
            const chart = hex(field(body.chart, 16, 'chart'));
            must(chart === hex(chartId(this.practice, body.client)), 'chart and client do not belong together');
            this.charts.set(chart, hex(body.client));
        }
        chain.section = { id: body.section, label: link.label, class: body.class, chart: body.chart, client: body.client,
            maker: signer.id, grants: [], epochs: [], reseals: [], entries: [] };
        this.putGrant(chain.section, { hash, member: signer.id, identity: signer.identity, rights: 7, until: 0, from: 0,
            signer: signer.id, ...this.makingRests(body.class, signer, client, when) }, when);
        this.sections.set(hex(body.section), chain.section);
    }

    /** 4.3: on what a maker's rights rest. */
    makingRests(kind, signer, client, when) {
        if (allows(signer.role, new Set(['author']), CLASSES[kind], 'read')) return { kind: N.BASIS_OWNER };
        if (client === signer) return { kind: N.BASIS_SELF };
        const rests = client?.relations.find((one) => same(one.staff, signer.id) && inForce(one, when) &&
            allows(signer.role, new Set([RELATIONS[one.kind]]), CLASSES[kind], 'create'));
        return rests ? { kind: N.BASIS_RELATION, basis: rests.hash } : { kind: N.BASIS_ROLE };
    }

    /** 4.4: what its maker may grant to themselves. */
    takesBack(section, member, when) {
        const client = section.client.length > 0 ? this.member(section.client) : undefined;
        return same(section.maker, member.id) && !!client && this.namesOwn(this.grant(section, member, when), when) &&
            this.unowned(section, when) &&
            allows(member.role, this.relations(member, client, when), CLASSES[section.class], 'create');
    }

    putGrant(section, grant, when) {
        section.grants.filter((one) => same(one.member, grant.member) && one.ended === NEVER)
            .forEach((one) => { one.ended = when.seq; });
        section.grants.push({ ...grant, seq: when.seq, ended: NEVER });
    }

    takeGrant({ statement: { body, hash }, when, chain: { section }, signer }) {
        const member = this.member(body.member);
        const own = this.may(signer, 'own', section, when), back = signer === member && this.takesBack(section, signer, when);
        const mine = this.grant(section, signer, when);
        const handsOn = !!mine && this.rights(section, signer, when) !== 0 && this.basis(section, mine, when).found.has('own chart') &&
            allows(signer.role, new Set(['own chart without owner']), CLASSES[section.class], 'let in a therapist who treats') && this.unowned(section, when);
        must(own || back || handsOn, 'may not let anybody in');
        must(member && this.active(member, when) && (member !== signer || back) && same(body.identity, member.identity), 'nobody to let in');
        const grant = { hash, member: member.id, identity: body.identity, rights: body.rights, until: body.until_ms,
            from: body.history_from, kind: body.basis_kind, basis: body.basis, signer: signer.id };
        const { found, relation } = this.basis(section, grant, when);
        must({ [N.BASIS_RELATION]: !!relation, [N.BASIS_SELF]: found.has('own chart') && body.basis.length === 0,
            [N.BASIS_ROLE]: section.client.length === 0 && body.basis.length === 0 }[body.basis_kind], 'rests on nothing that holds');
        must((body.rights & ~this.ceiling(section, grant, when)) === 0 && (body.rights & N.RIGHT_READ) !== 0, 'rights that nobody may give');
        must(own || relation?.kind === N.RELATION_TREATS, 'hands it on to nobody who treats');
        must(body.until_ms === 0 || body.until_ms > when.time, 'ended before it began');
        must(body.history_from <= section.epochs.length, 'history from an epoch that is not there');
        this.putGrant(section, grant, when);
        const after = { seq: when.seq + 1, time: when.time };
        must(this.live(section, after).length <= limits.SECTION_MEMBERS_MAX &&
            this.recipients(section, after).length <= limits.EPOCH_SEALS_MAX, 'too many');
    }

    takeRevocation({ statement: { body }, when, chain: { section }, signer }) {
        must(this.may(signer, 'own', section, when), 'may not let anybody out');
        const grant = section.grants.find((one) => same(one.hash, body.grant));
        must(grant && grant.ended === NEVER, 'no such grant, or it ended');
        must(this.live(section, when).some((one) => this.grant(section, one, when) !== grant && this.owns(section, one, when)),
            'the last owner');
        grant.ended = when.seq;
    }

    takeEpoch(judged) { judgeEpoch(this, judged); }
    takeReseal(judged) { judgeReseal(this, judged); }
    takeBadSeal(judged) { judgeBadSeal(this, judged); }
}

export { NEVER, allows, inForce };
