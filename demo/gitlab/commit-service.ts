import { writeCommit, moveBranch, type FileChange, type Person } from './commit-writer.ts';
import type { Instance } from './instance.ts';
import type { Project } from './project.ts';
import { afterPush, type Push } from './pushes.ts';
import { refused } from './refusal.ts';
import { isBranchName, type Repository } from './repository.ts';
import type { User } from './users.ts';

export interface CommitRequest {
  readonly branch: string;
  /** Where a new branch begins: a branch name, or an id when `startSha`. */
  readonly startBranch?: string | undefined;
  readonly startSha?: string | undefined;
  /** Moves a branch that exists to the new commit, whatever it held. */
  readonly force?: boolean | undefined;
  readonly message: string;
  readonly author?: Partial<Person> | undefined;
  /** What the commit changes, given the commit that it stands on. May refuse. */
  readonly changes: (parent: string | undefined) => Promise<readonly FileChange[]>;
}

/** Commits to a branch as the user and tells the world; the new commit's id. Refuses with 400 as GitLab does. */
export async function commitAs(
  instance: Instance,
  project: Project,
  user: User,
  request: CommitRequest,
): Promise<string> {
  const push = await commitTo(project, user, request, instance.now());
  await afterPush(instance, project, push);
  return push.after;
}

/** The same without telling anybody. */
export async function commitTo(
  { repository }: Project,
  user: User,
  request: CommitRequest,
  at: Date,
): Promise<Push & { readonly after: string }> {
  const { branch } = request;
  return repository.exclusive(async () => {
    if (!(await isBranchName(repository.directory, branch)))
      throw refused(400, `The branch name is invalid: ${branch}`);
    const before = await repository.head(branch);
    const parent = await startOf(repository, request, before);
    const after = await writeCommit(repository.directory, {
      message: request.message,
      author: { name: request.author?.name ?? user.name, email: request.author?.email ?? user.email },
      committer: user,
      at,
      parent,
      changes: await request.changes(parent),
    });
    try {
      await moveBranch(repository.directory, branch, before, after);
    } catch {
      // `a` can't be a branch beside `a/b`.
      throw refused(400, `Could not update ${branch}. Please refresh and try again.`);
    }
    return { user, branch, before, after };
  });
}

async function startOf(
  repository: Repository,
  { branch, startBranch, startSha, force }: CommitRequest,
  head: string | undefined,
): Promise<string | undefined> {
  const start = startSha ?? (startBranch === branch ? undefined : startBranch);
  if (start === undefined) {
    if (head !== undefined || (await repository.branches()).length === 0) return head;
    throw refused(400, 'You can only create or edit files when you are on a branch');
  }
  if (head !== undefined && force !== true)
    throw refused(
      400,
      `A branch called '${branch}' already exists. Switch to that branch in order to make changes`,
    );
  const found = startSha === undefined ? await repository.head(start) : await repository.resolve(start);
  if (found === undefined || (startSha !== undefined && !/^[0-9a-f]{40}$/.test(startSha)))
    throw refused(400, `Cannot find start ${startSha === undefined ? 'branch' : 'commit'} '${start}'`);
  return found;
}
