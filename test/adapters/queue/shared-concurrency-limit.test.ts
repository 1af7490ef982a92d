import { afterAll, beforeAll, expect, test } from 'vitest';

import { until } from '../../../demo/person.ts';
import { createBound } from '../../../src/adapters/http/concurrency-limit.ts';
import { createLog } from '../../../src/adapters/log.ts';
import { createSharedBound } from '../../../src/adapters/queue/shared-concurrency-limit.ts';
import { startPostgres, type TestPostgres } from '../../postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const lines: string[] = [];
const log = createLog({
  level: 'warn',
  clock: { now: () => 0 },
  mask: (text) => text,
  write: (line) => void lines.push(line),
});

test('ten processes together make no more calls to a host at once than one may', async () => {
  const url = await postgres.newDatabase();
  const sides = Array.from({ length: 10 }, () => createSharedBound(url, { log, random: Math.random }));
  let underWay = 0;
  let most = 0;
  const ended: string[] = [];
  const call = (host: string) => async () => {
    if (host === 'AIC') underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (host === 'AIC') underWay -= 1;
    ended.push(host);
  };
  await Promise.all(
    sides.flatMap(({ bound }) => {
      const toAic = createBound('AIC', 3, bound);
      const elsewhere = createBound('GitLab', 1, bound);
      return [...Array.from({ length: 6 }, () => toAic(call('AIC'))), elsewhere(call('GitLab'))];
    }),
  );
  expect(most).toBe(3);
  expect(ended).toHaveLength(70);
  await Promise.all(sides.map((side) => side.close()));
});

test('what a process had is free once it is gone', async () => {
  const url = await postgres.newDatabase();
  const [gone, other] = [
    createSharedBound(url, { log, random: Math.random }),
    createSharedBound(url, { log, random: Math.random }),
  ];
  let begun = 0;
  void createBound(
    'AIC',
    1,
    gone.bound,
  )(() => {
    begun += 1;
    return new Promise(() => {});
  });
  await until('the call', () => begun === 1 || undefined, 10_000);
  const waiting = createBound('AIC', 1, other.bound)(async () => 'its turn');
  await gone.close();
  expect(await waiting).toBe('its turn');
  await other.close();
});

test('calls go on while the database is away', async () => {
  const url = await postgres.newDatabase();
  const side = createSharedBound(url, { log, random: Math.random });
  const bound = createBound('AIC', 2, side.bound);
  expect(await bound(async () => 1)).toBe(1);
  await postgres.restart();
  expect(await bound(async () => 2)).toBe(2);
  expect(await bound(async () => 3)).toBe(3);
  await side.close();
  const nowhere = createSharedBound(url.replace(/:\d+\//, ':1/'), { log, random: Math.random });
  expect(await createBound('AIC', 2, nowhere.bound)(async () => 4)).toBe(4);
  expect(lines.join('\n')).toContain('calls are bounded by this process alone');
  expect(lines.join('\n')).not.toContain('a-password');
});
