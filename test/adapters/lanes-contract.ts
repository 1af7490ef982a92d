import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { until } from '../../demo/person.ts';
import type { ProjectId } from '../../src/domain/shared/ids.ts';
import type { DueJob, JobOutcome, Jobs } from '../../src/domain/jobs/job.ts';

/** A run of a job that the test ends. */
export interface OpenRun {
  readonly lane: string;
  readonly branch: string;
  readonly tries: number;
  /** Writes on behalf of the lane; rejects when the lane is lost. */
  write(): Promise<void>;
  end(outcome: JobOutcome): void;
  /** Ends it as a bug does. */
  break(): void;
}

/** One process, or what stands for one, that works in the lanes of a place. */
export interface LaneSide {
  readonly jobs: Jobs;
  /** The runs that began here and have not ended, oldest first. */
  readonly open: () => readonly OpenRun[];
  /** Ends in good order. */
  stop(): Promise<void>;
  /** Is gone from one moment to the next, and gives nothing back. */
  die(): Promise<void>;
  /** Stands still, for longer than the others believe that it lives; absent where nothing can be made to. */
  pause?(): void;
  resume?(): void;
}

export interface LanePlace {
  start(): Promise<LaneSide>;
  /** The jobs that are kept, oldest first. */
  kept(): Promise<
    readonly { readonly status: string; readonly lane: string; readonly reason: string | null }[]
  >;
  remove(): Promise<void>;
}

const project = 7 as ProjectId;
const done: JobOutcome = { kind: 'done' };

function dueJob(lane: string, branch: string, dueAt = 0): DueJob {
  return { job: { kind: 'deploy', projectId: project, branch, lane: `deploy:7:${lane}` }, dueAt };
}

/** What lanes guarantee, whatever runs them. */
export function lanesContract(newPlace: () => Promise<LanePlace>): void {
  let place: LanePlace;
  let sides: LaneSide[];

  beforeEach(async () => {
    place = await newPlace();
    sides = [];
  });

  afterEach(async () => {
    for (const side of sides) {
      for (const run of side.open()) run.end(done);
      await side.stop();
    }
    await place.remove();
  });

  const start = async () => {
    const side = await place.start();
    sides.push(side);
    return side;
  };
  const gone = (side: LaneSide) => (sides = sides.filter((one) => one !== side));
  const allOpen = () => sides.flatMap((side) => side.open());
  const next = (branch: string) =>
    until(`a run of ${branch}`, () => allOpen().find((run) => run.branch === branch), 20_000);
  const nothingKept = () =>
    until('the end of all jobs', async () => ((await place.kept()).length === 0 ? true : undefined), 20_000);
  /** Long enough for what must not happen to happen: a job of another lane is added, and seen through. */
  const settled = async (side: LaneSide) => {
    const lane = `probe-${crypto.randomUUID()}`;
    await side.jobs.add(dueJob(lane, lane));
    (await next(lane)).end(done);
  };

  describe('within a lane', () => {
    test('jobs run one at a time, oldest first', async () => {
      const side = await start();
      await side.jobs.add(dueJob('a', 'one'), dueJob('a', 'two'), dueJob('a', 'three'));
      const first = await next('one');
      await settled(side);
      expect(allOpen()).toHaveLength(1);
      first.end(done);
      (await next('two')).end(done);
      (await next('three')).end(done);
      await nothingKept();
    });

    test('one that is added while another runs, runs after it', async () => {
      const side = await start();
      await side.jobs.add(dueJob('a', 'one'));
      const first = await next('one');
      await side.jobs.add(dueJob('a', 'two'));
      await settled(side);
      expect(allOpen()).toHaveLength(1);
      first.end(done);
      (await next('two')).end(done);
      await nothingKept();
    });

    test('one of the key of a running job runs once more, and once for many', async () => {
      const side = await start();
      await side.jobs.add(dueJob('a', 'one'));
      const first = await next('one');
      await side.jobs.add(dueJob('a', 'one'));
      await side.jobs.add(dueJob('a', 'one'));
      first.end(done);
      (await next('one')).end(done);
      await nothingKept();
    });

    test('one that breaks is tried again, and holds up no other lane', async () => {
      const side = await start();
      await side.jobs.add(dueJob('a', 'one'), dueJob('b', 'other'));
      (await next('one')).break();
      (await next('other')).end(done);
      const again = await next('one');
      expect(again.tries).toBe(1);
      again.end(done);
      await nothingKept();
    });

    test('one that breaks five times is told of, and holds up none that comes after it', async () => {
      const side = await start();
      await side.jobs.add(dueJob('a', 'one'));
      for (let tries = 0; tries < 5; tries += 1) {
        const run = await next('one');
        expect(run.tries).toBe(tries);
        expect((await place.kept()).map(({ lane }) => lane)).toEqual(['deploy:7:a']);
        run.break();
      }
      await side.jobs.add(dueJob('a', 'two'));
      (await next('two')).end(done);
      const told = await until(
        'the word',
        async () => {
          const all = await place.kept();
          return all.length === 3 ? all : undefined;
        },
        20_000,
      );
      expect(told.map(({ lane }) => lane)).toEqual([
        'deploy:7:a',
        expect.stringMatching(/^tell-broken:E[0-9a-f]{8}$/),
        'alert:broken',
      ]);
      expect(told[0]).toMatchObject({ status: 'waiting', reason: expect.stringContaining('internal error') });
    }, 60_000);

    test('one that is given up is kept with its reason, and the next one runs', async () => {
      const side = await start();
      await side.jobs.add(dueJob('a', 'one'), dueJob('a', 'two'));
      (await next('one')).end({ kind: 'given-up', reason: 'no use' });
      (await next('two')).end(done);
      await until(
        'the end of the second',
        async () => ((await place.kept()).length === 1 ? true : undefined),
        20_000,
      );
      expect(await place.kept()).toMatchObject([{ status: 'given-up', reason: 'no use' }]);
    });
  });

  test('lanes run beside each other', async () => {
    const side = await start();
    await side.jobs.add(dueJob('a', 'one'), dueJob('b', 'two'));
    await next('one');
    await next('two');
    expect(allOpen()).toHaveLength(2);
  });

  test('a job that is due later does not run before', async () => {
    const side = await start();
    const dueAt = Date.now() + 1_500;
    await side.jobs.add(dueJob('a', 'later', dueAt), dueJob('a', 'now'));
    (await next('now')).end(done);
    await settled(side);
    expect(allOpen()).toEqual([]);
    const later = await next('later');
    expect(Date.now()).toBeGreaterThanOrEqual(dueAt);
    later.end(done);
    await nothingKept();
  });

  describe('what a crash leaves', () => {
    test('runs again, once', async () => {
      const first = await start();
      await first.jobs.add(dueJob('a', 'one'), dueJob('a', 'two'));
      await next('one');
      await first.die();
      gone(first);
      const second = await start();
      const again = await next('one');
      await settled(second);
      expect(allOpen()).toHaveLength(1);
      again.end(done);
      (await next('two')).end(done);
      await nothingKept();
    });

    test('goes on elsewhere after a pause, and then nothing of the first run is written any more', async ({
      skip,
    }) => {
      const first = await start();
      await first.jobs.add(dueJob('a', 'one'));
      const cutOff = await next('one');
      await cutOff.write();
      if (first.pause === undefined) {
        cutOff.end(done);
        return skip('an object can not be paused');
      }
      first.pause();
      gone(first);
      await start();
      const again = await next('one');
      first.resume?.();
      sides.push(first);
      await expect(cutOff.write()).rejects.toThrow('the lease of the lane is lost');
      await again.write();
      cutOff.end(done);
      again.end(done);
      await nothingKept();
    });

    test('a job that nobody had begun runs', async () => {
      const first = await start();
      await first.jobs.add(dueJob('a', 'one', Date.now() + 500));
      await first.die();
      gone(first);
      await start();
      (await next('one')).end(done);
      await nothingKept();
    });
  });

  test('what was given back in good order is run elsewhere at once', async () => {
    const first = await start();
    await first.jobs.add(dueJob('a', 'one'));
    const run = await next('one');
    run.end({ kind: 'stopped' });
    await first.stop();
    gone(first);
    await start();
    (await next('one')).end(done);
    await nothingKept();
  });
}
