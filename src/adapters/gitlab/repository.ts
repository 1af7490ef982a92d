import type { Branches, CommitAction, Commits, Repositories } from '@gitbeaker/rest';
import { z } from 'zod';

import type { GitLabResult } from '../../domain/gitlab/project.ts';
import { isCommitSha, type CommitSha, type ProjectId } from '../../domain/shared/ids.ts';
import type { CommitOutcome, NewCommit, Repository } from '../../domain/gitlab/repository.ts';
import { ok } from '../../domain/shared/result.ts';
import { blobs } from './changes.ts';
import { attempt } from './requester.ts';

const made = z.object({
  id: z.string().refine(isCommitSha),
  message: z.string(),
  parent_ids: z.array(z.string()),
});
const branchHead = z.object({ commit: made });
const ancestor = z.object({ id: z.string().refine(isCommitSha) });
const touching = z.array(ancestor);

interface Resources {
  readonly repositories: Repositories;
  readonly commits: Commits;
  readonly branches: Branches;
}

/**
 * Trees and commits. GitLab cannot be asked to commit only if a branch did not move; but for each file it compares the last
 * commit that touched it with the last one as of a given commit, which guards what others wrote. A GitLab older than 13 compares with the
 * given commit itself, and refuses where another commit touched the file last.
 */
export function createRepository(resources: Resources): Repository {
  const { commits, branches } = resources;

  const headOf = async (
    project: ProjectId,
    branch: string,
  ): Promise<GitLabResult<z.infer<typeof made> | undefined>> => {
    const shown = await attempt(async () => branchHead.parse(await branches.show(project, branch)).commit);
    return !shown.ok && shown.failure.reason === 'missing' ? ok(undefined) : shown;
  };

  const send = (project: ProjectId, commit: NewCommit) =>
    attempt(async () => {
      const { branch, onto, isNew, message } = commit;
      const options = isNew ? { startSha: onto } : {};
      const answer = await commits.create(project, branch, message, actionsOf(commit), options);
      return asMade(made.parse(answer), onto);
    });

  return {
    files: (project, at, folders) => attempt(() => blobs(resources, project, at, folders)),
    history: (project, refName, path, most) =>
      attempt(async () => {
        const options = { refName, path, perPage: most, page: 1 } as const;
        return touching.parse(await commits.all(project, options)).map(({ id }) => id);
      }),
    messageOf: async (project, commit) => {
      const shown = await attempt(async () => made.parse(await commits.show(project, commit)).message);
      return !shown.ok && shown.failure.reason === 'missing' ? ok(undefined) : shown;
    },
    mergeBase: async (project, one, other) => {
      const shown = await attempt(async () =>
        ancestor.parse(await resources.repositories.mergeBase(project, [one, other])),
      );
      if (shown.ok) return ok(shown.value.id);
      return shown.failure.reason === 'missing' ? ok(undefined) : shown;
    },
    cut: async (project, branch, at) => {
      const created = await attempt(() => branches.create(project, branch, at));
      if (created.ok) return ok(undefined);
      const head = await headOf(project, branch);
      return head.ok && head.value !== undefined ? ok(undefined) : created;
    },
    commit: async (project, commit): Promise<GitLabResult<CommitOutcome>> => {
      const { branch, onto, isNew, message } = commit;
      const first = await send(project, commit);
      if (first.ok) return first;
      if (first.failure.reason !== 'passing' && first.failure.reason !== 'refused') return first;
      // Either the answer was lost, or GitLab refused because somebody was faster: the branch tells.
      const head = await headOf(project, branch);
      if (!head.ok) return head;
      const { value } = head;
      if (value !== undefined && value.message.trim() === message.trim() && value.id !== onto) {
        return ok(asMade(value, onto));
      }
      const isAsBefore = isNew ? value === undefined : value?.id === onto;
      if (!isAsBefore) return ok({ kind: 'moved' });
      if (first.failure.reason === 'refused') return first;
      return send(project, commit);
    },
  };
}

function asMade({ id, parent_ids: parents }: z.infer<typeof made>, onto: CommitSha): CommitOutcome {
  return { kind: 'made', commit: id, directly: parents[0] === onto };
}

function actionsOf({ changes, onto, isNew }: NewCommit): CommitAction[] {
  return changes.map((change) => {
    const guard = change.kind === 'create' || isNew ? {} : { lastCommitId: onto };
    const file = { action: change.kind, filePath: change.path, ...guard };
    return change.kind === 'delete' ? file : { ...file, content: change.content, encoding: 'text' };
  });
}
