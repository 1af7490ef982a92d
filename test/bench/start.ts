import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../../demo/person.ts';
import { freePort } from '../../demo/free-port.ts';
import { botSettings, startLoad } from './ingest/ingest.ts';
import { fixed, median, type Finding } from './table.ts';

const rounds = 7;
const deliveries = 10_000;
const root = join(import.meta.dirname, '../..');

/** From the start of the process to the first answer, and the memory of a bot that has nothing to do. The built bot, as the image runs it. */
export async function startBench(): Promise<Finding> {
  const built = await mkdtemp(join(root, 'node_modules/.aic-bot-bench-'));
  const folder = await mkdtemp(join(tmpdir(), 'aic-bot-bench-'));
  const load = startLoad();
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', built]);
    const starts: number[] = [];
    let idle = Number.NaN;
    const after: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const began = performance.now();
      const child = spawn(process.execPath, [join(built, 'main.js')], {
        cwd: folder,
        env: { ...botSettings(port), DATABASE_URL: `file:${join(folder, `${round}.db`)}` },
        stdio: 'ignore',
      });
      await until(
        'an answer',
        () =>
          fetch(`${url}/healthz`).then(
            (answer) => answer.ok || undefined,
            () => undefined,
          ),
        20_000,
        2,
      );
      starts.push(performance.now() - began);
      if (round === rounds - 1) {
        await settled(child.pid);
        idle = residentMiB(child.pid);
        for (const part of [1, 2, 3, 4]) {
          let sent = 0;
          while (sent < deliveries / 4) {
            const { accepted } = await load.send({
              url,
              sender: 'gitlab',
              connections: 16,
              seconds: 1,
              rate: deliveries / 4,
            });
            sent += accepted;
          }
          await settled(child.pid);
          after.push(residentMiB(child.pid));
          if (part === 4) break;
        }
      }
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const start = median(starts);
    const last = after.at(-1) ?? Number.NaN;
    const growth = last - (after[1] ?? Number.NaN);
    return {
      title: 'Start and idle',
      rows: [
        { '': 'from process start to an answer of /healthz (median of 7)', figure: `${fixed(start, 0)} ms` },
        { '': 'resident memory, idle', figure: `${fixed(idle, 0)} MiB` },
        ...after.map((mib, index) => ({
          '': `resident memory after ${((index + 1) * deliveries) / 4} deliveries`,
          figure: `${fixed(mib, 0)} MiB`,
        })),
      ],
      goals: [
        { text: `under 500 ms to /healthz: ${fixed(start, 0)} ms`, isReached: start < 500 },
        { text: `under 120 MB idle: ${fixed(idle * 1.048576, 0)} MB`, isReached: idle * 1.048576 < 120 },
        {
          text: `flat: ${fixed(growth, 0)} MiB more after 10,000 than after 5,000 deliveries`,
          isReached: growth < 10,
        },
      ],
    };
  } finally {
    await load.stop();
    await Promise.all([built, folder].map((each) => rm(each, { recursive: true, force: true })));
  }
}

/** Resolves when the process has used no processor for half a second. */
async function settled(pid: number | undefined): Promise<void> {
  let [last, since] = [-1, performance.now()];
  await until(
    'an idle process',
    () => {
      const ticks = ticksOf(pid);
      if (ticks > last + 1) [last, since] = [ticks, performance.now()];
      return performance.now() - since > 500 || undefined;
    },
    30_000,
  );
}

/** Hundredths of a second on the processor, on Linux. */
function ticksOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function residentMiB(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
