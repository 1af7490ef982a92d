import type { Fingerprint } from '../pipeline/fingerprint.ts';
import type { CommitSha, DeploymentId, ProjectId } from '../shared/ids.ts';
import type { Place } from '../gitlab/comment-location.ts';
import type { Provenance } from './gate/provenance.ts';
import { sha256Hex } from '../shared/sha256.ts';
import type { WorkspaceName } from '../aic/aic.ts';
import type { Reason } from '../report/reason.ts';

/**
 * The state of one item, written before and after each effect.
 * - `planned`: nothing was sent yet
 * - `writing`: a write was about to be sent; whether it took effect, only the workspace knows
 * - `created`, `updated`: written and read back
 * - `unchanged`: the workspace already had it
 * - `left`: the file was removed, the pipeline in the workspace was not touched
 * - `blocked`, `failed`: not deployed, with the reason; pending
 */
export type ItemState =
  | {
      readonly kind: 'planned' | 'writing';
      readonly effect: 'create' | 'update';
      readonly desired: Fingerprint;
      readonly drifted?: true;
    }
  | {
      readonly kind: 'created' | 'updated';
      readonly desired: Fingerprint;
      /** Whether it overwrote what somebody changed by hand. */
      readonly drifted?: true;
      readonly remark?: Remark;
    }
  | { readonly kind: 'unchanged' | 'left' }
  | { readonly kind: 'blocked' | 'failed'; readonly reason: Reason };

/** Something to know about an item that was deployed all the same. */
export type Remark = 'overwrote-drift' | 'stored-differently' | 'not-read-back';

/** One pipeline in a deployment. */
export interface Item {
  readonly pipeline: string;
  readonly state: ItemState;
  /** What its content came from, where that is known. */
  readonly provenance?: Provenance;
}

/** An item with which nothing remains to be done in its deployment. */
export interface EndedItem extends Item {
  readonly state: Exclude<ItemState, { readonly kind: 'planned' | 'writing' }>;
}

/** An item that a run was cut off at, or before. */
export interface UnfinishedItem extends Item {
  readonly state: Extract<ItemState, { readonly kind: 'planned' | 'writing' }>;
}

/** How a deployment stands or ended. */
export type DeploymentStatus = 'running' | 'succeeded' | 'unchanged' | 'partly failed' | 'failed' | 'blocked';

/** One run of a plan. */
export interface Deployment {
  readonly id: DeploymentId;
  readonly projectId: ProjectId;
  readonly branch: string;
  readonly workspace: WorkspaceName;
  readonly head: CommitSha;
  /** Where it is told of: the merge requests that it covers, and the thread in which it was ordered. */
  readonly places: readonly Place[];
  /** Who merged or ordered it: a username, or an operator's name. */
  readonly by: string | undefined;
  /** What somebody gave as the reason for forcing it. */
  readonly reason: string | undefined;
  readonly status: DeploymentStatus;
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
  /** The deployment that it undid, if it is a rollback. */
  readonly rollsBack?: DeploymentId;
  /** The outcome that people were told last, as `outcomeOf`; undefined before they were told any. */
  readonly told?: string;
}

/** A deployment that has ended. */
export interface EndedDeployment extends Deployment {
  readonly status: Exclude<DeploymentStatus, 'running'>;
  readonly finishedAt: number;
}

/**
 * The items of a deployment that may be closed; undefined while anything remains to be done. Whatever tells how a deployment ended demands them, so none
 * ends, and none is told of as ended, with an item that is planned or being written.
 */
export function endedItems(items: readonly Item[]): readonly EndedItem[] | undefined {
  return items.every((item) => isEnded(item)) ? items : undefined;
}

/** The items that a run was cut off at, or before. */
export function unfinishedItems(items: readonly Item[]): readonly UnfinishedItem[] {
  return items.filter((item) => isUnfinished(item));
}

function isEnded(item: Item): item is EndedItem {
  return !isUnfinished(item);
}

function isUnfinished(item: Item): item is UnfinishedItem {
  return item.state.kind === 'planned' || item.state.kind === 'writing';
}

/** The status that follows from the items: what was not deployed decides, then what was. */
export function statusOf(items: readonly EndedItem[]): EndedDeployment['status'] {
  const has = (...kinds: readonly EndedItem['state']['kind'][]) =>
    items.some((item) => kinds.includes(item.state.kind));
  const stuck = has('failed') ? 'failed' : has('blocked') ? 'blocked' : undefined;
  const deployed = has('created', 'updated');
  if (stuck === undefined) return deployed ? 'succeeded' : 'unchanged';
  return deployed || has('unchanged') ? 'partly failed' : stuck;
}

/** What became of all items: the same for the same outcome, whatever their order. */
export function outcomeOf(items: readonly EndedItem[]): Promise<string> {
  const sorted = items.toSorted((one, other) => (one.pipeline < other.pipeline ? -1 : 1));
  return sha256Hex(JSON.stringify(sorted));
}

/** Whether a later run has to look at the item again. */
export function isPending(item: Item): boolean {
  return item.state.kind === 'blocked' || item.state.kind === 'failed';
}
