// Measures two built trees in turns; see compare.sh.
//
//   node compare.mjs FOLDER ROUNDS SECONDS    FOLDER/before and FOLDER/after are the trees;
//                                             past SECONDS no new round begins
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { median } from './bench.mjs';
import { figuresOf, quickPlan } from './figures.mjs';
import { Person, peakKib } from './person.mjs';

const [folder, roundsAsked, seconds] = [process.argv[2], Number(process.argv[3]),
  Number(process.argv[4])];
const notes = 5000;
const timesEach = 5; // of each command in a round
const begun = Date.now();

// The ways in which revisions have written the same commands.
function commandsOf(person) {
  return {
    write: [['write', person.chart, '--class', 'progress', '--title', 'compared', '--file', person.text]],
    show: [['show', person.note]],
    list: [['list']],
  };
}

class Side {
  constructor(name, tree, Bench) {
    this.name = name;
    this.bench = new Bench(path.join(tree, 'build/release'), folder);
    this.figures = figuresOf(this.bench, quickPlan);
    this.person = new Person(this.bench, 'person', { notes });
    this.rows = new Map(); // name: {unit, atMost, values}
  }

  async begin() {
    await this.bench.start();
    await this.bench.fill(quickPlan.notes);
    await this.person.begin();
    this.person.look();
  }

  add(name, unit, atMost, value) {
    if (!this.rows.has(name)) this.rows.set(name, { unit, atMost, values: [] });
    if (value !== undefined) this.rows.get(name).values.push(value);
  }

  async round(index, peak) {
    for (const figure of this.figures) {
      if (figure.once && index > 0) continue;
      const { value } = await figure.ours();
      this.add(figure.name, figure.unit, Boolean(figure.atMost), value);
    }
    this.commands(peak);
  }

  commands(peak) {
    const { person } = this;
    let commandKib = 0;
    for (const how of ['alone', 'agent']) {
      const ready = how === 'alone' || person.command('alone', ['unlock']).status === 0;
      for (const [name, forms] of Object.entries(commandsOf(person))) {
        const row = `alcove ${name}, ${notes} notes, ${how === 'alone' ? 'alone' : 'through the agent'}`;
        for (let i = 0; i < timesEach; i += 1) {
          const took = ready ? person.measure(peak, how, forms) : undefined;
          this.add(row, 'ms', true, took && took.us / 1000);
          if (took) commandKib = Math.max(commandKib, took.peak_kib);
        }
      }
    }
    const agent = person.agent();
    this.add('peak memory of the agent', 'KiB', true, agent && peakKib(agent));
    person.command('agent', ['lock']);
    this.add('peak memory of a command', 'KiB', true, commandKib || undefined);
    this.add('peak memory of its server', 'KiB', true, peakKib(person.server.pid));
    this.add('peak memory of the server under load', 'KiB', true, peakKib(this.bench.server.pid));
  }

  async end() {
    await this.person.end();
    await this.bench.end();
  }
}

function shown(value) {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

// Above 1 says that `after` is worse, whichever way the figure is better.
function print(before, after) {
  console.log(`${'figure (median)'.padEnd(54)} ${'before'.padStart(9)} ${'after'.padStart(9)}`
    + ` ${'ratio'.padStart(6)}  unit`);
  let worst = { ratio: 0, name: 'nothing' };
  for (const [name, row] of before.rows) {
    const other = after.rows.get(name);
    const [a, b] = [row.values, other.values].map((values) => values.length > 0 ? median(values) : undefined);
    let ratio;
    if (a !== undefined && b !== undefined) {
      ratio = row.atMost ? b / a : a / b;
      if (ratio > worst.ratio) worst = { ratio, name };
    }
    const text = (value) => (value === undefined ? 'no such' : shown(value)).padStart(9);
    console.log(`${name.slice(0, 54).padEnd(54)} ${text(a)} ${text(b)}`
      + ` ${(ratio === undefined ? '-' : ratio.toFixed(2)).padStart(6)}  ${row.unit}`);
  }
  return worst;
}

const peak = path.join(folder, 'after/build/release/bench/peak');
const sides = [];
try {
  for (const name of ['before', 'after']) {
    const tree = path.join(folder, name);
    // Each revision's own way to drive its own programs.
    const file = path.join(tree, 'tests/bench/bench.mjs');
    const { Bench } = await import(file);
    const side = new Side(name, tree, Bench);
    // A server refuses the keys of a later one, and not every revision exports its own.
    [, side.person.configuration] = /configuration = `([^`]*)`/.exec(fs.readFileSync(file, 'utf8'));
    sides.push(side);
    await side.begin();
  }
  let rounds = 0;
  while (rounds < roundsAsked && (rounds === 0 || Date.now() - begun < seconds * 1000)) {
    for (const side of sides) await side.round(rounds, peak);
    rounds += 1;
    console.log(`round ${rounds} of ${roundsAsked} done after ${Math.round((Date.now() - begun) / 1000)} s`);
  }
  if (rounds < roundsAsked) console.log(`time is up: ${rounds} of ${roundsAsked} rounds`);
  const worst = print(...sides);
  console.log(`worst ratio ${worst.ratio.toFixed(2)}: ${worst.name}`);
} finally {
  for (const side of sides) await side.end().catch((error) => console.error(error.message));
}
