import type { Candidate } from '../decide-deployment.ts';
import type { Missing } from './gate.ts';
import type { CommitSha, MergeRequestIid } from '../../shared/ids.ts';
import { unknownProvenance } from './provenance.ts';
import type { Pending } from '../../store/state.ts';

/** What a pipeline waits for before it is deployed. */
export type Wait =
  | {
      readonly kind: 'request';
      readonly mergeRequest: MergeRequestIid;
      readonly missing: readonly Missing[];
    }
  /** A push without a merge request, which nobody can approve. */
  | { readonly kind: 'direct-push'; readonly commit: CommitSha }
  /** What it came from can't be told, so nobody can say that it was reviewed. */
  | { readonly kind: 'unknown' }
  /** A freeze began before it was its turn. */
  | { readonly kind: 'freeze' }
  /** One of GitLab's freeze periods can't be read, and may have begun. */
  | { readonly kind: 'unclear-freeze' };

/** A pipeline that the gate keeps back. */
export interface Held {
  readonly candidate: Candidate;
  readonly waits: readonly Wait[];
}

/**
 * Which pipelines may be deployed where the mapping file requires a review, and which are held: those whose content came, even in part, from
 * a merge request that lacks something, from a push without one, or from nobody knows where.
 * @param lacking what each merge request lacks; those that lack nothing need not be in it
 */
export function heldAmong(
  candidates: readonly Candidate[],
  lacking: ReadonlyMap<MergeRequestIid, readonly Missing[]>,
): { readonly open: readonly Candidate[]; readonly held: readonly Held[] } {
  const judged = candidates.map((candidate) => ({ candidate, waits: waitsOf(candidate, lacking) }));
  return {
    open: judged.filter(({ waits }) => waits.length === 0).map(({ candidate }) => candidate),
    held: judged.filter(({ waits }) => waits.length > 0),
  };
}

function waitsOf(
  { provenance = unknownProvenance }: Candidate,
  lacking: ReadonlyMap<MergeRequestIid, readonly Missing[]>,
): readonly Wait[] {
  return [
    ...provenance.mergeRequests.flatMap((mergeRequest): readonly Wait[] => {
      const missing = lacking.get(mergeRequest) ?? [];
      return missing.length === 0 ? [] : [{ kind: 'request', mergeRequest, missing }];
    }),
    ...provenance.directPushes.map((commit): Wait => ({ kind: 'direct-push', commit })),
    ...(provenance.isUnknown ? [{ kind: 'unknown' } as const] : []),
  ];
}

/** What is remembered of pipelines that wait, or that were not looked at. @param from where the range began */
export function pendingHeld(candidates: readonly Candidate[], from: CommitSha): readonly Pending[] {
  return candidates.flatMap(({ name, paths, base = from, provenance = unknownProvenance }) =>
    paths.map((path) => ({ pipeline: name, path, base, paused: false, held: true, provenance })),
  );
}
