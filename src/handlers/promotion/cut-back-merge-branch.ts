import type { Arrival, FileVersion, FixedFile } from '../../domain/promotion/back-merge.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import { asReason, type Reason } from '../../domain/report/reason.ts';
import type { FileChange } from '../../domain/gitlab/repository.ts';
import { ok, type Result } from '../../domain/shared/result.ts';
import type { BroughtChanges } from '../deployment/merged-changes.ts';
import { commitChanges } from '../push/commit-changes.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** What is brought where. */
export interface BackMergeWish {
  readonly arrival: Arrival;
  readonly changes: BroughtChanges;
  readonly target: string;
  readonly branch: string;
}

/** A file of the hotfix with its text; undefined: the hotfix removed it. */
export interface FixedText extends FixedFile {
  readonly text: string | undefined;
}

/** Where a back-merge branch begins, and what it has of the files there. */
export interface Start {
  readonly at: CommitSha;
  readonly had: ReadonlyMap<string, FileVersion>;
}

/**
 * Makes the branch, with the hotfix's files in one commit; without a start it is the merged hotfix itself. One that exists stays as it is: an
 * earlier run made it, or somebody did, and theirs is not overwritten.
 */
export async function makeBackMergeBranch(
  ports: BranchPorts,
  projectId: ProjectId,
  {
    wish: { arrival, changes, branch },
    start,
    files,
  }: {
    readonly wish: BackMergeWish;
    readonly start: Start | undefined;
    readonly files: readonly FixedText[];
  },
): Promise<Result<void, Reason>> {
  const head = asReason(await ports.gitlab.head(projectId, branch));
  if (!head.ok) return head;
  if (head.value !== undefined) return ok(undefined);
  if (start === undefined) return asReason(await ports.gitlab.cut(projectId, branch, changes.after));
  const made = asReason(
    await commitChanges(ports, {
      projectId,
      branch,
      onto: start.at,
      isNew: true,
      story: {
        verb: 'Bring',
        pipelines: [arrival.source],
        from: arrival.production,
        origin: `${arrival.production} at ${changes.after}`,
        by: arrival.by.name ?? 'the bot',
        asker: arrival.by.name,
        request: `back-merge:${projectId}:${arrival.id}`,
      },
      changes: [files.flatMap((file) => changeOf(file, start.had.get(file.path) !== undefined))],
    }),
  );
  return made.ok ? ok(undefined) : made;
}

function changeOf({ path, text }: FixedText, exists: boolean): readonly FileChange[] {
  if (text === undefined) return exists ? [{ kind: 'delete', path }] : [];
  return [{ kind: exists ? 'update' : 'create', path, content: text }];
}
