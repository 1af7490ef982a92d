import type { PipelineId } from '../../shared/ids.ts';
import type { Fingerprint } from '../../pipeline/fingerprint.ts';
import type { Content } from '../../pipeline/config.ts';
import type { Reason } from '../../report/reason.ts';
import type { DriftPolicy } from '../../mapping/mapping.ts';

/** A pipeline's content with its fingerprint. */
export interface Version {
  readonly content: Content;
  readonly fingerprint: Fingerprint;
}

/** What the branch's head wants. */
export type Desired =
  | { readonly kind: 'config'; readonly version: Version }
  | { readonly kind: 'removed' }
  | { readonly kind: 'unusable'; readonly reason: Reason };

/** What the workspace has now. */
export type Live =
  | { readonly kind: 'none' }
  | { readonly kind: 'pipeline'; readonly id: PipelineId; readonly version: Version }
  | { readonly kind: 'unusable'; readonly reason: Reason };

/** The three versions of one pipeline that a plan compares. */
export interface Versions {
  readonly name: string;
  readonly desired: Desired;
  readonly live: Live;
  /** What the workspace holds if nobody touched it; more than one where the record is older than the workspace's variables. */
  readonly base: readonly Fingerprint[];
  /** What the workspace is on record to have held last: by a deployment, a push, or a comparison that found it equal. */
  readonly recorded?: Fingerprint | undefined;
}

/** What a deployment would do about one pipeline. */
export type Step =
  | { readonly kind: 'create'; readonly name: string; readonly desired: Version }
  | {
      readonly kind: 'update';
      readonly name: string;
      readonly id: PipelineId;
      readonly desired: Version;
      readonly overwrites: Version;
      /** Whether what it overwrites was changed by hand, and the policy allows that. */
      readonly drifted: boolean;
    }
  | { readonly kind: 'unchanged'; readonly name: string; readonly desired: Version }
  | { readonly kind: 'left'; readonly name: string }
  | { readonly kind: 'gone'; readonly name: string }
  | { readonly kind: 'blocked'; readonly name: string; readonly reason: Reason }
  | { readonly kind: 'failed'; readonly name: string; readonly reason: Reason };

/** Whether the workspace is on record to have held what is wanted. No proof of a review, but to bring it back changes nothing that ran there. */
export function isAgreed({ desired, recorded }: Versions): boolean {
  return desired.kind === 'config' && desired.version.fingerprint === recorded;
}

/**
 * The three-way comparison for one pipeline: a live version that is neither what is wanted nor what was last
 * deployed was changed by somebody, and is blocked unless the policy is to overwrite. A file that was removed leaves the
 * live pipeline alone (`left`), or there is nothing to leave (`gone`).
 */
export function planStep(versions: Versions, drift: DriftPolicy): Step {
  const { name, desired, live, base } = versions;
  if (desired.kind === 'unusable') return { kind: 'failed', name, reason: desired.reason };
  if (live.kind === 'unusable') return { kind: 'failed', name, reason: live.reason };
  if (desired.kind === 'removed') return { kind: live.kind === 'none' ? 'gone' : 'left', name };
  if (live.kind === 'none') return { kind: 'create', name, desired: desired.version };
  if (live.version.fingerprint === desired.version.fingerprint) {
    return { kind: 'unchanged', name, desired: desired.version };
  }
  const drifted = !base.includes(live.version.fingerprint);
  if (drifted && drift === 'block') return { kind: 'blocked', name, reason: { kind: 'drift' } };
  return { kind: 'update', name, id: live.id, desired: desired.version, overwrites: live.version, drifted };
}
