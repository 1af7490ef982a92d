import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { z } from 'zod';

import { fixed, median, whole, type Finding } from './table.ts';

const pipelines = 1_200;
const bytes = 200_000;
const rounds = 5;
const measured = z.object({
  changed: z.number(),
  comments: z.number(),
  cpuMs: z.number(),
  ms: z.number(),
  idleMiB: z.number(),
  peakMiB: z.number(),
  blockedMs: z.number(),
});

/** Planning and rendering what changes many large pipelines, each time in a process of its own, with texts from memory. */
export async function planBench(): Promise<Finding> {
  const script = join(import.meta.dirname, 'plan-process.ts');
  const run = () => {
    const printed = execFileSync(process.execPath, [script, String(pipelines), String(bytes)], {
      encoding: 'utf8',
    });
    return measured.parse(JSON.parse(printed));
  };
  const all = Array.from({ length: rounds }, run);
  const middle = (pick: (one: z.infer<typeof measured>) => number) => median(all.map(pick));
  const cpu = middle(({ cpuMs }) => cpuMs) / 1_000;
  const peak = middle(({ peakMiB }) => peakMiB) * 1.048576;
  const blocked = middle(({ blockedMs }) => blockedMs);
  return {
    title: `Plan: ${whole(pipelines)} changed pipelines of ${whole(bytes / 1_000)} kB each`,
    rows: [
      { '': 'CPU time, the making of the texts included', figure: `${fixed(cpu)} s` },
      { '': 'memory before', figure: `${whole(middle(({ idleMiB }) => idleMiB) * 1.048576)} MB` },
      { '': 'peak memory', figure: `${whole(peak)} MB` },
      { '': 'the event loop was blocked for at most', figure: `${whole(blocked)} ms` },
      { '': 'comments that show it', figure: whole(middle(({ comments }) => comments)) },
    ],
    goals: [
      { text: `under 2 s of CPU: ${fixed(cpu)} s`, isReached: cpu < 2 },
      { text: `under 300 MB: ${whole(peak)} MB`, isReached: peak < 300 },
      { text: `the event loop never blocked over 50 ms: ${whole(blocked)} ms`, isReached: blocked <= 50 },
    ],
  };
}
