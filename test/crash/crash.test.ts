import { describe, expect, test } from 'vitest';

import { runCalmly, runWithKill } from './run-case.ts';
import { sampleOf } from './sample.ts';
import { scenarios } from './scenarios.ts';

/** The whole matrix is `npm run test:crash`. */
const killsOfEach = 1;
const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe.concurrent(`a bot that is killed, by the seed ${seed}`, { timeout: 180_000 }, () => {
  test.each(scenarios)('leaves behind what it would have: $name', async (scenario) => {
    const calm = await runCalmly(scenario);
    expect(scenario.expected(calm.outcome)).toEqual(scenario.right);
    const all = calm.boundaries.map((_, index) => index + 1);
    for (const at of sampleOf(all, killsOfEach / all.length, seed)) {
      const { wrong, killedAfter } = await runWithKill(scenario, at, calm.outcome);
      expect({ seed, at, killedAfter, wrong }).toEqual({ seed, at, killedAfter, wrong: [] });
    }
  });
});
