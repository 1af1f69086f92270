// The programs that run.mjs measures with: starting and stopping servers, recording what ours
// writes to LMDB, and running one measurement.
import { spawn, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const configuration = `connections-per-address-max = 20000
lines-per-hour = 0
connections-max = 12000
ping-after-ms = 3600000
`;

export class Bench {
  constructor(build, parent) {
    this.build = build;
    this.top = fs.mkdtempSync(path.join(parent, 'bench-'));
    this.children = new Set();
    this.traces = {};
    this.folders = 0;
    process.on('exit', () => this.clean());
  }

  clean() {
    for (const child of this.children) child.kill('SIGKILL');
    fs.rmSync(this.top, { recursive: true, force: true });
  }

  program(name) {
    return path.join(this.build, name);
  }

  // A new empty folder.
  folder(name) {
    const folder = path.join(this.top, `${name}-${this.folders += 1}`);
    fs.mkdirSync(folder);
    return folder;
  }

  spawn(command, words, { env = {}, input = 'ignore', passphrase = false } = {}) {
    const stdio = [input, 'pipe', 'pipe'];
    if (passphrase) {
      fs.writeFileSync(path.join(this.top, 'passphrase'), 'seed\n', { mode: 0o600 });
      stdio.push(fs.openSync(path.join(this.top, 'passphrase'), 'r'));
    }
    const child = spawn(command, words, { env: { ...process.env, ...env }, stdio });
    if (passphrase) fs.closeSync(stdio[3]);
    this.children.add(child);
    child.said = '';
    child.errors = '';
    child.stdout.on('data', (text) => { child.said += text; });
    child.stderr.on('data', (text) => { child.errors += text; });
    child.ended = new Promise((resolve) => {
      child.on('close', (code, signal) => {
        this.children.delete(child);
        resolve(code ?? signal);
      });
    });
    return child;
  }

  // Waits until the program has said something that matches.
  async until(child, pattern, where = 'said') {
    for (;;) {
      const match = pattern.exec(child[where]);
      if (match) return match;
      const ended = await Promise.race([child.ended,
        new Promise((resolve) => { setTimeout(() => resolve(undefined), 10); })]);
      assert.equal(ended, undefined, `${child.spawnargs.join(' ')}: ${child.errors}`);
    }
  }

  async result(child) {
    const ended = await child.ended;
    assert.equal(ended, 0, `${child.spawnargs.join(' ')}: ${child.errors}`);
    return JSON.parse(child.said);
  }

  // A practice of its own in `data`, and its server, perhaps with a preloaded library.
  async serve(data, env = {}) {
    if (!fs.existsSync(data)) {
      for (const [command, ...words] of [
        [this.program('bin/alcoved'), 'init', data, '--listen', '127.0.0.1:0', '--address', '127.0.0.1:1'],
        [this.program('bench/seed'), data, `${data}-profiles`]]) {
        const made = spawnSync(command, words, { encoding: 'utf8' });
        assert.equal(made.status, 0, made.stderr);
      }
      fs.appendFileSync(path.join(data, 'alcoved.conf'), configuration);
    }
    const server = this.spawn(this.program('bin/alcoved'), ['serve', data], { env });
    server.port = (await this.until(server, /port (\d+)/))[1];
    server.profile = path.join(`${data}-profiles`, 'T1');
    return server;
  }

  async start() {
    const data = path.join(this.top, 'practice');
    this.server = await this.serve(data);
    this.echo = this.spawn(this.program('bench/echo_server'),
      [path.join(data, 'tls.crt'), path.join(data, 'tls.key'), '2'], { input: 'pipe' });
    this.echo.port = (await this.until(this.echo, /port (\d+)/))[1];
  }

  async stop(server) {
    server.kill('SIGTERM');
    const ended = await server.ended;
    assert.equal(ended, 0, `the server ended with ${ended}: ${server.errors}`);
  }

  async end() {
    for (const server of [this.server, this.filled]) {
      if (server && this.children.has(server)) await this.stop(server);
    }
    if (this.echo && this.children.has(this.echo)) {
      this.echo.stdin.end();
      await this.echo.ended;
    }
    this.clean();
  }

  loadProcess(server, ...words) {
    return this.spawn(this.program('bench/load'), [server.port, server.profile, ...words.map(String)],
      { passphrase: true, input: words[1] === 'idle' ? 'pipe' : 'ignore' });
  }

  load(...words) {
    return this.result(this.loadProcess(this.server, ...words));
  }

  wire(...words) {
    return this.result(this.spawn(this.program('bench/ceiling_wire'),
      [this.echo.port, ...words.map(String)]));
  }

  // Runs a server of its own under put_trace.so for each kind of load.
  async record(crowd, seconds) {
    for (const [name, connections, what] of [['writes', crowd, 'write'], ['single', 1, 'write'],
      ['reads', crowd, 'read']]) {
      const file = path.join(this.top, `${name}.trace`);
      const server = await this.serve(path.join(this.top, `recorded-${name}`),
        { LD_PRELOAD: this.program('bench/put_trace.so'), ALCOVE_PUT_TRACE: file });
      const client = this.loadProcess(server, connections, what, seconds);
      await this.until(client, /ready/, 'errors');
      const from = fs.statSync(file).size;
      const { done } = await this.result(client);
      await this.stop(server);
      this.traces[name] = { file, from, done };
    }
  }

  replay(trace) {
    const folder = this.folder('replay');
    const made = spawnSync(this.program('bench/ceiling_lmdb'),
      [trace.file, folder, String(trace.from)], { encoding: 'utf8' });
    assert.equal(made.status, 0, made.stderr);
    fs.rmSync(folder, { recursive: true });
    trace.last = JSON.parse(made.stdout);
    return trace.last;
  }

  costs() {
    const costs = {};
    for (const [what, trace] of [['write', this.traces.writes], ['read', this.traces.reads]]) {
      const raw = trace.last ?? this.replay(trace);
      costs[what] = { puts: raw.puts / trace.done, pages: raw.pages / trace.done,
        perCommit: trace.done / raw.commits };
    }
    return costs;
  }

  // Notes for the sync, in a practice of its own: that client has nothing else.
  async fill(count) {
    const data = path.join(this.top, 'filled');
    this.filled = await this.serve(data);
    await this.result(this.loadProcess(this.filled, 1, 'fill', count));
    this.recordBytes = 4080; // a page of the store less LMDB's head: what a 1 KiB note becomes
  }

  async sync() {
    const folder = this.folder('cache');
    const result = await this.result(this.spawn(this.program('bench/sync_client'),
      [this.filled.port, this.filled.profile, path.join(folder, 'cache')], { passphrase: true }));
    fs.rmSync(folder, { recursive: true });
    return result;
  }

  static residentKib(pid) {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  }

  async idle(server, child, count) {
    const before = Bench.residentKib(server.pid);
    await this.until(child(), /open/);
    return (Bench.residentKib(server.pid) - before) / count;
  }

  async idleOurs(count) {
    const server = await this.serve(path.join(this.top, 'idle'));
    let client;
    const kib = await this.idle(server, () => {
      client = this.loadProcess(server, count, 'idle');
      return client;
    }, count);
    client.stdin.end();
    await client.ended;
    await this.stop(server);
    return kib;
  }

  async idleBare(count) {
    const cert = path.join(this.top, 'practice');
    const server = this.spawn(this.program('bench/echo_server'),
      [path.join(cert, 'tls.crt'), path.join(cert, 'tls.key'), '2'], { input: 'pipe' });
    server.port = (await this.until(server, /port (\d+)/))[1];
    let client;
    const kib = await this.idle(server, () => {
      client = this.spawn(this.program('bench/ceiling_wire'), [server.port, 'idle', String(count)],
        { input: 'pipe' });
      return client;
    }, count);
    client.stdin.end();
    await client.ended;
    server.stdin.end();
    await server.ended;
    return kib;
  }
}
