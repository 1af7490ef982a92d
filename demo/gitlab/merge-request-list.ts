import { isDraft, type MergeRequest } from './merge-request.ts';
import type { Params } from './params.ts';
import { badParameter } from './refusal.ts';
import type { User } from './users.ts';

/** The merge requests that fit the parameters of the list, in the order asked for; all of them by default. */
export function listMergeRequests(
  all: readonly MergeRequest[],
  params: Params,
  viewer: User,
): readonly MergeRequest[] {
  const state = oneOf(params, 'state', ['all', 'opened', 'closed', 'locked', 'merged']);
  const orderBy = oneOf(params, 'order_by', ['created_at', 'updated_at', 'merged_at', 'title']);
  const sort = oneOf(params, 'sort', ['desc', 'asc']);
  const scope = oneOf(params, 'scope', ['all', 'created_by_me', 'assigned_to_me']);
  const iids = params.list('iids')?.map(Number);
  const search = params.text('search')?.toLowerCase();
  const draft = params.text('wip') === undefined ? params.flag('draft') : params.text('wip') === 'yes';
  const time = (name: string): number | undefined => params.date(name)?.getTime();
  const [createdAfter, createdBefore] = [time('created_after'), time('created_before')];
  const [updatedAfter, updatedBefore] = [time('updated_after'), time('updated_before')];

  const tests: ((one: MergeRequest) => boolean)[] = [
    (one) => state === 'all' || one.state === state,
    (one) => scope !== 'created_by_me' || one.author === viewer,
    (one) => scope !== 'assigned_to_me' || one.assignees.includes(viewer),
    (one) => isUnsetOr(params.text('source_branch'), one.sourceBranch),
    (one) => isUnsetOr(params.text('target_branch'), one.targetBranch),
    (one) => isUnsetOr(params.text('author_username'), one.author.username),
    (one) => isUnsetOr(params.whole('author_id'), one.author.id),
    (one) => iids === undefined || iids.includes(one.iid),
    (one) => search === undefined || `${one.title}\n${one.description}`.toLowerCase().includes(search),
    (one) => draft === undefined || isDraft(one.title) === draft,
    (one) => createdAfter === undefined || one.createdAt.getTime() >= createdAfter,
    (one) => createdBefore === undefined || one.createdAt.getTime() <= createdBefore,
    (one) => updatedAfter === undefined || one.updatedAt.getTime() >= updatedAfter,
    (one) => updatedBefore === undefined || one.updatedAt.getTime() <= updatedBefore,
  ];
  const found = all.filter((one) => tests.every((test) => test(one)));
  const sorted = found.toSorted((one, other) => compare(one, other, orderBy) || one.id - other.id);
  return sort === 'asc' ? sorted : sorted.toReversed();
}

function isUnsetOr<Value>(wanted: Value | undefined, value: Value): boolean {
  return wanted === undefined || wanted === value;
}

function compare(one: MergeRequest, other: MergeRequest, orderBy: string): number {
  switch (orderBy) {
    case 'title':
      return one.title.localeCompare(other.title);
    case 'updated_at':
      return one.updatedAt.getTime() - other.updatedAt.getTime();
    case 'merged_at':
      return (one.mergedAt?.getTime() ?? 0) - (other.mergedAt?.getTime() ?? 0);
    default:
      return one.createdAt.getTime() - other.createdAt.getTime();
  }
}

/** One of the values, the first of them by default; a 400 for another one. */
function oneOf(params: Params, name: string, values: readonly [string, ...string[]]): string {
  const given = params.text(name);
  if (given === undefined) return values[0];
  if (!values.includes(given)) throw badParameter(`${name} does not have a valid value`);
  return given;
}
