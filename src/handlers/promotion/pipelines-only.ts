import type { Project } from '../../domain/gitlab/project.ts';
import type { CommitSha } from '../../domain/shared/ids.ts';
import { besides } from '../../domain/promotion/promoted-files.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import { fail, type Result } from '../../domain/shared/result.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** A branch that the bot opens a merge request for. Its name can be told in advance, so that somebody may have prepared it. */
export interface OwnBranch {
  readonly branch: string;
  readonly target: string;
  /** The pipelines that it brings; empty: any. */
  readonly pipelines: readonly string[];
}

const everything = [''];

/**
 * The head of a branch that brings its target nothing besides these pipelines; undefined where there is no such branch. Fails with what else it brings: the
 * merge request would be the bot's, and nobody looks for a change of the rules in it.
 */
export async function headOfOnly(
  { gitlab }: Pick<BranchPorts, 'gitlab'>,
  project: Project,
  { branch, target, pipelines }: OwnBranch,
): Promise<Result<CommitSha | undefined, Reason>> {
  const heads = await Promise.all([gitlab.head(project.id, branch), gitlab.head(project.id, target)]);
  const [head, into] = [asReason(heads[0]), asReason(heads[1])];
  if (!head.ok || head.value === undefined) return head;
  if (!into.ok) return into;
  if (into.value === undefined) return fail({ kind: 'no-branch', branch: target });
  if (head.value === into.value) return head;
  const base = asReason(await gitlab.mergeBase(project.id, into.value, head.value));
  if (!base.ok) return base;
  const brings = asReason(await gitlab.changes(project.id, base.value, head.value, everything));
  if (!brings.ok) return brings;
  if (brings.value === undefined) return fail({ kind: 'no-branch', branch });
  const paths = besides(brings.value.paths, pipelines);
  return paths.length === 0 ? head : fail({ kind: 'more-on-branch', branch, paths });
}

/**
 * Runs what opens the merge request of a branch, if it brings nothing else; and again looks afterwards, since somebody may have pushed meanwhile.
 */
export async function openForOnly<Opened>(
  ports: Pick<BranchPorts, 'gitlab'>,
  project: Project,
  own: OwnBranch,
  open: () => Promise<Result<Opened, Reason>>,
): Promise<Result<Opened, Reason>> {
  const before = await headOfOnly(ports, project, own);
  if (!before.ok) return before;
  const opened = await open();
  if (!opened.ok) return opened;
  const now = asReason(await ports.gitlab.head(project.id, own.branch));
  if (!now.ok) return now;
  if (now.value === before.value) return opened;
  const after = await headOfOnly(ports, project, own);
  return after.ok ? opened : after;
}
