import { mergeBase, readCommit } from './commits.ts';
import { mergeTrees, moveBranch, writeTreeCommit } from './commit-writer.ts';
import type { Instance } from './instance.ts';
import { notifyMergeRequest } from './merge-request-event.ts';
import { isDraft, type MergeRequest, type MergeStatus } from './merge-request.ts';
import { rebase } from './rebase.ts';
import { canMerge, type Project } from './project.ts';
import { afterPush, type Push } from './pushes.ts';
import type { User } from './users.ts';

/** Whether it can be merged now, asked of Git. */
export async function mergeStatus(project: Project, mergeRequest: MergeRequest): Promise<MergeStatus> {
  if (mergeRequest.state !== 'opened') return 'not_open';
  const { repository } = project;
  const source = await repository.head(mergeRequest.sourceBranch);
  const target = await repository.head(mergeRequest.targetBranch);
  if (source === undefined || target === undefined) return 'broken_status';
  if (isDraft(mergeRequest.title)) return 'draft_status';
  const isBehind = (await mergeBase(repository.directory, target, source)) !== target;
  if (project.mergeMethod !== 'merge' && isBehind && project.automaticRebase === 'off') return 'need_rebase';
  const merged = await mergeTrees(repository.directory, target, source);
  return merged.kind === 'conflict' ? 'conflict' : 'mergeable';
}

/** What the target branch would be after merging now, as a commit that no branch has; undefined where the two are in conflict. */
export async function mergeResult(
  instance: Instance,
  { repository }: Project,
  mergeRequest: MergeRequest,
): Promise<string | undefined> {
  const { directory } = repository;
  const source = await repository.head(mergeRequest.sourceBranch);
  const target = await repository.head(mergeRequest.targetBranch);
  if (source === undefined || target === undefined) return undefined;
  const merged = await mergeTrees(directory, target, source);
  if (merged.kind === 'conflict') return undefined;
  const { author } = mergeRequest;
  const people = { author, committer: author, at: instance.now() };
  const message = `Merge ${source} into ${target}`;
  return writeTreeCommit(directory, merged.tree, [target, source], { ...people, message });
}

export interface MergeOptions {
  readonly sha?: string | undefined;
  readonly squash?: boolean | undefined;
  readonly removeSourceBranch?: boolean | undefined;
  readonly mergeMessage?: string | undefined;
  readonly squashMessage?: string | undefined;
}

export type MergeOutcome =
  | { readonly kind: 'merged' }
  | { readonly kind: 'no-right' }
  | { readonly kind: 'not-mergeable' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'moved'; readonly head: string };

/**
 * Merges on disk, closes the merge request and sends the webhooks: of the push and of the merge at the same time, as
 * GitLab does, so that either may arrive first.
 */
export async function merge(
  instance: Instance,
  project: Project,
  mergeRequest: MergeRequest,
  user: User,
  options: MergeOptions,
): Promise<MergeOutcome> {
  if (!canMerge(project, user, mergeRequest.targetBranch)) return { kind: 'no-right' };
  const { repository } = project;
  const done = await repository.exclusive(async (): Promise<MergeOutcome | { readonly pushes: Push[] }> => {
    const status = await mergeStatus(project, mergeRequest);
    if (status === 'conflict') return { kind: 'conflict' };
    if (status !== 'mergeable') return { kind: 'not-mergeable' };
    const before = await repository.head(mergeRequest.targetBranch);
    const head = await repository.head(mergeRequest.sourceBranch);
    if (before === undefined || head === undefined) return { kind: 'not-mergeable' };
    if (options.sha !== undefined && options.sha !== head) return { kind: 'moved', head };

    const at = instance.now();
    const commits = await makeCommits(project, mergeRequest, { before, head, user, at, options });
    await moveBranch(repository.directory, mergeRequest.targetBranch, before, commits.after);
    markMerged(mergeRequest, user, at, commits);
    const pushes: Push[] = [{ user, branch: mergeRequest.targetBranch, before, after: commits.after }];
    if (options.removeSourceBranch ?? mergeRequest.removeSourceBranch) {
      await moveBranch(repository.directory, mergeRequest.sourceBranch, head, undefined);
      pushes.push({ user, branch: mergeRequest.sourceBranch, before: head, after: undefined });
    }
    return { pushes };
  });
  if (!('pushes' in done)) return done;
  const announced = done.pushes.map((push) => afterPush(instance, project, push));
  const changes = { state_id: { previous: 1, current: 3 } };
  notifyMergeRequest(instance, project, mergeRequest, { action: 'merge', user, changes });
  await Promise.all(announced);
  return { kind: 'merged' };
}

function markMerged(
  mergeRequest: MergeRequest,
  user: User,
  at: Date,
  { merge: made, squash, landed }: NewCommits,
): void {
  mergeRequest.state = 'merged';
  mergeRequest.mergeUser = user;
  mergeRequest.mergedAt = at;
  mergeRequest.updatedAt = at;
  mergeRequest.mergeCommit = made;
  mergeRequest.squashCommit = squash;
  mergeRequest.landed = landed;
}

interface NewCommits {
  readonly after: string;
  /** Undefined when the target branch was only moved forward. */
  readonly merge: string | undefined;
  readonly squash: string | undefined;
  /** By what else GitLab finds the merge request. */
  readonly landed: readonly string[];
}

async function makeCommits(
  project: Project,
  mergeRequest: MergeRequest,
  given: { before: string; head: string; user: User; at: Date; options: MergeOptions },
): Promise<NewCommits> {
  const { before, head, user, at, options } = given;
  const { directory, objects } = project.repository;
  const people = { author: user, committer: user, at };
  let squash: string | undefined;
  if (options.squash ?? mergeRequest.squash) {
    const { tree } = await readCommit(objects, head);
    const base = (await mergeBase(directory, before, head)) ?? before;
    const message = options.squashMessage ?? mergeRequest.title;
    squash = await writeTreeCommit(directory, tree, [base], {
      ...people,
      message,
      author: mergeRequest.author,
    });
  }
  let source = squash ?? head;
  let landed = [source];
  const isRebased =
    project.mergeMethod !== 'merge' && (await mergeBase(directory, before, source)) !== before;
  if (isRebased) {
    const made = (await rebase(project.repository, before, source, user)) ?? [];
    source = made.at(-1) ?? source;
    if (squash !== undefined) squash = source;
    landed = project.automaticRebase === 'all' ? [...made] : [source];
  }
  if (project.mergeMethod === 'ff') return { after: source, merge: undefined, squash, landed };

  const merged = await mergeTrees(directory, before, source);
  if (merged.kind === 'conflict') throw new Error('What was mergeable is in conflict.');
  const message =
    options.mergeMessage ??
    `Merge branch '${mergeRequest.sourceBranch}' into '${mergeRequest.targetBranch}'\n\n${mergeRequest.title}\n\nSee merge request ${project.path}!${mergeRequest.iid}`;
  const commit = await writeTreeCommit(directory, merged.tree, [before, source], { ...people, message });
  return { after: commit, merge: commit, squash, landed: isRebased ? [...landed, commit] : [commit] };
}
