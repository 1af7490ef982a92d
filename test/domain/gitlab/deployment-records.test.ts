import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { environmentOf, recordStateOf } from '../../../src/domain/gitlab/deployment-records.ts';
import { hostile } from '../hostile.ts';

/** https://docs.gitlab.com/ci/environments/#create-a-static-environment */
const allowed = /^(?!\/)[\w\-/${}. ]{1,255}(?<!\/)$/;

describe('the environment of a workspace', () => {
  test.each([
    ['PIN FUSION 2.0 QA', 'PIN FUSION 2.0 QA'],
    ['team-a/nightly', 'team-a/nightly'],
  ])('is named like it: %s', async (workspace, name) => {
    expect(await environmentOf(workspace)).toBe(name);
  });

  test('has a name that GitLab allows, and no other workspace has the same', async () => {
    const names = fc.oneof(
      hostile,
      fc.string({ minLength: 1, maxLength: 300 }),
      fc.constantFrom('/', '-', ' ', 'é', 'è', 'x'.repeat(255)),
    );
    await fc.assert(
      fc.asyncProperty(names, names, async (one, other) => {
        fc.pre(one !== '' && other !== '' && one !== other);
        const [first, second] = [await environmentOf(one), await environmentOf(other)];
        expect(first).toMatch(allowed);
        expect(first).not.toBe(second);
      }),
    );
  });
});

test('a deployment that left something behind has failed', () => {
  const states = (['running', 'succeeded', 'unchanged', 'partly failed', 'failed', 'blocked'] as const).map(
    recordStateOf,
  );
  expect(states).toEqual(['running', 'success', 'success', 'failed', 'failed', 'failed']);
});
