import { judgeApprovals, type Discounted, type RequestAsker } from './approval.ts';
import type { FreezePeriod } from '../../gitlab/freeze-period.ts';
import type { Frozen } from '../../mapping/freeze-window.ts';
import type { MergeRequest } from '../../gitlab/merge-request.ts';
import type { Requirement } from '../../mapping/mapping.ts';
import type { Review } from '../../gitlab/review.ts';

/** Something that a merge request lacks. */
export interface Missing {
  readonly requirement: Requirement;
  /** The approvals that are there and do not count. */
  readonly discounted: readonly Discounted[];
}

/** A merge request that lacks something that the mapping file requires. */
export interface Lacking {
  readonly request: MergeRequest;
  readonly missing: readonly Missing[];
}

/** Whether a deployment may begin by itself. */
export type Gate =
  | { readonly kind: 'open' }
  | { readonly kind: 'frozen'; readonly frozen: Frozen }
  /** GitLab has a freeze period that can't be read. */
  | { readonly kind: 'unclear'; readonly period: FreezePeriod }
  | { readonly kind: 'held'; readonly lacking: readonly Lacking[] };

/** Why nothing of a branch may be deployed by itself. */
export type Standstill = Extract<Gate, { readonly kind: 'frozen' | 'unclear' }>;

/** Why GitLab starts pipelines in which jobs run. `external` is not among them: such a pipeline holds what somebody posted, and nothing ran in it. */
const sources: ReadonlySet<string> = new Set([
  'push',
  'merge_request_event',
  'web',
  'api',
  'trigger',
  'schedule',
  'pipeline',
]);

/**
 * What a merge request lacks of what is required. What GitLab does not tell counts as lacking.
 * @param askers who asked the bot for it
 * @param isCommand whether a comment is one of commands alone: the bot's answer made a thread of it
 */
export function missingIn(
  review: Review,
  required: readonly Requirement[],
  askers: readonly RequestAsker[],
  isCommand: (comment: string) => boolean,
): readonly Missing[] {
  return required.flatMap((requirement): readonly Missing[] => {
    switch (requirement) {
      case 'approved': {
        const { isApproved, discounted } =
          review.approval === undefined
            ? { isApproved: false, discounted: [] }
            : judgeApprovals(review.approval, askers);
        return isApproved ? [] : [{ requirement, discounted }];
      }
      case 'pipeline': {
        const { pipeline } = review;
        const ran =
          pipeline?.isOfHead === true &&
          pipeline.isSuccessful &&
          sources.has(pipeline.source ?? '') &&
          pipeline.succeeded > 0;
        return ran ? [] : [{ requirement, discounted: [] }];
      }
      case 'no_unresolved': {
        const isResolved = review.unresolved?.every((its) => its.every((one) => isCommand(one))) === true;
        return isResolved ? [] : [{ requirement, discounted: [] }];
      }
    }
  });
}
