import { isDeepStrictEqual, parseArgs } from 'node:util';

import PQueue from 'p-queue';

import { nameOf, sampleOf, variantNamed, variantsOf } from './cases.ts';
import { runCalmly, runWithStops } from './run-case.ts';
import { countsStart, scenarios } from './scenarios.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stop: { type: 'string' },
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    calls: { type: 'string', default: '1,3,8' },
    jobs: { type: 'string', default: '2' },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);
const chosen = scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

if (Number(values.share) < 1) print(`seed ${values.seed}`);
let points = 0;
let failures = 0;
for (const scenario of chosen) {
  for (const atOnce of values.calls.split(',').map(Number)) {
    const began = performance.now();
    const calm = await runCalmly(scenario, atOnce);
    const told = scenario.expected(calm.outcome);
    if (!isDeepStrictEqual(told, scenario.right)) {
      failures += 1;
      print(`✗ ${scenario.name} without a stop: ${JSON.stringify(told)}`);
    }
    const all = variantsOf(calm.boundaries.length, countsStart(scenario));
    const size = Math.max(1, Math.round(all.length * Number(values.share)));
    const variants =
      values.stop === undefined ? sampleOf(all, size, Number(values.seed)) : [variantNamed(values.stop)];
    const queue = new PQueue({ concurrency: Number(values.jobs) });
    let wrong = 0;
    await queue.addAll(
      variants.map((variant) => async () => {
        const run = await runWithStops(scenario, variant.stops, { calm: calm.outcome, atOnce });
        if (run.wrong.length === 0) return;
        wrong += 1;
        print(`✗ ${scenario.name}, ${nameOf(variant)}, after ${run.stoppedAfter ?? 'its end'}`);
        for (const each of run.wrong) print(`  ${each}`);
        print(
          `  again: npm run test:crash -- ${scenario.name} --calls ${atOnce} --stop '${nameOf(variant)}'`,
        );
        if (values.stop !== undefined) for (const line of run.log) print(line);
      }),
    );
    points += variants.length;
    failures += wrong;
    const seconds = Math.round((performance.now() - began) / 1_000);
    print(
      `${scenario.name}, ${atOnce} calls at once: ${variants.length} of ${all.length} stops at ${calm.boundaries.length} boundaries, ${wrong} wrong, ${seconds} s`,
    );
  }
}
print(`${points} runs with stops, ${failures} failures`);
process.exitCode = failures === 0 && points > 0 ? 0 : 1;
