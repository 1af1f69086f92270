// The second client's commands, for tests/e2e/second_client.sh:
//
//   main.mjs join PROFILE CODE-FILE     joins by an invitation's code
//   main.mjs read PROFILE [TAPE]        syncs and reads every section; prints the notes as JSON
//   main.mjs moment PROFILE MEMBER CATEGORY TEXT   a moment in a journal shared with MEMBER
//   main.mjs history PROFILE            verifies the own chart's history to its end
//   main.mjs audit PROFILE              recomputes the root of the whole events log
//
// PROFILE is a file. Exit code 0; 3 when the server refused; 4 when a check stopped it.
import { readFileSync } from 'node:fs';

import { Stop, hex, must, numbers, same } from './bytes.mjs';
import { Refused, chartHistory, join, login, readSection, submitMoment, sync, wholeLog } from './client.mjs';
import { Wire } from './frames.mjs';
import { load, save, toText } from './profile.mjs';
import { parseInvitation } from './crypto.mjs';

const CLASS = Object.fromEntries(Object.entries(numbers).filter(([name]) => name.startsWith('CLASS_'))
    .map(([name, number]) => [number, name.slice(6).toLowerCase()]));

/** Reads pages of three entries, so that most end before their section does. */
export async function readAll(wire, profile, world) {
    const notes = [];
    for (const state of world.sections.filter((one) => one.ended_at === 0)) {
        const { section, timeline } = await readSection(wire, profile, world, state.section, 3);
        notes.push(...timeline.revisions.map(({ context, body }) => ({ class: CLASS[section.class], section: hex(section.id),
            note: hex(context.note), kind: body?.kind, title: body?.title.toString(), text: body?.text.toString(),
            author: hex(context.member) })));
    }
    return notes;
}

export const chartOf = (authority, profile) => Buffer.from([...authority.charts].find(([, of]) => of === hex(profile.member))?.[0] ?? '', 'hex');

async function loggedIn(path, step) {
    const profile = load(path);
    const wire = await Wire.open(profile.address);
    try {
        await login(wire, profile);
        return await step(wire, profile);
    } finally {
        wire.close();
        save(path, profile);
    }
}

const commands = {
    async join(path, codeFile) {
        const code = readFileSync(codeFile, 'utf8').split('\n').find((line) => line.startsWith('ALCOVE1-'));
        must(code, 'no code in this file');
        const wire = await Wire.open(parseInvitation(code).address);
        try {
            save(path, await join(wire, code));
        } finally {
            wire.close();
        }
        return { member: hex(load(path).member) };
    },

    read(path, tapePath) {
        return loggedIn(path, async (wire, profile) => {
            const before = toText(profile);
            const world = await sync(wire, profile);
            const notes = await readAll(wire, profile, world);
            if (tapePath) {
                const chart = chartOf(world.authority, profile);
                if (chart.length > 0) await chartHistory(wire, profile, chart, 7);
                save(tapePath, { profile: before, tape: wire.tape });
            }
            return notes;
        });
    },

    moment(path, reader, category, text) {
        return loggedIn(path, async (wire, profile) => {
            const world = await sync(wire, profile);
            await readAll(wire, profile, world);
            const section = await submitMoment(wire, profile, world, { chart: chartOf(world.authority, profile),
                reader: world.authority.member(Buffer.from(reader, 'hex')), category, text });
            // And once more as a reader would, who believes nothing that it was not shown.
            const after = await sync(wire, profile);
            const { timeline } = await readSection(wire, profile, after, section);
            must(timeline.revisions.length === 1 && same(timeline.revisions[0].context.section, section), 'the moment is not there');
            return { section: hex(section) };
        });
    },

    history(path) {
        return loggedIn(path, async (wire, profile) => {
            const { authority } = await sync(wire, profile);
            const events = await chartHistory(wire, profile, chartOf(authority, profile), 7);
            return { events: events.length, last: events.at(-1).target.chart_number };
        });
    },

    audit(path) {
        return loggedIn(path, async (wire, profile) => {
            await sync(wire, profile);
            const { size, root, charts, sections } = await wholeLog(wire, profile);
            return { size, root: hex(root), charts, sections };
        });
    },
};

if (process.argv[1] === new URL(import.meta.url).pathname) {
    const [name, ...values] = process.argv.slice(2);
    try {
        must(commands[name], `no command ${name}`);
        console.log(JSON.stringify(await commands[name](...values)));
    } catch (error) {
        if (!(error instanceof Stop) && !(error instanceof Refused)) throw error;
        console.error(`second client: ${error.message}`);
        process.exitCode = error instanceof Stop ? 4 : 3;
    }
}
