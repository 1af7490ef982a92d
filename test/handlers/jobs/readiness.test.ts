import { expect, test, vi } from 'vitest';

import { fail, ok, type Result } from '../../../src/domain/shared/result.ts';
import type { System, UpstreamFailure } from '../../../src/domain/shared/upstream-failure.ts';
import { createReadiness } from '../../../src/handlers/jobs/readiness.ts';

type Reach = () => Promise<Result<void, UpstreamFailure>>;

const fine: Reach = () => Promise.resolve(ok(undefined));
const failing =
  (system: System, status?: number): Reach =>
  () =>
    Promise.resolve(
      fail({
        system,
        reason: 'passing',
        status,
        asked: 'GET /user',
        said: 'http://10.0.0.5/ refused glpat-x',
      }),
    );

function readinessOf(
  upstreams: readonly Reach[],
  store: () => Promise<void> = () => Promise.resolve(),
  { brokenHooks = () => Promise.resolve(0), brokenJobs = () => Promise.resolve(0) } = {},
) {
  const time = { now: 0 };
  const readiness = createReadiness({
    clock: { now: () => time.now },
    store,
    upstreams,
    brokenHooks,
    brokenJobs,
  });
  return { time, readiness, notReady: async () => (await readiness()).missing };
}

test('nothing is missing when everything answers', async () => {
  expect(await readinessOf([fine, fine]).notReady()).toEqual([]);
});

test('tells all that does not answer, without what it said', async () => {
  const { notReady } = readinessOf([failing('GitLab', 401), failing('AIC'), fine], () =>
    Promise.reject(new Error('disk I/O error at /var/lib/aic-bot.db')),
  );
  expect(await notReady()).toEqual(['store', 'GitLab (401)', 'AIC (no answer)']);
});

test('asks again after ten seconds, not sooner', async () => {
  const reach = vi.fn<Reach>(fine);
  const { notReady, time } = readinessOf([reach]);
  await notReady();
  time.now = 9_999;
  await notReady();
  expect(reach).toHaveBeenCalledTimes(1);
  time.now = 10_000;
  await notReady();
  expect(reach).toHaveBeenCalledTimes(2);
});

test('tells of a return after ten seconds', async () => {
  let answer = failing('AIC', 503);
  const { notReady, time } = readinessOf([() => answer()]);
  expect(await notReady()).toEqual(['AIC (503)']);
  answer = fine;
  expect(await notReady()).toEqual(['AIC (503)']);
  time.now = 10_000;
  expect(await notReady()).toEqual([]);
});

test('questions that come while the answer is awaited share it', async () => {
  const asked = Promise.withResolvers<Result<void, UpstreamFailure>>();
  const reach = vi.fn<Reach>(() => asked.promise);
  const { notReady } = readinessOf([reach]);
  const answers = Promise.all([notReady(), notReady(), notReady()]);
  asked.resolve(ok(undefined));
  expect(await answers).toEqual([[], [], []]);
  expect(reach).toHaveBeenCalledTimes(1);
});

test('warns of webhooks that do not work, which is no lack of readiness', async () => {
  const { readiness } = readinessOf([fine], undefined, { brokenHooks: () => Promise.resolve(2) });
  expect(await readiness()).toEqual({
    missing: [],
    warnings: [expect.stringMatching(/^the webhooks of 2 projects do not .* aic-bot doctor$/)],
  });
});

test('warns of jobs that break off, which is no lack of readiness: the others are done', async () => {
  const { readiness } = readinessOf([fine], undefined, { brokenJobs: () => Promise.resolve(1) });
  expect(await readiness()).toEqual({
    missing: [],
    warnings: [expect.stringMatching(/^1 job breaks off .* "job broke off", with an id/)],
  });
  const unknown = readinessOf([fine], undefined, { brokenJobs: () => Promise.reject(new Error('locked')) });
  expect((await unknown.readiness()).warnings).toEqual([]);
});
