// What commands cost by how much there is; see growth.sh.
//
//   node growth.mjs BUILD [--quick] [--json]
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Bench, median } from './bench.mjs';
import { Person, peakKib } from './person.mjs';

const [build, ...options] = process.argv.slice(2);
const quick = options.includes('--quick');
const plan = quick ? { notes: [500, 5000], among: 500, sections: [10, 100], each: 5 }
  : { notes: [500, 5000, 50000], among: 5000, sections: [10, 100, 1000], each: 7 };
const title = 'grown';

// The commands whose cost should not grow, and those that read everything.
function commandsOf(person) {
  const write = ['write', person.section, '--class', 'progress', '--title', title, '--file', person.text];
  return {
    'list, newest 100': ['list', '--limit', '100'],
    'list, all': ['list', '--limit', '0'],
    show: ['show', person.note],
    search: ['search', title],
    write,
    'sync, nothing new': ['sync'],
  };
}

// Rows by name, each a list of {ms, kib}; in the order in which they were measured first.
class Column {
  constructor(name) {
    this.name = name;
    this.rows = new Map();
  }

  add(row, took) {
    if (!this.rows.has(row)) this.rows.set(row, []);
    this.rows.get(row).push(took);
  }

  ms(row) {
    return this.rows.has(row) ? median(this.rows.get(row).map((took) => took.us / 1000)) : undefined;
  }

  kib(row) {
    return this.rows.has(row) ? Math.max(...this.rows.get(row).map((took) => took.peak_kib)) : undefined;
  }
}

class Growth {
  constructor(bench, notes, sections) {
    this.bench = bench;
    this.person = new Person(bench, `practice-${notes}-${sections}`, { notes, sections });
    this.column = new Column(sections === 1 ? `${notes}` : `${notes} in ${sections}`);
    this.peak = bench.program('bench/peak');
  }

  must(person, how, row, words) {
    const took = person.measure(this.peak, how, [words]);
    assert.ok(took, `alcove ${words.join(' ')} failed: ${fs.readFileSync(`${person.out}.log`, 'utf8')}`);
    if (row) this.column.add(row, took);
  }

  async run() {
    const { person } = this;
    await person.begin();
    this.must(person, 'alone', 'first sync', ['sync']);
    const charts = JSON.parse(person.must('alone', ['--json', 'chart', 'list']).stdout);
    const [{ section }] = charts.flatMap((chart) => chart.sections).sort((a, b) => b.number - a.number);
    person.section = section;
    const list = JSON.parse(person.must('alone', ['--json', 'list', '--section', section]).stdout);
    person.note = list[0].note; // the oldest that it tells of
    this.commands('alone');
    this.another();
    assert.equal(person.command('alone', ['unlock']).status, 0);
    this.commands('agent');
    this.memory = { agent: peakKib(person.agent()) };
    this.auditor();
    this.memory.server = peakKib(person.server.pid);
    this.memory.command = Math.max(...[...this.column.rows.keys()].map((row) => this.column.kib(row)));
    await person.end();
  }

  commands(how) {
    for (const [name, words] of Object.entries(commandsOf(this.person))) {
      for (let i = 0; i < plan.each; i += 1) {
        this.must(this.person, how, how === 'alone' ? `${name}, alone` : name, words);
      }
    }
  }

  // A second copy of the profile writes, so that there is one note that the first has not got.
  another() {
    const { person } = this;
    const other = Object.assign(Object.create(Object.getPrototypeOf(person)), person,
      { profile: `${person.profile}-copy` });
    fs.cpSync(person.profile, other.profile, { recursive: true });
    const { write } = commandsOf(person);
    for (let i = 0; i < plan.each; i += 1) {
      other.must('alone', write);
      this.must(person, 'alone', 'sync, one new note, alone', ['sync']);
    }
    fs.rmSync(other.profile, { recursive: true });
  }

  auditor() {
    const { person } = this;
    const auditor = Object.assign(Object.create(Object.getPrototypeOf(person)), person,
      { profile: path.join(path.dirname(person.profile), 'A1') });
    assert.equal(auditor.command('alone', ['unlock']).status, 0);
    this.must(auditor, 'agent', 'log verify, the first', ['log', 'verify']);
    for (let i = 0; i < plan.each; i += 1) {
      this.must(auditor, 'agent', 'log verify, again', ['log', 'verify']);
    }
    auditor.command('agent', ['lock']);
  }
}

function shown(value) {
  return value === undefined ? '-' : value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

function print(heading, columns, rows, valueOf) {
  console.log(`\n${heading.padEnd(32)}${columns.map((name) => name.padStart(15)).join('')}`);
  for (const row of rows) {
    console.log(`${row.padEnd(32)}${columns.map((_, i) => shown(valueOf(row, i)).padStart(15)).join('')}`);
  }
}

function targets(byNotes) {
  const [least, most] = [byNotes[0], byNotes[byNotes.length - 1]].map((growth) => growth.column);
  const lines = [];
  for (const name of ['show', 'write']) {
    const ratio = most.ms(name) / least.ms(name);
    lines.push([`${name} at ${most.name} notes within twice of ${least.name}`, ratio <= 2,
      `${ratio.toFixed(2)} times`]);
  }
  const list = most.ms('list, newest 100');
  lines.push([`list of the newest 100 of ${most.name} notes under 50 ms`, list < 50, `${shown(list)} ms`]);
  return lines;
}

async function measure(notes, sections) {
  const bench = new Bench(build, os.tmpdir());
  try {
    const growth = new Growth(bench, notes, sections);
    await growth.run();
    if (!options.includes('--json')) console.error(`measured ${growth.column.name}`);
    return growth;
  } finally {
    bench.clean();
  }
}

const byNotes = [];
const bySections = [];
for (const notes of plan.notes) byNotes.push(await measure(notes, 1));
for (const sections of plan.sections) bySections.push(await measure(plan.among, sections));
if (options.includes('--json')) {
  console.log(JSON.stringify([...byNotes, ...bySections].map(({ column, memory }) => ({
    name: column.name, memory_kib: memory,
    median_ms: Object.fromEntries([...column.rows.keys()].map((row) => [row, column.ms(row)])),
  }))));
} else {
  for (const [heading, growths] of [['notes, ms (median)', byNotes], ['notes in sections, ms (median)', bySections]]) {
    const columns = growths.map(({ column }) => column.name);
    print(heading, columns, growths[0].column.rows.keys(), (row, i) => growths[i].column.ms(row));
    print('peak memory, MiB', columns, ['command', 'agent', 'server'],
      (row, i) => growths[i].memory[row] / 1024);
  }
  console.log('');
  for (const [name, met, how] of targets(byNotes)) {
    console.log(`${met ? 'met    ' : 'not met'} ${name}: ${how}`);
  }
}
