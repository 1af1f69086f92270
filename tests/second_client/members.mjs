// PROTOCOL.md section 4.1, step 5: the statements of members' chains.
import { cat, field, hex, limits, maybe, must, numbers, same } from './bytes.mjs';
import { Authority, NEVER, allows, identityHash, inForce } from './authority.mjs';

const N = numbers;
const practiceMay = (authority, member, act, when) => !!member && authority.active(member, when) &&
    allows(member.role, authority.relations(member, null, when), '', act);

function parseKeys(keys) {
    must(keys && keys.suite_min > 0 && keys.suite_min <= 0xffff, 'no device');
    const out = { id: field(keys.device, 16, 'device'), content: field(keys.content_key, 32, 'content key'),
        login: field(keys.login_key, 32, 'login key'), sealing: field(keys.sealing_key, 32, 'sealing key') };
    must(!same(out.content, out.login) && !same(out.content, out.sealing) && !same(out.login, out.sealing), 'one key for two uses');
    return out;
}

Object.assign(Authority.prototype, {
    takeInvitation({ statement: { body, hash, byRoot, link }, when, chain, signer }) {
        must(byRoot ? body.role === N.ROLE_ADMIN || body.role === N.ROLE_AUDITOR
            : body.role === N.ROLE_THERAPIST ? practiceMay(this, signer, 'invite staff', when)
                : body.role === N.ROLE_CLIENT && practiceMay(this, signer, 'invite clients', when), 'may not invite');
        must((body.role === N.ROLE_CLIENT) === (maybe(body.authority, 32, 'authority').length > 0), 'rests on something else');
        must(body.role !== N.ROLE_CLIENT || signer.delegations.some((one) => same(one.hash, body.authority) && inForce(one, when)),
            'rests on no delegation');
        must(body.expires_ms > when.time, 'expired before it was made');
        must(!this.member(field(body.invited, 16, 'invited')), 'A SECOND INVITATION for a member: somebody may be posing as this person');
        must(this.members.size < limits.PRACTICE_MEMBERS_MAX, 'too many members');
        chain.member = { id: body.invited, role: body.role, byRoot, inviter: link.member, inviterDevice: link.device, invitation: hash,
            invitationKey: field(body.key, 32, 'invitation key'), expires: body.expires_ms, seq: when.seq, enrolled: NEVER,
            devices: [], suspensions: [], relations: [], delegations: [] };
        this.members.set(hex(body.invited), chain.member);
    },

    putDevice(member, keys, hash, when) {
        const device = { ...keys, statement: hash, member: member.id, seq: when.seq, revoked: NEVER };
        member.devices.push(device);
        this.devices.set(hex(hash), device);
    },

    takeEnrolment({ statement: { body, hash }, when, chain: { member } }) {
        must(member.expires > when.time, 'the invitation had expired');
        must(member.byRoot || (this.active(this.member(member.inviter), when) &&
            this.deviceLive(this.device(member.inviterDevice), when)), 'the inviter is out');
        const keys = parseKeys(body.device);
        field(body.identity_key, 32, 'identity key');
        must(![keys.content, keys.login, body.recovery_signing_key, member.invitationKey].some((key) => same(key, body.identity_key)),
            'one key for two uses');
        Object.assign(member, { enrolled: when.seq, enrolment: hash, identityKey: body.identity_key,
            identity: identityHash(this.practice, body.identity_key), recovery: field(body.recovery_sealing_key, 32, 'recovery key'),
            recoverySigning: field(body.recovery_signing_key, 32, 'recovery key') });
        this.putDevice(member, keys, hash, when);
    },

    takeDevice({ statement: { body, hash }, when, chain: { member } }) {
        const keys = parseKeys(body.device);
        must(!member.devices.some((one) => ['id', 'content', 'login', 'sealing'].some((name) => same(one[name], keys[name]))) &&
            !same(keys.content, member.identityKey), 'a device that exists');
        must(member.devices.length < limits.MEMBER_DEVICES_MAX, 'too many devices');
        for (const section of this.sections.values()) {
            must(this.rights(section, member, when) === 0 ||
                this.recipients(section, when).length < limits.EPOCH_SEALS_MAX, 'no room for one more');
        }
        this.putDevice(member, keys, hash, when);
    },

    takeDeviceRevocation({ statement: { body }, when, chain: { member }, signer, device }) {
        const revoked = this.device(body.revoked);
        must(signer === member || (practiceMay(this, signer, 'revoke a device', when) && !member.byRoot), 'may not revoke this');
        must(revoked && same(revoked.member, member.id) && revoked.revoked === NEVER && revoked !== device, 'no such device');
        revoked.revoked = when.seq;
    },

    takeDelegation({ statement: { body, hash }, when, chain: { member }, signer }) {
        must(practiceMay(this, signer, 'delegate', when) && member.role === N.ROLE_THERAPIST, 'may not delegate');
        must(body.until_ms === 0 || body.until_ms > when.time, 'ended before it began');
        member.delegations.push({ hash, until: body.until_ms, seq: when.seq, ended: NEVER });
    },

    /** Whether |above| supervises or trains |below|, be it by others in between. */
    isAbove(above, below, when) {
        const seen = new Set([below]);
        for (const node of seen) {
            node.relations.filter((one) => [N.RELATION_SUPERVISES, N.RELATION_TRAINS].includes(one.kind) && inForce(one, when))
                .forEach((one) => seen.add(this.member(one.staff)));
        }
        return seen.has(above);
    },

    takeRelation({ statement: { body, hash }, when, chain: { member }, signer }) {
        const staff = this.member(field(body.staff, 16, 'staff'));
        must(practiceMay(this, signer, 'relate', when), 'may not relate');
        const ofClient = body.kind === N.RELATION_TREATS || body.kind === N.RELATION_COVERS;
        must(body.kind >= 1 && body.kind <= 4 && staff && staff !== member && staff.role === N.ROLE_THERAPIST &&
            member.role === (ofClient ? N.ROLE_CLIENT : N.ROLE_THERAPIST), 'a relation between others');
        must(ofClient || !this.isAbove(member, staff, when), 'would supervise themselves');
        must(body.until_ms === 0 || body.until_ms > when.time, 'ended before it began');
        member.relations.push({ hash, kind: body.kind, staff: body.staff, until: body.until_ms, seq: when.seq, ended: NEVER });
    },

    takeRelationEnd({ statement: { body }, when, chain: { member }, signer }) {
        const relation = member.relations.find((one) => same(one.hash, body.relation));
        must(practiceMay(this, signer, 'relate', when) && relation && relation.ended === NEVER, 'no such relation');
        relation.ended = when.seq;
    },

    suspend({ statement: { byRoot }, when, chain: { member }, signer }) {
        must(byRoot === member.byRoot && (byRoot || practiceMay(this, signer, 'suspend', when)), 'may not suspend');
        must(member.enrolled < when.seq, 'nobody to suspend');
    },

    takeSuspension(judged) {
        const { statement: { byRoot }, when, chain: { member }, signer } = judged;
        if (member.enrolled === NEVER) { // withdraws the invitation
            must(byRoot === member.byRoot && (byRoot || same(signer.id, member.inviter) || practiceMay(this, signer, 'suspend', when)),
                'may not withdraw it');
            return;
        }
        this.suspend(judged);
        must(this.active(member, when), 'suspended already');
        member.suspensions.push({ seq: when.seq, ended: NEVER });
    },

    takeResumption(judged) {
        this.suspend(judged);
        const { when, chain: { member } } = judged;
        must(!this.active(member, when), 'not suspended');
        member.suspensions.at(-1).ended = when.seq;
    },
});

export const shortCodeOrder = (a, b) => (Buffer.compare(a, b) < 0 ? cat(a, b) : cat(b, a));
export { Authority };
