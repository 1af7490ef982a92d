import { describe, expect, test } from 'vitest';

import { nameOf, sampleOf, variantsOf } from './cases.ts';
import { runCalmly, runWithStops } from './run-case.ts';
import { countsStart, scenarios } from './scenarios.ts';

/** The whole matrix is `npm run test:crash`. */
const scenariosAtATime = 3;
const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const [atOnce = 8] = sampleOf([1, 3, 8], 1, seed);

describe.concurrent(`a bot that is stopped, by the seed ${seed}`, { timeout: 300_000 }, () => {
  test.each(sampleOf(scenarios, scenariosAtATime, seed))(
    'leaves behind what it would have: $name',
    async (scenario) => {
      const calm = await runCalmly(scenario, atOnce);
      expect(scenario.expected(calm.outcome)).toEqual(scenario.right);
      const all = variantsOf(calm.boundaries.length, countsStart(scenario));
      for (const variant of sampleOf(all, 1, seed)) {
        const { wrong, stoppedAfter } = await runWithStops(scenario, variant.stops, {
          calm: calm.outcome,
          atOnce,
        });
        const what = { seed, atOnce, stops: nameOf(variant), stoppedAfter };
        expect({ ...what, wrong }).toEqual({ ...what, wrong: [] });
      }
    },
  );
});
