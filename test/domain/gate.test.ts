import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { missingIn, type Review } from '../../src/domain/gate.ts';
import type { UserId } from '../../src/domain/ids.ts';
import { requirements, type Requirement } from '../../src/domain/mapping.ts';

const [author, other] = [1, 2].map((id) => id as UserId);
const isCommand = (comment: string) => comment.startsWith('/aic');

function missing(review: Review, ...required: readonly Requirement[]): readonly Requirement[] {
  return missingIn(review, required, isCommand);
}

const approval = (
  isApproved: boolean | undefined,
  ...approvers: readonly (UserId | undefined)[]
): Review => ({
  approval: { author, isApproved, approvers: approvers.flatMap((id) => id ?? []) },
});

describe('what a merge request lacks', () => {
  test.each<readonly [string, Review, Requirement, boolean]>([
    ['nobody approved it', approval(true), 'approved', true],
    ['its author alone approved it', approval(true, author), 'approved', true],
    ['somebody else approved it', approval(true, author, other), 'approved', false],
    ["GitLab says that the project's rules want more", approval(false, other), 'approved', true],
    ['an old GitLab says nothing of rules', approval(undefined, other), 'approved', false],
    ['its pipeline failed', { pipeline: { isSuccessful: false, jobs: ['test'] } }, 'pipeline', true],
    [
      'its pipeline succeeded',
      { pipeline: { isSuccessful: true, jobs: ['aic-bot/plan', 'test'] } },
      'pipeline',
      false,
    ],
    [
      "its pipeline holds the bot's own status alone",
      { pipeline: { isSuccessful: true, jobs: ['aic-bot/plan'] } },
      'pipeline',
      true,
    ],
    ['its pipeline is empty', { pipeline: { isSuccessful: true, jobs: [] } }, 'pipeline', true],
    ['a thread is open', { unresolved: ['Why?'] }, 'no_unresolved', true],
    ['only answers to commands are open', { unresolved: ['/aic plan'] }, 'no_unresolved', false],
    ['no thread is open', { unresolved: [] }, 'no_unresolved', false],
  ])('where %s', (_what, review, requirement, lacks) => {
    expect(missing(review, requirement)).toEqual(lacks ? [requirement] : []);
  });

  test('is whatever GitLab does not tell, and only what is required', () => {
    fc.assert(
      fc.property(fc.subarray([...requirements]), (required) => {
        expect(missing({}, ...required)).toEqual(required);
      }),
    );
  });
});
