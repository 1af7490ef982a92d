import type { Frozen } from './freeze.ts';
import type { MergeRequest } from './gitlab.ts';
import type { UserId } from './ids.ts';
import type { Requirement } from './mapping.ts';

/** What GitLab says of the review of a merge request; only what was asked for. */
export interface Review {
  readonly approval?: {
    readonly author: UserId | undefined;
    /** GitLab's own word on the project's rules; undefined where it gives none. */
    readonly isApproved: boolean | undefined;
    readonly approvers: readonly UserId[];
  };
  readonly pipeline?: {
    readonly isSuccessful: boolean;
    /** The names of what ran in it. */
    readonly jobs: readonly string[];
  };
  /** Threads with something to resolve, by their first comments. */
  readonly unresolved?: readonly string[];
}

/** A merge request that lacks something that the mapping file requires. */
export interface Lacking {
  readonly request: MergeRequest;
  readonly missing: readonly Requirement[];
}

/** Whether a deployment may begin by itself. */
export type Gate =
  | { readonly kind: 'open' }
  | { readonly kind: 'frozen'; readonly frozen: Frozen }
  | { readonly kind: 'held'; readonly lacking: readonly Lacking[] };

/** The names of the bot's own commit statuses begin so. */
const ownStatus = 'aic-bot/';

/**
 * What a merge request lacks of what is required. What GitLab does not tell counts as lacking. Nobody approves their own; and a pipeline that
 * holds nothing but the bot's own status is none.
 * @param isCommand whether a comment is one of commands alone: the bot's answer made a thread of it
 */
export function missingIn(
  review: Review,
  required: readonly Requirement[],
  isCommand: (comment: string) => boolean,
): readonly Requirement[] {
  return required.filter((requirement) => {
    switch (requirement) {
      case 'approved': {
        const { author, isApproved, approvers = [] } = review.approval ?? {};
        return isApproved === false || !approvers.some((id) => id !== author);
      }
      case 'pipeline': {
        const { isSuccessful = false, jobs = [] } = review.pipeline ?? {};
        return !isSuccessful || jobs.every((name) => name.startsWith(ownStatus));
      }
      case 'no_unresolved':
        return review.unresolved?.every((comment) => isCommand(comment)) !== true;
    }
  });
}
