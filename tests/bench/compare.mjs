// Measures two built trees in turns; see compare.sh.
//
//   node compare.mjs FOLDER ROUNDS SECONDS    FOLDER/before and FOLDER/after are the trees;
//                                             past SECONDS no new round begins
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { median } from './bench.mjs';
import { figuresOf, quickPlan } from './figures.mjs';

const [folder, roundsAsked, seconds] = [process.argv[2], Number(process.argv[3]),
  Number(process.argv[4])];
const notes = 5000;
const timesEach = 5; // of each command in a round
const begun = Date.now();

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

function peakKib(pid) {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

// A practice with a real member who has `notes` notes, its server, and commands of one revision.
class Person {
  constructor(bench, name) {
    this.bench = bench;
    this.data = path.join(bench.top, name);
    this.profile = path.join(`${this.data}-profiles`, 'T1');
    this.passphrase = path.join(bench.top, `${name}-passphrase`);
    this.out = path.join(bench.top, `${name}-peak`);
    this.text = path.join(bench.top, `${name}-note.txt`);
    fs.writeFileSync(this.passphrase, 'seed\n', { mode: 0o600 });
    fs.writeFileSync(this.text, `${'word '.repeat(200)}\n`);
  }

  run(command, words, { passphrase = true, input } = {}) {
    const stdio = [input ?? 'ignore', 'pipe', 'pipe'];
    if (passphrase) stdio.push(fs.openSync(this.passphrase, 'r'));
    const made = spawnSync(command, words,
      { stdio, encoding: 'utf8', timeout: 120000, maxBuffer: 64 << 20 });
    if (passphrase) fs.closeSync(stdio[3]);
    return made;
  }

  async begin() {
    const { bench } = this;
    // The address stands in the profiles, so a port is chosen before the practice is made.
    this.port = await freePort();
    for (const [program, ...words] of [
      ['bin/alcoved', 'init', this.data, '--listen', `127.0.0.1:${this.port}`],
      ['bench/seed', this.data, path.dirname(this.profile)]]) {
      const made = this.run(bench.program(program), words);
      assert.equal(made.status, 0, made.stderr);
    }
    this.server = bench.spawn(bench.program('bin/alcoved'), ['serve', this.data]);
    await bench.until(this.server, /port (\d+)/);
    const filled = this.run(bench.program('bench/load'),
      [this.port, this.profile, 1, 'fill', notes].map(String));
    assert.equal(filled.status, 0, filled.stderr);
    // The first round fills the cache and tells what there is to name.
    const list = this.must('alone', ['list']);
    this.note = /^([0-9a-f]{8})\b/m.exec(list.stdout)[1];
    this.chart = /\b([0-9a-f]{8})\b/.exec(this.must('alone', ['chart', 'list']).stdout)[1];
  }

  // `how`: alone, with the passphrase, or through the agent.
  words(how, words) {
    return ['--profile', this.profile, ...(how === 'alone' ? ['--passphrase-fd', '3'] : []), ...words];
  }

  command(how, words) {
    return this.run(this.bench.program('bin/alcove'), this.words(how, words),
      { passphrase: how === 'alone' });
  }

  must(how, words) {
    const made = this.command(how, words);
    assert.equal(made.status, 0, `alcove ${words.join(' ')}: ${made.stderr}`);
    return made;
  }

  // What one command took, by the first of its `forms` that this revision accepts; undefined when
  // it knows none of them.
  measure(peak, how, forms) {
    const log = fs.openSync(`${this.out}.log`, 'w');
    const stdio = ['ignore', log, log];
    if (how === 'alone') stdio.push(fs.openSync(this.passphrase, 'r'));
    try {
      for (const form of forms) {
        const made = spawnSync(peak, [this.out, this.bench.program('bin/alcove'),
          ...this.words(how, form)], { stdio, timeout: 120000 });
        assert.equal(made.status, 0, `${peak} failed`);
        const took = JSON.parse(fs.readFileSync(this.out, 'utf8'));
        if (took.code === 0) return took;
      }
      return undefined;
    } finally {
      for (const descriptor of stdio.slice(1)) {
        if (descriptor !== log) fs.closeSync(descriptor);
      }
      fs.closeSync(log);
    }
  }

  agent() {
    const wanted = `agent\0--profile\0${this.profile}\0`;
    return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).find((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(wanted);
      } catch {
        return false; // it has just ended
      }
    });
  }

  async end() {
    this.command('agent', ['lock']);
    await this.bench.stop(this.server);
  }
}

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
    this.person = new Person(this.bench, 'person');
    this.rows = new Map(); // name: {unit, atMost, values}
  }

  async begin() {
    await this.bench.start();
    await this.bench.fill(quickPlan.notes);
    await this.person.begin();
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
    const { Bench } = await import(path.join(tree, 'tests/bench/bench.mjs'));
    const side = new Side(name, tree, Bench);
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
