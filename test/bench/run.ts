import { mkdir, writeFile } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { deployBench } from './deploy.ts';
import { contenders, ingestBench } from './ingest/ingest.ts';
import { deployOnPostgres, ingestOnPostgres } from './engines.ts';
import { planBench } from './plan.ts';
import { pushBench } from './push.ts';
import { startBench } from './start.ts';
import { printed, type Finding } from './table.ts';

/*
 * How fast the bot is, beside others and beside the limit, in one run on one machine. `npm run bench`, or one of them: `npm run bench -- deploy`. `--whole`
 * measures every size. Results go to test/bench/results as JSON, too.
 */

const benches: Readonly<Record<string, (isWhole: boolean) => Promise<Finding>>> = {
  ingest: () => ingestBench(contenders, 'Ingest: accepting webhooks durably'),
  deploy: deployBench,
  push: pushBench,
  plan: planBench,
  start: startBench,
  'engines-ingest': () => ingestOnPostgres(),
  'engines-deploy': () => deployOnPostgres(),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { whole: { type: 'boolean', default: false } },
});
const wanted = positionals.length === 0 ? Object.keys(benches) : positionals;
const folder = join(import.meta.dirname, 'results');
const print = (text: string) => process.stdout.write(`${text}\n`);
const [cpu] = cpus();
const machine = `${cpus().length} cores (${cpu?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, ${platform()} ${arch()}, Node ${process.version}`;

await mkdir(folder, { recursive: true });
print(machine);
for (const name of wanted) {
  const bench = benches[name];
  if (bench === undefined)
    throw new Error(`There is no ${name}. There are: ${Object.keys(benches).join(', ')}.`);
  const began = performance.now();
  const finding = await bench(values.whole);
  const seconds = Math.round((performance.now() - began) / 1_000);
  await writeFile(
    join(folder, `${name}.json`),
    `${JSON.stringify({ machine, seconds, ...finding }, null, 2)}\n`,
  );
  print(printed(finding));
}
