// A single client's write beside a bare LMDB commit of the same puts; see signer.sh.
//
//   node signer.mjs BUILD
import assert from 'node:assert/strict';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Bench, median } from './bench.mjs';

const commitsMost = 2.2;
const rounds = 9;
const seconds = 2;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const bench = new Bench(path.resolve(process.argv[2]), path.join(root, 'build'));

async function main() {
  await bench.start();
  await bench.record(1, seconds);
  const writes = [];
  const commits = [];
  for (let i = 0; i < rounds; i += 1) {
    const { per_second: perSecond } = await bench.load(1, 'write', seconds);
    const raw = bench.replay(bench.traces.single);
    assert.ok(perSecond > 0 && raw.commits > 0, 'nothing was measured');
    writes.push(1e6 / perSecond);
    commits.push(1e6 * raw.seconds / raw.commits);
  }
  const ratios = writes.map((write, i) => write / commits[i]);
  const ratio = median(ratios);
  console.log(`one write ${Math.round(median(writes))} us, one bare commit`
    + ` ${Math.round(median(commits))} us: ${ratio.toFixed(2)} commits a write`
    + ` (${rounds} rounds, ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)};`
    + ` at most ${commitsMost})`);
  process.exitCode = ratio > commitsMost ? 1 : 0;
  await bench.end();
}

await main();
