import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { missingIn } from '../../../../src/domain/deployment/gate/gate.ts';
import type { PipelineFacts, Review } from '../../../../src/domain/gitlab/review.ts';
import { requirements, type Requirement } from '../../../../src/domain/mapping/mapping.ts';

const isCommand = (comment: string) => comment.startsWith('/aic');

function missing(review: Review, ...required: readonly Requirement[]): readonly Requirement[] {
  return missingIn(review, required, [], isCommand).map(({ requirement }) => requirement);
}

const passed: PipelineFacts = { isOfHead: true, isSuccessful: true, source: 'push', succeeded: 1 };

describe('what a merge request lacks', () => {
  test.each<readonly [string, Review, Requirement, boolean]>([
    ['its pipeline failed', { pipeline: { ...passed, isSuccessful: false } }, 'pipeline', true],
    ['its pipeline succeeded', { pipeline: passed }, 'pipeline', false],
    ['its pipeline is of another commit', { pipeline: { ...passed, isOfHead: false } }, 'pipeline', true],
    [
      'its pipeline was made of posted statuses',
      { pipeline: { ...passed, source: 'external' } },
      'pipeline',
      true,
    ],
    [
      'its pipeline is of a kind that nobody knows',
      { pipeline: { ...passed, source: 'new' } },
      'pipeline',
      true,
    ],
    ['GitLab does not tell the kind', { pipeline: { ...passed, source: undefined } }, 'pipeline', true],
    ['no job of its pipeline succeeded', { pipeline: { ...passed, succeeded: 0 } }, 'pipeline', true],
    ['a thread is open', { unresolved: [['Why?']] }, 'no_unresolved', true],
    ['only answers to commands are open', { unresolved: [['/aic plan'], []] }, 'no_unresolved', false],
    [
      'somebody says something below a command',
      { unresolved: [['/aic plan', 'Why?', '/aic help']] },
      'no_unresolved',
      true,
    ],
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
