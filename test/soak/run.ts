import { parseArgs } from 'node:util';

import { soak } from './soak.ts';

const { values } = parseArgs({
  options: {
    projects: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '240' },
    rate: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const print = (line: string) => process.stdout.write(`${line}\n`);

print(`seed ${values.seed}`);
const result = await soak({
  projects: Number(values.projects),
  seconds: Number(values.seconds),
  deedsPerSecond: Number(values.rate),
  seed: Number(values.seed),
  print,
});
const { merges, commands, troubles, kills, deliveries, memory, problems } = result;
print(`${merges} merges and ${commands} commands, ${troubles} troubles, ${kills} kills`);
print(`${deliveries.accepted} deliveries accepted, ${deliveries.finished} finished`);
print(`memory of the bot in MiB, every 10 s: ${memory.filter((_, index) => index % 10 === 0).join(' ')}`);
for (const problem of problems) print(`✗ ${problem}`);
print(problems.length === 0 ? 'nothing lost, nothing doubled' : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
