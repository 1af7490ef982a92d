import { isDeepStrictEqual, parseArgs } from 'node:util';

import PQueue from 'p-queue';

import { runCalmly, runWithKill } from './run-case.ts';
import { scenarios } from './scenarios.ts';
import { sampleOf } from './sample.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    at: { type: 'string' },
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    jobs: { type: 'string', default: '2' },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const chosen = scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

if (Number(values.share) < 1) print(`seed ${values.seed}`);
let points = 0;
let failures = 0;
for (const scenario of chosen) {
  const began = performance.now();
  const calm = await runCalmly(scenario);
  const told = scenario.expected(calm.outcome);
  if (!isDeepStrictEqual(told, scenario.right)) {
    failures += 1;
    print(`✗ ${scenario.name} without a kill: ${JSON.stringify(told)}`);
  }
  const all = Array.from({ length: calm.boundaries.length }, (_, index) => index + 1);
  const boundaries =
    values.at === undefined ? sampleOf(all, Number(values.share), Number(values.seed)) : [Number(values.at)];
  const queue = new PQueue({ concurrency: Number(values.jobs) });
  let wrong = 0;
  await queue.addAll(
    boundaries.map((at) => async () => {
      const run = await runWithKill(scenario, at, calm.outcome);
      if (run.wrong.length === 0) return;
      wrong += 1;
      print(`✗ ${scenario.name} killed at ${at}, after ${run.killedAfter ?? 'its end'}`);
      for (const each of run.wrong) print(`  ${each}`);
      print(`  again: npm run test:crash -- ${scenario.name} --at ${at}`);
      if (values.at !== undefined) for (const line of run.log) print(line);
    }),
  );
  points += boundaries.length;
  failures += wrong;
  const seconds = Math.round((performance.now() - began) / 1_000);
  print(
    `${scenario.name}: killed at ${boundaries.length} of ${all.length} boundaries, ${wrong} wrong, ${seconds} s`,
  );
}
print(`${points} kill points, ${failures} failures`);
process.exitCode = failures === 0 && points > 0 ? 0 : 1;
