import { commitMessage, type CommitStory } from '../../domain/gitlab/commit-message.ts';
import { commitLimits, splitChanges } from '../../domain/gitlab/commit-batches.ts';
import type { CommitSha, ProjectId } from '../../domain/shared/ids.ts';
import type { FileChange, NewCommit } from '../../domain/gitlab/repository.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { UpstreamFailure } from '../../domain/shared/upstream-failure.ts';
import type { BranchPorts } from '../shared/ports.ts';

export interface CommitWish extends Pick<NewCommit, 'branch' | 'onto' | 'isNew'> {
  readonly projectId: ProjectId;
  readonly story: CommitStory;
  /** The changes of each pipeline. */
  readonly changes: readonly (readonly FileChange[])[];
}

export interface Committed {
  readonly commits: readonly CommitSha[];
  /** Whether nobody else's commit lies between. */
  readonly directly: boolean;
}

/**
 * Commits the changes, each commit noted before it is made, in as few commits as GitLab's limits allow; none where there are none. `moved`: somebody changed one of the files
 * meanwhile; parts before that are made.
 */
export async function commitChanges(
  { gitlab, store, nonce: draw }: Pick<BranchPorts, 'gitlab' | 'store' | 'nonce'>,
  { projectId, branch, onto, isNew, story, changes: all }: CommitWish,
): Promise<Result<Committed | 'moved', UpstreamFailure>> {
  const parts = splitChanges(all, commitLimits);
  const commits: CommitSha[] = [];
  let directly = true;
  for (const [index, changes] of parts.entries()) {
    const nonce = draw();
    const on = { branch, onto: commits.at(-1) ?? onto };
    await store.noteCommit({ request: story.request, nonce, on: { projectId, branch }, onto: on.onto });
    const made = await gitlab.commit(projectId, {
      ...on,
      isNew: isNew && index === 0,
      message: commitMessage(story, { number: index + 1, of: parts.length, nonce }),
      changes,
    });
    if (!made.ok) return fail(made.failure);
    if (made.value.kind === 'moved') return ok('moved');
    commits.push(made.value.commit);
    directly &&= made.value.directly;
  }
  return ok({ commits, directly });
}
