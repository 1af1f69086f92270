// What is measured, for run.mjs (beside its ceiling) and compare.mjs (beside another revision).
//
// Of each figure `ours()` gives {value}, and perhaps more that its `ceiling` goes by; both are in
// the same unit. `share` is the target's part of the ceiling. `atMost`: smaller is better. `once`:
// not again in each round.
export const quickPlan = { rounds: 3, seconds: 2, notes: 10000, pushes: 150, idle: 2000 };
export const crowd = 256;
const loginsAtOnce = 16;

export function figuresOf(bench, plan) {
  let push;
  return [
    {
      name: `audited durable writes, 1 KiB, ${crowd} connections`,
      unit: '/s', share: 0.6, ceilingIs: 'raw LMDB, the same puts in the same batches',
      async ours() {
        return { value: (await bench.load(crowd, 'write', plan.seconds)).per_second };
      },
      async ceiling() {
        return bench.traces.writes.done / bench.replay(bench.traces.writes).seconds;
      },
    },
    {
      name: 'the same, 1 connection',
      unit: '/s', share: 0.8, ceilingIs: 'one durable commit per write',
      async ours() {
        return { value: (await bench.load(1, 'write', plan.seconds)).per_second };
      },
      async ceiling() {
        return bench.traces.single.done / bench.replay(bench.traces.single).seconds;
      },
    },
    {
      name: `audited reads, ${crowd} connections`,
      unit: '/s', share: 0.5, ceilingIs: 'bare libwebsockets TLS, the same sizes',
      async ours() {
        const read = await bench.load(crowd, 'read', plan.seconds);
        return { value: read.per_second, read };
      },
      async ceiling({ read }) {
        return (await bench.wire('echo', crowd, read.ask_bytes, read.answer_bytes, plan.seconds))
          .per_second;
      },
    },
    {
      name: `full sync of ${plan.notes} notes into a fresh client`,
      unit: '/s', share: 0.4, atLeast: 20000,
      ceilingIs: 'wire + SHA-256 + one raw LMDB append of the same bytes',
      async ours() {
        return { value: (await bench.sync()).per_second };
      },
      async ceiling() {
        return (await bench.wire('sync', plan.notes, bench.recordBytes, bench.folder('raw-sync')))
          .per_second;
      },
    },
    {
      name: 'logins',
      unit: '/s', share: 0.6, ceilingIs: 'TLS 1.3 + upgrade + one message, the same certificate',
      async ours() {
        return { value: (await bench.load(loginsAtOnce, 'login', plan.seconds)).per_second };
      },
      async ceiling() {
        return (await bench.wire('login', loginsAtOnce, 600, plan.seconds)).per_second;
      },
    },
    {
      name: 'push, commit to reader, p50',
      unit: 'us', share: 2, atMost: true, ceilingIs: 'one durable commit, p50',
      async ours() {
        push = await bench.load(2, 'push', plan.pushes);
        return { value: push.p50_us };
      },
      async ceiling() {
        return bench.replay(bench.traces.single).p50_us;
      },
    },
    {
      name: 'push, commit to reader, p99',
      unit: 'us', share: 4, atMost: true, ceilingIs: 'one durable commit, p99',
      // Of the pushes and the commits that were just measured.
      async ours() {
        return { value: push.p99_us };
      },
      async ceiling() {
        return bench.traces.single.last.p99_us;
      },
    },
    {
      name: `memory per idle logged-in connection, of ${plan.idle}`,
      unit: 'KiB', share: 26 / 22, atMost: true, once: true, ceilingIs: 'bare libwebsockets',
      async ours() {
        return { value: await bench.idleOurs(plan.idle) };
      },
      async ceiling() {
        return bench.idleBare(plan.idle);
      },
    },
  ];
}
