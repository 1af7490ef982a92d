import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { fitting, handedOver, type HandedOver } from '../../../src/adapters/cloudflare/lane-message.ts';
import { deployJob } from '../../../src/domain/jobs/job.ts';
import { iid, projectId } from '../../domain/samples.ts';

const row = 2_000_000;
const bytesOf = (what: HandedOver) => new TextEncoder().encode(JSON.stringify(what)).length;
const common = { id: 'one', receivedAt: 5, eventName: 'Push Hook', digest: 'd' };

function push(branch: string): HandedOver {
  const event = { kind: 'pushed', projectId, branch, before: undefined, after: undefined } as const;
  return {
    delivery: { ...common, content: { kind: 'event', event } },
    jobs: [{ job: deployJob(projectId, branch), dueAt: 5 }],
  };
}

test('what fits into a row is handed over as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const what: HandedOver = {
        delivery: { ...common, content: { kind: 'rejected', reason: 'odd', body: text } },
        jobs: [{ job: deployJob(projectId, text), dueAt: 5 }],
      };
      expect(fitting(what)).toBe(what);
    }),
  );
});

test('a body that is small in characters and large in bytes is left out', () => {
  const body = '€'.repeat(700_000);
  const fits = fitting({
    delivery: { ...common, content: { kind: 'rejected', reason: 'odd', body } },
    jobs: [],
  });
  expect(fits.delivery.content).toEqual({ kind: 'rejected', reason: 'odd', body: '' });
});

test('an event that no row holds is set aside, and somebody is told', () => {
  // Few enough characters, which stand in the event and in its job.
  const fits = fitting(push('€'.repeat(400_000)));
  expect(bytesOf(fits)).toBeLessThan(row);
  expect(fits.delivery).toMatchObject({ id: 'one', digest: 'd', content: { kind: 'rejected', body: '' } });
  expect(fits.jobs).toMatchObject([
    { job: { kind: 'alert', alert: { about: 'rejected', delivery: 'one' } } },
  ]);
});

test('what an earlier version handed over is read', () => {
  const event = { kind: 'merged', projectId: 7, branch: 'main', mergeRequest: iid(3) };
  const old = { id: 'one', receivedAt: 5, eventName: 'x', body: '{"a":1}' };
  const read = (content: object) => handedOver.parse({ delivery: { ...old, content }, jobs: [] }).delivery;
  expect(read({ kind: 'event', event })).toEqual({
    id: 'one',
    receivedAt: 5,
    eventName: 'x',
    digest: '',
    content: { kind: 'event', event },
  });
  expect(read({ kind: 'rejected', reason: 'odd' }).content).toEqual({
    kind: 'rejected',
    reason: 'odd',
    body: '{"a":1}',
  });
});
