import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { DeploymentId, IssueIid, NoteId } from '../../../src/domain/shared/ids.ts';
import {
  checkTokenJob,
  deployJob,
  deploymentMarker,
  keyOf,
  laneOf,
  pauseAfter,
  workspaceLane,
  type Job,
} from '../../../src/domain/jobs/job.ts';
import { hostile } from '../hostile.ts';
import { iid, projectId, sha } from '../samples.ts';

const mail = { to: ['a@example.com'], subject: 's', html: 'h', text: 't' };
/** Few values, so that two jobs often agree in some of them. */
const id = fc.integer({ min: 1, max: 3 });
/** Git allows no colon in the name of a branch. */
const branch = fc.constantFrom('a', 'a/b', 'a/c', 'a/*', '1', '!1');
const marker = id.map((number) => deploymentMarker(number as DeploymentId));
const project = id.map((number) => number as typeof projectId);

const noteable = fc.oneof(
  id.map((number) => ({ kind: 'merge-request' as const, iid: iid(number) })),
  id.map((number) => ({ kind: 'issue' as const, iid: number as IssueIid })),
);
const place = fc.oneof(
  noteable,
  fc.tuple(noteable, fc.constantFrom('d1', 'd2')).map(([on, discussion]) => ({ ...on, discussion })),
  noteable.map((on) => ({ ...on, confidential: true as const })),
  id.map((number) => ({ kind: 'commit' as const, commit: sha(number) })),
);

const job: fc.Arbitrary<Job> = fc.oneof(
  fc.record({ kind: fc.constant('deploy' as const), projectId: project, branch, lane: branch }),
  fc.record({
    kind: fc.constant('comment' as const),
    projectId: project,
    place,
    marker,
    body: fc.constant('b'),
  }),
  fc.record({
    kind: fc.constant('reaction' as const),
    projectId: project,
    on: noteable,
    // GitLab's numbers of notes mean the same everywhere, so one note is on one thing.
    note: id.map((number) => number as NoteId),
    emoji: fc.constantFrom('eyes', 'x'),
  }),
  fc.record({
    kind: fc.constant('note' as const),
    projectId: project,
    on: noteable,
    note: id.map((number) => number as NoteId),
    discussion: fc.constant(undefined),
    delivery: fc.constant(undefined),
  }),
  fc.record({
    kind: fc.constant('mail' as const),
    mail: fc.oneof(branch, marker).map((messageId) => ({ ...mail, messageId })),
  }),
  fc.constant(checkTokenJob),
);

describe('keys and lanes', () => {
  test('differing jobs have differing keys', () => {
    fc.assert(
      fc.property(job, job, (one, other) => {
        expect(keyOf(one) === keyOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 2_000 },
    );
  });

  test('jobs of one key share a lane', () => {
    fc.assert(
      fc.property(job, job, (one, other) => {
        expect(keyOf(one) !== keyOf(other) || laneOf(one) === laneOf(other)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a later body replaces the comment that waits', () => {
    const comment: Job = {
      kind: 'comment',
      projectId,
      place: { kind: 'merge-request', iid: iid(1) },
      marker: 'm',
      body: 'old',
    };
    expect(keyOf({ ...comment, body: 'new' })).toBe(keyOf(comment));
  });

  test('jobs that lead to one workspace share a lane, whatever the project, and replace each other only within it', () => {
    const lane = workspaceLane({ environment: 'prod', aicProject: 'P', workspace: 'W' });
    const one: Job = { kind: 'deploy', projectId, branch: 'main', lane };
    const other: Job = { ...one, projectId: 8 as typeof projectId };
    const drift: Job = { kind: 'check-drift', projectId, branch: 'main', lane };
    expect([laneOf(other), laneOf(drift)]).toEqual([laneOf(one), laneOf(one)]);
    expect(keyOf(other)).not.toBe(keyOf(one));
  });

  test('workspaces of differing names, projects or hosts have differing lanes', () => {
    const name = fc.record({
      environment: fc.constantFrom('prod' as const, 'qa' as const),
      aicProject: hostile.map((text) => text.toWellFormed()),
      workspace: hostile.map((text) => text.toWellFormed()),
    });
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(workspaceLane(one) === workspaceLane(other)).toBe(
          JSON.stringify(one) === JSON.stringify(other),
        );
      }),
    );
  });

  test('a job of an earlier version, which names a key of the mapping, waits in the lane of its branch', () => {
    const old = JSON.parse(
      '{"kind":"deploy","projectId":7,"branch":"team-a/x","mappingKey":"team-a/*"}',
    ) as Job;
    expect(laneOf(old)).toBe(laneOf(deployJob(projectId, 'team-a/x')));
    const drift = JSON.parse('{"kind":"check-drift","projectId":7,"branch":"main"}') as Job;
    expect(laneOf(drift)).toBe(laneOf(deployJob(projectId, 'main')));
  });

  test('all mails share a lane of their own', () => {
    const lane = laneOf({ kind: 'mail', mail: { ...mail, messageId: '1' } });
    expect(laneOf({ kind: 'mail', mail: { ...mail, messageId: '2' } })).toBe(lane);
    expect(laneOf(deployJob(projectId, 'mail'))).not.toBe(lane);
  });

  test('a job whose mapping is not known starts in the lane of its branch', () => {
    expect(deployJob(projectId, 'team-a/x')).toStrictEqual({
      kind: 'deploy',
      projectId,
      branch: 'team-a/x',
    });
  });
});

describe('pauses', () => {
  const tries = fc.integer({ min: 1, max: 1_000_000 });
  const first = fc.integer({ min: 1, max: 60_000 });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('double from the first one to 15 minutes', () => {
    expect([1, 2, 3, 6, 7, 8, 1_000].map((count) => pauseAfter(count, 15_000, 0))).toStrictEqual([
      15_000, 30_000, 60_000, 480_000, 900_000, 900_000, 900_000,
    ]);
  });

  test('are never longer than 15 minutes and never nothing', () => {
    fc.assert(
      fc.property(tries, first, random, (count, firstMs, chance) => {
        const pause = pauseAfter(count, firstMs, chance);
        expect(pause).toBeLessThanOrEqual(15 * 60_000);
        expect(pause).toBeGreaterThan(0);
      }),
    );
  });

  test('grow with the number of tries', () => {
    fc.assert(
      fc.property(tries, first, (count, firstMs) => {
        expect(pauseAfter(count + 1, firstMs, 0)).toBeGreaterThanOrEqual(pauseAfter(count, firstMs, 0));
      }),
    );
  });

  test('are shortened by chance, by a fifth at most', () => {
    fc.assert(
      fc.property(tries, first, random, (count, firstMs, chance) => {
        const whole = pauseAfter(count, firstMs, 0);
        const pause = pauseAfter(count, firstMs, chance);
        expect(pause).toBeLessThanOrEqual(whole);
        expect(pause).toBeGreaterThanOrEqual(Math.floor(whole * 0.8));
      }),
    );
  });
});
