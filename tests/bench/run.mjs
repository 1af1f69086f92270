// Measures; see run.sh. Every figure has a target that is a share of a ceiling measured in the
// same round, so a slow minute of the machine slows both.
//
//   node run.mjs BUILD [--quick] [--json]
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Bench, median } from './bench.mjs';
import { crowd, figuresOf, quickPlan } from './figures.mjs';

const [build, ...words] = process.argv.slice(2);
const quick = words.includes('--quick');
const json = words.includes('--json');
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const plan = quick ? quickPlan
  : { rounds: 5, seconds: 5, notes: 10000, pushes: 500, idle: 10000 };

fs.mkdirSync(path.join(root, 'build'), { recursive: true });
const bench = new Bench(path.resolve(build), path.join(root, 'build'));
const figures = figuresOf(bench, plan);

function judged(figure, rounds) {
  const ours = median(rounds.map((round) => round.ours));
  const ceiling = median(rounds.map((round) => round.ceiling));
  const ratio = median(rounds.map((round) => round.ours / round.ceiling));
  // The part of the target that is reached: 1 is all of it.
  let reached = figure.atMost ? figure.share / ratio : ratio / figure.share;
  if (figure.atLeast) reached = Math.min(reached, ours / figure.atLeast);
  return { name: figure.name, unit: figure.unit, ours, ceiling, ratio, share: figure.share,
    atMost: Boolean(figure.atMost), atLeast: figure.atLeast ?? null, reached,
    ceilingIs: figure.ceilingIs, rounds,
    state: reached >= 1 ? 'met' : reached >= 0.5 ? 'open' : 'BELOW HALF' };
}

function round3(value) {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function print(results, costs) {
  console.log(`${'figure'.padEnd(52)} ${'ours'.padStart(9)} ${'ceiling'.padStart(9)}`
    + ` ${'ratio'.padStart(6)} ${'target'.padStart(8)}  state`);
  for (const one of results) {
    const target = `${one.atMost ? '<' : '>'} ${round3(one.share)}`;
    console.log(`${one.name.slice(0, 52).padEnd(52)} ${round3(one.ours).padStart(9)}`
      + ` ${round3(one.ceiling).padStart(9)} ${round3(one.ratio).padStart(6)}`
      + ` ${target.padStart(8)}  ${one.state}  (${one.unit}; ceiling: ${one.ceilingIs})`);
  }
  for (const [what, cost] of Object.entries(costs)) {
    console.log(`per audited ${what}: ${round3(cost.puts)} puts, ${round3(cost.pages)} pages`
      + ` written (${crowd} connections, ${round3(cost.perCommit)} a commit)`);
  }
  const open = results.filter((one) => one.state === 'open');
  if (open.length > 0) {
    console.log('Open for the performance issue (between half the target and all of it):');
    for (const one of open) {
      console.log(`  ${one.name}: ${Math.round(one.reached * 100)} % of its target`);
    }
  }
}

async function main() {
  await bench.start();
  await bench.record(crowd, plan.seconds);
  await bench.fill(plan.notes);
  const rounds = new Map(figures.map((figure) => [figure, []]));
  for (let i = 0; i < plan.rounds; i += 1) {
    for (const figure of figures) {
      if (figure.once && i > 0) continue;
      const ours = await figure.ours();
      const one = { ours: ours.value, ceiling: await figure.ceiling(ours) };
      assert.ok(one.ours > 0 && one.ceiling > 0, `${figure.name}: nothing was measured`);
      rounds.get(figure).push(one);
    }
    if (!json) console.error(`round ${i + 1} of ${plan.rounds} done`);
  }
  const results = figures.map((figure) => judged(figure, rounds.get(figure)));
  const costs = bench.costs();
  if (json) console.log(JSON.stringify({ results, costs, plan }, null, 1));
  else print(results, costs);
  const bad = results.filter((one) => one.state === 'BELOW HALF');
  if (bad.length > 0) {
    console.error(`below half of the target: ${bad.map((one) => one.name).join('; ')}`);
    process.exitCode = 1;
  }
}

try {
  await main();
} finally {
  await bench.end();
}
