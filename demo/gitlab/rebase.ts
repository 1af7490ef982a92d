import { mergeTrees } from './commit-writer.ts';
import { listCommits, readCommit } from './commits.ts';
import { gitText } from './git.ts';
import type { ObjectReader } from './object-reader.ts';
import type { User } from './users.ts';

/** The commits of a branch made again on top of another one, oldest first; undefined where they are in conflict. No branch is moved. */
export async function rebase(
  { directory, objects }: { readonly directory: string; readonly objects: ObjectReader },
  onto: string,
  source: string,
  user: User,
): Promise<readonly string[] | undefined> {
  const made: string[] = [];
  for (const id of await listCommits(directory, ['--reverse', '--no-merges', source, `^${onto}`])) {
    const commit = await readCommit(objects, id);
    const ours = made.at(-1) ?? onto;
    const tree = await treeOnTop(directory, { commit: id, parent: commit.parents[0] ?? id, ours });
    if (tree === undefined) return undefined;
    const { author } = commit;
    made.push(
      await gitText(directory, ['commit-tree', tree, '-p', ours], {
        input: commit.message,
        environment: {
          GIT_AUTHOR_NAME: author.name,
          GIT_AUTHOR_EMAIL: author.email,
          GIT_AUTHOR_DATE: author.date,
          GIT_COMMITTER_NAME: user.name,
          GIT_COMMITTER_EMAIL: user.email,
        },
      }),
    );
  }
  return made;
}

/** What `git cherry-pick` would make. Commits without a history of their own make the parent the base of the merge. */
async function treeOnTop(
  directory: string,
  { commit, parent, ours }: { readonly commit: string; readonly parent: string; readonly ours: string },
): Promise<string | undefined> {
  const environment = {
    GIT_AUTHOR_NAME: 'demo',
    GIT_AUTHOR_EMAIL: 'demo@example.com',
    GIT_COMMITTER_NAME: 'demo',
    GIT_COMMITTER_EMAIL: 'demo@example.com',
  };
  const alone = (of: string, ...parents: readonly string[]) =>
    gitText(directory, ['commit-tree', `${of}^{tree}`, ...parents.flatMap((one) => ['-p', one])], {
      input: '',
      environment,
    });
  const base = await alone(parent);
  const merged = await mergeTrees(directory, await alone(ours, base), await alone(commit, base));
  return merged.kind === 'merged' ? merged.tree : undefined;
}
