import { expect, test } from 'vitest';

import type { UpstreamReason } from '../../../src/domain/shared/upstream-failure.ts';
import { notDone } from '../../../src/handlers/jobs/job-outcome.ts';

const failureOf = (reason: UpstreamReason, status?: number) =>
  ({ system: 'GitLab', reason, status, asked: 'POST /notes', said: 'no' }) as const;

test.each(['passing', 'denied', 'conflict'] as const)('%s may change: the job runs again', (reason) => {
  expect(notDone(failureOf(reason, 403))).toEqual({
    kind: 'again',
    reason: 'GitLab answered 403 to POST /notes: no',
  });
});

test.each(['missing', 'refused', 'too-large'] as const)('%s stays: the job is given up', (reason) => {
  expect(notDone(failureOf(reason, 404))).toEqual({
    kind: 'given-up',
    reason: 'GitLab answered 404 to POST /notes: no',
  });
});

test('no answer is told as such', () => {
  expect(notDone(failureOf('passing'))).toEqual({
    kind: 'again',
    reason: 'GitLab answered nothing to POST /notes: no',
  });
});

test('a stop is no try', () => {
  expect(notDone(failureOf('stopped'))).toEqual({ kind: 'stopped' });
});
