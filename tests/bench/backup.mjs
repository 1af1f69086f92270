// 64 writers beside a backup; see backup.sh.
//
//   node backup.mjs BUILD REVISIONS
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Bench, median } from './bench.mjs';

const writers = 64;
const timesMost = 2;
const rounds = 3;
const quietSlices = 3;
const sliceSeconds = 4;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const bench = new Bench(path.resolve(process.argv[2]), path.join(root, 'build'));
const count = Number(process.argv[3]);

async function slice() {
  const { p99_us: p99, done } = await bench.result(bench.loadProcess(bench.filled, writers, 'write', sliceSeconds));
  assert.ok(done > 0, 'nothing was written');
  return p99;
}

function operate(...words) {
  return bench.spawn('nice', ['-n', '19', 'ionice', '-c', '3', bench.program('bin/alcoved'), ...words]);
}

// One backup, and slices for as long as it takes.
async function beside(data, folder) {
  const began = Date.now();
  const backup = operate('backup', data, folder, '--json');
  const found = [];
  let made = false;
  backup.ended.then(() => { made = true; });
  while (!made) found.push(await slice());
  const result = await bench.result(backup);
  return { found, seconds: (Date.now() - began) / 1000, result };
}

async function main() {
  assert.ok(Number.isInteger(count) && count > 0, 'how many revisions?');
  await bench.fill(count);
  const data = path.join(bench.top, 'filled');
  const quiet = [];
  const busy = [];
  let last;
  for (let i = 0; i < rounds; i += 1) {
    for (let j = 0; j < quietSlices; j += 1) quiet.push(await slice());
    const folder = path.join(bench.top, `backup-${i}`);
    last = await beside(data, folder);
    busy.push(...last.found);
    await bench.result(operate('backup', '--check', folder, '--json'));
    if (i + 1 < rounds) fs.rmSync(folder, { recursive: true });
  }
  const times = median(busy) / median(quiet);
  console.log(`${last.result.revisions} revisions, ${(last.result.bytes / 2 ** 20).toFixed(0)} MiB:`
    + ` a backup of ${last.seconds.toFixed(0)} s; 99th percentile of ${writers} writers`
    + ` ${Math.round(median(quiet) / 1000)} ms without, ${Math.round(median(busy) / 1000)} ms beside it:`
    + ` ${times.toFixed(2)} times (${quiet.length} and ${busy.length} slices,`
    + ` ${Math.min(...busy) / 1000 | 0} to ${Math.max(...busy) / 1000 | 0} ms; at most ${timesMost})`);
  process.exitCode = times > timesMost ? 1 : 0;
  await bench.end();
}

await main();
