import {
  candidatesIn,
  changedIn,
  merge,
  type BranchView,
  type Candidate,
  type Decision,
} from './decide-deployment.ts';
import type { UserId } from '../shared/ids.ts';
import { lookup } from '../mapping/mapping.ts';
import { unknownNames, type Unknown } from '../shared/suggest-names.ts';
import type { Place } from '../gitlab/comment-location.ts';

/** Somebody's order to deploy. */
export interface Order {
  readonly kind: 'deploy' | 'retry';
  /** Only these; empty: all that the order is about. */
  readonly pipelines: readonly string[];
  /** Whether changes made by hand in AIC are overwritten. */
  readonly force: boolean;
  readonly reason: string | undefined;
  /** What tells this order apart for ever: it is carried out once, however often it is begun. */
  readonly request: string;
  readonly by: string;
  /** Undefined for an operator. */
  readonly byId: UserId | undefined;
  /** The webhook that brought the comment; none for an operator. */
  readonly deliveries: readonly string[];
  /** Where the deployment is told of; undefined for an operator. */
  readonly place: Place | undefined;
}

export type OrderDecision =
  | (Extract<Decision, { kind: 'deploy' }> & {
      /** What changed and is not ordered; with the branch's record at its head it has to be kept as pending. */
      readonly left: readonly Candidate[];
    })
  | { readonly kind: 'unknown'; readonly unknown: Unknown }
  | { readonly kind: 'nothing' };

/** What an order may be about, besides what changed since the last deployment. */
export interface OrderScope {
  /** Paths that the merge request of the order changed. */
  readonly own: readonly string[];
  /** Every file under `config/` at the head; needed where names are given or everything is deployed. */
  readonly all: readonly string[];
}

/**
 * What an order deploys, from the branch's head: `retry` what is pending; `deploy` what changed, what is pending and what its own merge
 * request changed; with force everything. Names narrow that, but a pipeline that is named is looked at even if it did not change. Undefined
 * for a branch without a workspace.
 */
export function decideOrder(view: BranchView, order: Order, scope: OrderScope): OrderDecision | undefined {
  if (!view.mapping.ok) return undefined;
  const found = lookup(view.mapping.value, view.key.branch);
  if (found.rule === 'none') return undefined;
  const changed = changedIn(view);
  const possible = merge(
    order.kind === 'retry'
      ? changed.filter(({ name }) => view.pending.some(({ pipeline }) => pipeline === name))
      : withOrigins(
          candidatesIn([...view.changes.paths, ...scope.own, ...(isAboutAll(order) ? scope.all : [])]),
          changed,
        ),
    view.pending,
  );
  const wanted = new Set(order.pipelines);
  const candidates = wanted.size === 0 ? possible : possible.filter(({ name }) => wanted.has(name));
  const unknown = unknownNames(
    order.pipelines,
    possible.map(({ name }) => name),
  );
  if (unknown.length > 0) return { kind: 'unknown', unknown };
  if (candidates.length === 0) return { kind: 'nothing' };
  // Where a review is required, what is not ordered stays held by itself, wherever the record stands.
  const isGated = found.workspace.require.length > 0;
  const ordered = new Set(candidates.map(({ name }) => name));
  const unordered = new Set(changed.map(({ name }) => name).filter((name) => !ordered.has(name)));
  // What is pending already keeps what it came from.
  const left = merge(changed, view.pending).filter(({ name }) => unordered.has(name));
  return {
    kind: 'deploy',
    left: isGated ? left : [],
    target: order.force ? { ...found.workspace, drift: 'overwrite' } : found.workspace,
    candidates,
    at: view.head,
    state: {
      deployed: isGated || covers(candidates, changed) ? view.head : view.from,
      origin: view.origin,
      held: false,
      reported: view.state?.reported,
      tries: 0,
    },
  };
}

/** The candidates, those that changed with what they came from. What did not is on the branch since before its record, and nobody knows from where. */
function withOrigins(candidates: readonly Candidate[], changed: readonly Candidate[]): readonly Candidate[] {
  const origins = new Map(changed.map((candidate) => [candidate.name, candidate]));
  return candidates.map((candidate) => {
    const provenance = origins.get(candidate.name)?.provenance;
    return provenance === undefined ? candidate : { ...candidate, provenance };
  });
}

/** Whether the order needs to know every file. */
export function isAboutAll(order: Order): boolean {
  return order.kind === 'deploy' && (order.force || order.pipelines.length > 0);
}

/** Whether every changed file is looked at. Not every pipeline: another file than the pending one may hold it now. */
function covers(candidates: readonly Candidate[], changed: readonly Candidate[]): boolean {
  const looked = new Set(candidates.flatMap(({ paths }) => paths));
  return changed.every(({ paths }) => paths.every((path) => looked.has(path)));
}
