// Goal: nothing leaves the server before its event is durable, and nothing acknowledged is lost.
// Method: one run of writes and reads against the real server under the power-cut shim. Then, at
// every sync of that run, the disk is rebuilt as it would be had the power gone just before, in
// the middle (pages kept or lost by chance) or just after; on each such copy
//   (a) every request whose answer or content was handed to SSL_write by then has its event,
//   (b) every write acknowledged by then is present, the store and both ledgers are consistent
//       (`alcoved fsck`), and the server starts on it;
//   (c) the same run with LMDB's syncs switched off must turn this very test red.
// Some cuts are made for real: SIGKILL to server and signer at the k-th sync.
//
//   node power_cut_server.mjs BUILD [WRITES]
import { spawn, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { cutsOf, readJournal, unseenWrites } from './power_cut.mjs';

const [build, writesText] = process.argv.slice(2);
const writes = Number(writesText ?? 200);
const connections = 4;
// In memory where there is room: the shim decides what is durable, the real disk only takes time.
const shm = fs.existsSync('/dev/shm') ? fs.statfsSync('/dev/shm') : null;
const inMemory = shm !== null && shm.bavail * shm.bsize > 512 * 1024 * 1024;
const top = fs.mkdtempSync(path.join(inMemory ? '/dev/shm' : os.tmpdir(), 'alcove-cut-'));
const program = {
  alcoved: path.join(build, 'bin/alcoved'),
  seed: path.join(build, 'bench/seed'),
  load: path.join(build, 'bench/load'),
  stored: path.join(build, 'tests/stored'),
  shim: path.join(build, 'tests/power_cut.so'),
};
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(top, { recursive: true, force: true });
});

function must(command, ...words) {
  const result = spawnSync(command, words, { encoding: 'utf8' });
  assert.equal(result.status, 0, `${command} ${words.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

function start(command, words, options) {
  const child = spawn(command, words, options);
  children.add(child);
  child.ended = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    });
  });
  return child;
}

// Starts the server and waits for its word that it serves; null when it ends before that.
async function serve(data, env = {}) {
  const server = start(program.alcoved, ['serve', data],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  server.errors = '';
  server.stderr.on('data', (text) => { server.errors += text; });
  let said = '';
  server.port = await Promise.race([
    new Promise((resolve) => {
      server.stdout.on('data', (text) => {
        said += text;
        const port = /port (\d+)/.exec(said);
        if (port) resolve(Number(port[1]));
      });
    }),
    server.ended.then(() => 0),
  ]);
  return server;
}

async function stop(server) {
  server.kill('SIGTERM');
  return server.ended;
}

// Writes and reads until the count is reached or the server is gone; what it was told, in order.
async function load(port, profiles, count) {
  const passphrase = path.join(top, 'passphrase');
  fs.writeFileSync(passphrase, 'seed\n', { mode: 0o600 });
  const fd = fs.openSync(passphrase, 'r');
  const client = start(program.load, [String(port), path.join(profiles, 'T1'), String(connections),
    'acks', String(count)], { stdio: ['ignore', 'pipe', 'inherit', fd] });
  let said = '';
  client.stdout.on('data', (text) => { said += text; });
  const { code } = await client.ended;
  fs.closeSync(fd);
  assert.equal(code, 0, 'the load failed');
  return said.trim().split('\n').filter(Boolean).map((line) => {
    const [what, request, ...rest] = line.split(' ');
    return { what, request, link: what === 'write' ? rest[0] : null,
      event: Number(rest[rest.length - 1]) };
  });
}

function makePractice() {
  const data = path.join(top, 'practice');
  must(program.alcoved, 'init', data, '--listen', '127.0.0.1:0', '--address', '127.0.0.1:1');
  must(program.seed, data, path.join(top, 'profiles'));
  return { base: data, profiles: path.join(top, 'profiles') };
}

let runs = 0;
async function run(practice, count, extra) {
  const folder = path.join(top, `run${runs += 1}`);
  const data = path.join(folder, 'data');
  const journal = path.join(folder, 'journal');
  fs.cpSync(practice.base, data, { recursive: true });
  const server = await serve(data, { LD_PRELOAD: program.shim, ALCOVE_CUT_DIR: data,
    ALCOVE_CUT_JOURNAL: journal, ...extra });
  const told = server.port ? await load(server.port, practice.profiles, count) : [];
  const end = extra?.ALCOVE_CUT_AT ? await server.ended : await stop(server);
  return { told, end, data, entries: readJournal(journal), copy: path.join(folder, 'copy'),
    errors: server.errors };
}

// The first moment at which an answer to this request, or content for it, was handed out: its id
// stands in every frame.
function markAnswers(run) {
  const replies = run.entries.map((entry, at) => ({ entry, at }))
    .filter(({ entry }) => entry.kind === 'reply');
  for (const one of run.told) {
    const id = Buffer.from(one.request, 'hex');
    one.at = (replies.find(({ entry }) => entry.data.includes(id)) ?? { at: -1 }).at;
    assert.ok(one.at >= 0, `no SSL_write holds the answer to ${one.request}`);
  }
}

function execute(command, ...words) {
  const child = start(command, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  child.errors = '';
  child.stdout.on('data', (text) => { child.said += text; });
  child.stderr.on('data', (text) => { child.errors += text; });
  return child.ended.then(({ code }) => ({ code, said: child.said, errors: child.errors }));
}

async function startsOn(copy) {
  const server = await serve(copy);
  if (!server.port) return server.errors;
  const { code } = await stop(server);
  return code === 0 ? null : server.errors;
}

// What a copy holds, whether it is whole, and whether the server starts on it.
async function inspect(copy, restart) {
  const stored = await execute(program.stored, path.join(copy, 'db'));
  const fsck = await execute(program.alcoved, 'fsck', copy);
  const faults = [];
  if (stored.code !== 0) faults.push(`the store cannot be read: ${stored.errors}`);
  if (fsck.code !== 0) faults.push(`fsck: ${fsck.errors}`);
  const refused = restart ? await startsOn(copy) : null;
  if (refused !== null) faults.push(`the server does not start: ${refused}`);
  return { faults, events: Number(/^events (\d+)/.exec(stored.said)?.[1] ?? 0),
    links: new Set([...stored.said.matchAll(/^link (\w+)$/gm)].map((match) => match[1])) };
}

// What is wrong with a copy, given what had been answered when the power went.
function faultsOf(state, answered) {
  const faults = [...state.faults];
  for (const one of answered) {
    if (one.event >= state.events) faults.push(`${one.what} ${one.request} left before its event`);
    if (one.link && !state.links.has(one.link)) faults.push(`the write ${one.link} is lost`);
  }
  return faults;
}

async function judgeEveryCut(practice, one, restart) {
  const found = { cuts: 0, bad: 0, restarts: 0, faults: [] };
  const free = Array.from({ length: 3 }, (_, i) => `${one.copy}-${i}`);
  const running = new Set();
  let state = null; // of the last `after`: just before the next sync returns the disk is the same
  markAnswers(one);
  for (const cut of cutsOf(one.entries, practice.base)) {
    const answered = one.told.filter(({ at }) => at < cut.at);
    const name = `${cut.when} sync ${cut.ordinal}`;
    if (cut.when !== 'before' || state === null) {
      while (free.length === 0) await Promise.race(running);
      const copy = free.pop();
      cut.write(copy);
      const inspected = inspect(copy, restart).finally(() => free.push(copy));
      if (restart) found.restarts += 1;
      if (cut.when !== 'torn') state = inspected;
      const job = inspected.then((is) => finish(name, faultsOf(is, answered)))
        .finally(() => running.delete(job));
      running.add(job);
    } else {
      const job = state.then((is) => finish(name, faultsOf(is, answered)))
        .finally(() => running.delete(job));
      running.add(job);
    }
  }
  await Promise.all(running);
  return found;

  function finish(name, faults) {
    found.cuts += 1;
    if (faults.length > 0) {
      found.bad += 1;
      found.faults.push(`${name}: ${faults[0]}`);
    }
  }
}

async function every(practice) {
  const one = await run(practice, writes);
  assert.equal(one.end.code, 0, one.errors);
  assert.equal(one.told.filter(({ what }) => what === 'write').length, writes);
  assert.equal(one.told.filter(({ what }) => what === 'read').length, writes);
  assert.deepEqual(unseenWrites(one.entries, practice.base, one.data), [],
    'something was written past the shim');
  const found = await judgeEveryCut(practice, one, true);
  for (const fault of found.faults.slice(0, 5)) console.log(fault);
  assert.equal(found.bad, 0, `${found.bad} of ${found.cuts} cuts lost or told too early`);
  console.log(`ok every sync: ${writes} writes and as many reads, ${found.cuts} cuts, `
    + `${found.restarts} restarts, nothing acknowledged was lost, nothing left before its event`);
  return found;
}

// Cuts for real: the processes die, and the copy is what the journal allows.
async function killed(practice, syncs) {
  let cuts = 0;
  for (const ordinal of [1, 2, 7, 20, Math.floor(syncs / 3), Math.floor(syncs / 2)]) {
    for (const when of ['before', 'after']) {
      const one = await run(practice, writes,
        { ALCOVE_CUT_AT: String(ordinal), ALCOVE_CUT_WHEN: when });
      assert.equal(one.end.signal, 'SIGKILL', `cut ${ordinal}: ${one.errors}`);
      if (one.told.length > 0) markAnswers(one);
      for (const cut of cutsOf(one.entries, practice.base)) if (cut.when === 'end') cut.write(one.copy);
      assert.deepEqual(faultsOf(await inspect(one.copy, true), one.told), [], `${when} ${ordinal}`);
      cuts += 1;
    }
  }
  console.log(`ok killed: ${cuts} times at a sync, and started again on what survived`);
}

// The control: with LMDB's syncs off the same judge must find fault.
async function control(practice) {
  const one = await run(practice, 20, { ALCOVE_CUT_NOSYNC: '1' });
  const found = await judgeEveryCut(practice, one, false);
  const early = found.faults.length;
  assert.ok(found.bad > 0, 'without syncs the test stays green: it shows nothing');
  console.log(`ok control: without LMDB's syncs ${found.bad} of ${found.cuts} cuts are red `
    + `(${found.faults[early - 1]})`);
}

const practice = makePractice();
const found = await every(practice);
await killed(practice, (found.cuts - 1) / 3);
await control(practice);
console.log(`== power cut: ${found.cuts} cuts of a ${writes}-write run, ${found.restarts} restarts`);
