// Goal: show that the power-cut shim tells the truth, before it is believed about the server.
// Method: plain programs that acknowledge each write are run under it; the disk is rebuilt at
// every sync (before, torn, after); every acknowledged write must be there. Four programs that
// break a rule on purpose (no sync, acknowledgement before the commit, no sync of the file, no
// sync of the folder) must be found out. Some cuts are made for real, with SIGKILL.
//
//   node power_cut_selftest.mjs SHIM LMDB_WRITER FILE_WRITER [WRITES]
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { cutsOf, readJournal, unseenWrites } from './power_cut.mjs';

const [shim, lmdbWriter, fileWriter, writesText] = process.argv.slice(2);
const writes = Number(writesText ?? 200);
const top = fs.mkdtempSync(path.join(os.tmpdir(), 'alcove-cut-'));
process.on('exit', () => fs.rmSync(top, { recursive: true, force: true }));
let runs = 0;

function runUnderShim(command, extra = {}) {
  const folder = path.join(top, `run${runs += 1}`);
  const data = path.join(folder, 'data');
  const base = path.join(folder, 'base');
  fs.mkdirSync(data, { recursive: true });
  fs.mkdirSync(base);
  const journal = path.join(folder, 'journal');
  const result = spawnSync(command[0], command.slice(1).map((word) => (word === 'DIR' ? data : word)), {
    env: { ...process.env, LD_PRELOAD: shim, ALCOVE_CUT_DIR: data, ALCOVE_CUT_JOURNAL: journal,
      ALCOVE_CUT_OUTPUT: '1', ASAN_OPTIONS: 'verify_asan_link_order=0', ...extra },
    encoding: 'utf8', timeout: 120000,
  });
  return { ...result, data, base, entries: readJournal(journal), copy: path.join(folder, 'copy') };
}

const acksIn = (text) => [...text.matchAll(/^ack (\d+)$/gm)].map((match) => Number(match[1]));
const acksBefore = (run, at) => acksIn(run.entries.slice(0, at)
  .filter((entry) => entry.kind === 'output').map((entry) => entry.data.toString()).join(''));

function lmdbHas(folder) {
  const result = spawnSync(lmdbWriter, ['list', folder], { encoding: 'utf8' });
  if (result.status !== 0) return new Set(); // no table yet, or a file that LMDB refuses
  return new Set([...result.stdout.matchAll(/^has (\d+)$/gm)].map((match) => Number(match[1])));
}

function fileHas(folder) {
  const file = path.join(folder, 'value');
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  return new Set(Array.from({ length: Number(text) || 0 }, (_, i) => i + 1));
}

// Every cut of a finished run: how many cuts, in how many an acknowledged write was missing, and
// in how many the copy differed from the one after the sync (the shim does lose something).
function judge(run, hasIn) {
  const found = { cuts: 0, missing: 0, lost: 0 };
  let before = 0;
  for (const cut of cutsOf(run.entries, run.base)) {
    cut.write(run.copy);
    const has = hasIn(run.copy);
    found.cuts += 1;
    if (acksBefore(run, cut.at).some((number) => !has.has(number))) found.missing += 1;
    if (cut.when === 'before') before = has.size;
    if (cut.when === 'after' && has.size > before) found.lost += 1;
  }
  return found;
}

function expectGood(name, command, hasIn, count) {
  const run = runUnderShim(command);
  assert.equal(run.status, 0, run.stderr);
  assert.equal(acksIn(run.stdout).length, count);
  assert.deepEqual(unseenWrites(run.entries, run.base, run.data), []);
  const found = judge(run, hasIn);
  assert.equal(found.cuts, 3 * 2 * count + 1, `${name}: two syncs a write, three cuts each`);
  assert.equal(found.lost, count, `${name}: each write becomes durable at one sync`);
  assert.equal(found.missing, 0, `${name}: an acknowledged write was lost`);
  console.log(`ok ${name}: ${found.cuts} cuts, nothing acknowledged was lost`);
}

function expectBad(name, command, hasIn, extra) {
  const run = runUnderShim(command, extra);
  assert.equal(run.status, 0, run.stderr);
  const found = judge(run, hasIn);
  assert.ok(found.missing > 0, `${name}: the shim let it pass`);
  console.log(`ok ${name}: found out in ${found.missing} of ${found.cuts} cuts`);
}

function expectKilled(ordinal, when) {
  const run = runUnderShim([lmdbWriter, 'write', 'DIR', String(writes)],
    { ALCOVE_CUT_AT: String(ordinal), ALCOVE_CUT_WHEN: when });
  assert.equal(run.signal, 'SIGKILL');
  const acks = acksIn(run.stdout);
  assert.equal(acks.length, Math.floor((ordinal - 1) / 2));
  let has = new Set();
  for (const cut of cutsOf(run.entries, run.base)) {
    if (cut.when === 'end') {
      cut.write(run.copy);
      has = lmdbHas(run.copy);
    }
  }
  for (const number of acks) assert.ok(has.has(number), `cut ${ordinal} ${when}: lost ${number}`);
  const expected = acks.length + (when === 'after' && ordinal % 2 === 0 ? 1 : 0);
  assert.equal(has.size, expected, `cut ${ordinal} ${when}`);
}

expectGood('LMDB', [lmdbWriter, 'write', 'DIR', String(writes)], lmdbHas, writes);
expectGood('replaced file', [fileWriter, 'DIR', '20'], fileHas, 20);
for (const ordinal of [1, 2, 3, 4, writes, writes + 1, 2 * writes]) {
  expectKilled(ordinal, 'before');
  expectKilled(ordinal, 'after');
}
console.log('ok kills: the copy holds exactly what the sync allowed');
expectBad('LMDB without syncs', [lmdbWriter, 'write', 'DIR', '20'], lmdbHas,
  { ALCOVE_CUT_NOSYNC: '1' });
expectBad('acknowledged before the commit', [lmdbWriter, 'early', 'DIR', '20'], lmdbHas);
expectBad('file not synced', [fileWriter, 'DIR', '20', 'no-file-sync'], fileHas);
expectBad('folder not synced', [fileWriter, 'DIR', '20', 'no-folder-sync'], fileHas);
