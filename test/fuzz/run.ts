import { parseArgs } from 'node:util';

import * as fc from 'fast-check';

import { targets } from './targets.ts';

/** Of the process, with all that fast-check keeps for itself. */
const mostMiB = 1_500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const [seed, numRuns] = [Number(values.seed), Number(values.cases)];
const chosen = targets.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

print(`seed ${seed}`);
for (const target of chosen) {
  const { property, close } = await target.open();
  const began = performance.now();
  const result = await fc.check(property, { seed, numRuns, endOnFailure: false });
  await close();
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  const memory = Math.round(process.memoryUsage().rss / 1024 / 1024);
  print(`${result.failed ? '✗' : '✓'} ${target.name}: ${result.numRuns} cases, ${seconds} s, ${memory} MiB`);
  if (memory > mostMiB) {
    print(`✗ ${target.name}: more than ${mostMiB} MiB`);
    process.exitCode = 1;
  }
  if (!result.failed) continue;
  print(fc.defaultReportMessage(result) ?? '');
  print(`again: npm run fuzz -- ${target.name} --seed ${seed} --cases ${numRuns}`);
  process.exitCode = 1;
}
