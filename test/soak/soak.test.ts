import { expect, test } from 'vitest';

import { soak } from './soak.ts';

test('under load, with faults and kills, nothing is lost and nothing done twice', async () => {
  const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const result = await soak({
    projects: 4,
    seconds: 10,
    deedsPerSecond: 2,
    seed,
    print: () => {},
  });
  expect({ seed, problems: result.problems }).toEqual({ seed, problems: [] });
  expect(result.merges).toBeGreaterThan(3);
  expect(result.commands).toBeGreaterThan(3);
  expect(result.deliveries.accepted).toBeGreaterThan(result.merges);
}, 600_000);
