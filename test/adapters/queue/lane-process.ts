import { appendFileSync } from 'node:fs';
import process, { argv, pid } from 'node:process';

import { createLog } from '../../../src/adapters/log.ts';
import { hasEnded, thisProcess } from '../../../src/adapters/queue/lease-holder.ts';
import { createLanes } from '../../../src/adapters/queue/sqlite-lanes.ts';
import { createLeases } from '../../../src/adapters/queue/leases.ts';
import { guardOf } from '../../../src/adapters/store/engines/fence.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';

/*
 * Lanes as a process of its own, for tests: `lane-process.ts <database> <trace file> <lease in ms>`. Each job takes some steps: a fenced
 * write, then an effect elsewhere, which is a line in the trace. SIGUSR2 makes the process stop itself where no transaction is open, because
 * one that is stopped within a transaction keeps the others from writing.
 */

const [, , database = '', trace = '', lease = ''] = argv;
const steps = 5;
const clock = { now: () => Date.now() };
const write = (line: string) => void process.stdout.write(`${line}\n`);
const log = createLog({ level: 'debug', clock, mask: (text) => text, write });

process.on('SIGUSR2', () => process.kill(pid, 'SIGSTOP'));
const db = await openSqlite(`file:${database}`);
const holder = thisProcess('a test');
const leases = createLeases({
  db,
  clock,
  log,
  holder,
  hasEnded: (other) => hasEnded(other, holder),
  leaseMs: Number(lease),
});
const lanes = createLanes({
  db,
  leases,
  clock,
  random: Math.random,
  log,
  jobsAdded: () => {},
  concurrency: 3,
  run: async (job, _tries, { lease: { lane, fence } }) => {
    if (job.kind !== 'deploy') throw new Error('These tests use deploy jobs.');
    const guard = guardOf(fence);
    for (let step = 1; step <= steps; step += 1) {
      const line = JSON.stringify({ lane, fence, branch: job.branch, step, pid });
      await db.transaction().execute(async (transaction) => {
        await guard(transaction);
        await transaction.insertInto('requests').values({ id: line, received_at: 0 }).execute();
      });
      appendFileSync(trace, `${line}\n`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { kind: 'done' };
  },
});
await lanes.start();
write(JSON.stringify({ message: 'started' }));
