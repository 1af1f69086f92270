// A practice with a real member who has many notes, its server, and the client's commands with
// that member's profile, for compare.mjs and growth.mjs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { configuration } from './bench.mjs';

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

export function peakKib(pid) {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

// `notes` notes in `sections` sections of one chart.
export class Person {
  constructor(bench, name, { notes, sections = 1 }) {
    this.bench = bench;
    this.configuration = configuration;
    this.notes = notes;
    this.sections = sections;
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
    fs.appendFileSync(path.join(this.data, 'alcoved.conf'), this.configuration);
    this.server = bench.spawn(bench.program('bin/alcoved'), ['serve', this.data]);
    await bench.until(this.server, /port (\d+)/);
    const filled = this.run(bench.program('bench/load'),
      [this.port, this.profile, this.sections, 'fill', this.notes].map(String));
    assert.equal(filled.status, 0, filled.stderr);
  }

  // The first round fills the cache; then there is something to name.
  look() {
    const list = this.must('alone', ['list']);
    // Some revisions begin a note's line with its time.
    this.note = /^(?:\d{4}-\d\d-\d\d \d\d:\d\d +)?([0-9a-f]{8})\b/m.exec(list.stdout)[1];
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
