// Negative controls: plays a recording of `main.mjs read PROFILE TAPE` to the same verifiers, first as
// it was, which must pass, then with one thing changed at a time, each of which must stop them.
//
//   node tests/second_client/tamper.mjs TAPE
import { Stop, decode, encode, numbers } from './bytes.mjs';
import { chartHistory, sync } from './client.mjs';
import { OffTape, Playback } from './frames.mjs';
import { chartOf, readAll } from './main.mjs';
import { fromText, load, toText } from './profile.mjs';

const recorded = load(process.argv[2]);
const replies = { OP_LEAVES: 'LeavesReply', OP_CHAIN: 'ChainReply', OP_CHECKPOINT: 'CheckpointReply', OP_PAGE: 'PageReply',
    OP_PROOF: 'ProofReply', OP_EVENTS: 'EventsReply' };

async function verify(tape) {
    const wire = new Playback(tape);
    const profile = fromText(recorded.profile);
    const world = await sync(wire, profile);
    await readAll(wire, profile, world);
    await chartHistory(wire, profile, chartOf(world.authority, profile), 7);
}

/** The places of answers to an op. */
const answers = (op) => recorded.tape.map((one, i) => [one, i]).filter(([one]) => one.op === numbers[op]).map(([, i]) => i);
/** A tape in which |change| has been at the answer at |place|, decoded; false: nothing there to change. */
function changed(op, place, change) {
    const tape = [...recorded.tape];
    const answer = fromText(toText(tape[place]));
    const reply = decode(replies[op], answer.body);
    if (change(reply, answer) === false) return null;
    answer.body = encode(replies[op], reply);
    tape[place] = answer;
    return tape;
}

const flip = (bytes, at) => {
    if (bytes.length === 0) return false;
    bytes[Math.min(bytes.length - 1, Math.floor(bytes.length * at))] ^= 1;
    return true;
};
const own = (message, name) => { message[name] = Buffer.from(message[name]); return message[name]; };
const entries = (answer) => answer.chunks.flatMap((chunk) => chunk.entry);
const PLACES = [0, 0.6];
const groups = [];
/** One byte of what |pick| lists in an answer to |op|, at these places. */
const flips = (what, op, pick, places = PLACES) => groups.push({ what, tapes: answers(op).flatMap((place) =>
    places.flatMap((at) => {
        const reply = decode(replies[op], recorded.tape[place].body);
        return pick(reply, recorded.tape[place]).map((_, i) => changed(op, place, (message, answer) => {
            const [holder, name] = pick(message, answer)[i];
            return flip(own(holder, name), at);
        }));
    })) });
const changes = (what, op, change) => groups.push({ what, tapes: answers(op).map((place) => changed(op, place, change)) });

// In each leaf, also in those of chains that this client never sees.
groups.push({ what: 'one byte of a leaf', tapes: answers('OP_LEAVES').flatMap((place) =>
    Array.from({ length: decode('LeavesReply', recorded.tape[place].body).leaves.length / 80 }, (_, i) =>
        changed('OP_LEAVES', place, (reply) => { own(reply, 'leaves')[80 * i + 50] ^= 1; }))) });
flips('one byte of a statement in a chain', 'OP_CHAIN', (reply) => reply.entry.map((entry) => [entry, 'statement']));
flips("of a statement's opening", 'OP_CHAIN', (reply) => reply.entry.map((entry) => [entry, 'opening']));
flips('of a checkpoint', 'OP_CHECKPOINT', (reply) => [[reply.statements, 'checkpoint'], [reply.events, 'checkpoint']]);
flips('of a consistency proof', 'OP_CHECKPOINT', (reply) => [reply.statements, reply.events].flatMap(({ consistency }) =>
    consistency.map((_, i) => [consistency, i])));
for (const part of ['context', 'header', 'signature', 'wrap', 'envelope', 'object']) {
    flips(`of an entry's ${part}`, 'OP_PAGE', (_, answer) => entries(answer).filter((entry) => entry[part].length > 0)
        .map((entry) => [entry, part]));
}
for (const part of ['open', 'target', 'target_opening', 'target_hash', 'restricted_hash']) {
    flips(`of a page's event: ${part}`, 'OP_PAGE', (reply) => [[reply.proof.leaf, part]]);
    flips(`of the history's events: ${part}`, 'OP_EVENTS', (reply) => reply.leaf.slice(0, 2).map((leaf) => [leaf, part]), [0.6]);
}
flips("of a page's event: restricted", 'OP_PAGE', (reply) => [[reply.proof.leaf, 'restricted']]);
flips("of a page's checkpoint", 'OP_PAGE', (reply) => [[reply.proof.advance, 'checkpoint']]);
flips("of a page's inclusion", 'OP_PAGE', (reply) => reply.proof.inclusion.map((_, i) => [reply.proof.inclusion, i]));
flips('of head_before', 'OP_PAGE', (reply) => (reply.from > 1 ? [[reply, 'section_head_before']] : []));
flips('of times_before', 'OP_PAGE', (reply) => (reply.from > 1 ? [[reply, 'section_times_before']] : []));
changes("an entry's time moved", 'OP_PAGE', (_, answer) => { entries(answer)[0].time_ms += 1; });
flips('of a proof of what an author carries', 'OP_PROOF', (reply) => reply.inclusion.slice(0, 1).map((_, i) => [reply.inclusion, i]));
changes('a leaf left out', 'OP_LEAVES', (reply) => { reply.leaves = reply.leaves.subarray(0, -80); });
// The client asks for what is missing; then the server has nothing.
groups.push({ what: 'the last statement of a chain withheld', tapes: answers('OP_CHAIN').map((place) => {
    const tape = changed('OP_CHAIN', place, (reply) => void reply.entry.pop());
    const { label } = decode('ChainAsk', tape[place].asked);
    const from = decode('ChainReply', tape[place].body).entry.length;
    const again = { op: numbers.OP_CHAIN, asked: encode('ChainAsk', { label, from }), status: 0, body: encode('ChainReply', {}), chunks: [] };
    tape.splice(place + 1, 0, ...(from > 0 ? [again] : []));
    return tape;
}) });
changes('two statements of a chain in the other order', 'OP_CHAIN', (reply) => reply.entry.length > 1 && void reply.entry.reverse());
changes("a statement's time moved", 'OP_CHAIN', (reply) => { reply.entry[0].time_ms += 1; });
changes('the last entry of a page withheld', 'OP_PAGE', (_, answer) => { answer.chunks.at(-1).entry.pop(); });
changes('an entry shown twice', 'OP_PAGE', (_, answer) => { answer.chunks[0].entry.unshift(answer.chunks[0].entry[0]); });
changes('a text withheld', 'OP_PAGE', (_, answer) => {
    const found = entries(answer).find((entry) => entry.kind === numbers.ENTRY_REVISION);
    if (!found) return false;
    found.wrap = found.envelope = Buffer.alloc(0);
    return true;
});
changes('a page that says it ends elsewhere', 'OP_PAGE', (reply) => { reply.to += 1; });
changes('an event of the history left out', 'OP_EVENTS', (reply) => void reply.leaf.shift());
changes('the history cut short', 'OP_EVENTS', (reply) => { reply.more = false; reply.leaf.length = 1; reply.inclusion = []; });

/** Why a tape stopped the verifiers; null when nothing was noticed. */
async function stopped(tape) {
    try {
        await verify(tape);
    } catch (error) {
        if (error instanceof Stop) return error.message;
        if (!(error instanceof OffTape)) throw error;
    }
    return null;
}

await verify(recorded.tape);
let passed = 0, missed = 0;
for (const { what, tapes } of groups) {
    const reasons = [];
    for (const tape of tapes.filter((one) => one !== null)) reasons.push(await stopped(tape));
    const unseen = reasons.filter((reason) => reason === null).length;
    passed += reasons.length - unseen;
    missed += reasons.length === 0 ? 1 : unseen;
    console.log(`${String(reasons.length - unseen).padStart(4)} of ${reasons.length}  ${what}: ${reasons.find((reason) => reason) ?? 'NOT NOTICED'}`);
}
console.log(`${passed} changes stopped it, ${missed} did not`);
process.exitCode = missed === 0 ? 0 : 1;
