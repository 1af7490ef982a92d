import { gitText, runGit } from './git.ts';

export type FileChange =
  | { readonly kind: 'write'; readonly path: string; readonly content: Buffer; readonly mode: string }
  /** A blob that the repository has already. */
  | { readonly kind: 'place'; readonly path: string; readonly blob: string; readonly mode: string }
  | { readonly kind: 'remove'; readonly path: string };

/** Names and email address; the time is the same for both. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface NewCommit {
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  readonly at: Date;
  /** Undefined for the first commit of a repository. */
  readonly parent: string | undefined;
  readonly changes: readonly FileChange[];
}

/** fast-import can't make a commit without a reference: this one is dropped when the branch is moved. */
const workReference = 'refs/demo/import';

/** Writes a commit of any number of files with one process; its id. No branch is moved. */
export async function writeCommit(directory: string, commit: NewCommit): Promise<string> {
  const parts: (string | Buffer)[] = [
    'feature done\n',
    `commit ${workReference}\n`,
    'mark :1\n',
    `author ${signature(commit.author, commit.at)}\n`,
    `committer ${signature(commit.committer, commit.at)}\n`,
    ...data(Buffer.from(commit.message)),
    ...(commit.parent === undefined ? [] : [`from ${commit.parent}\n`]),
    ...commit.changes.flatMap(changeLines),
    'get-mark :1\n',
    'done\n',
  ];
  const input = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  // `--force`: the work reference of an earlier commit may still be there.
  return gitText(directory, ['fast-import', '--quiet', '--force'], { input });
}

function changeLines(change: FileChange): (string | Buffer)[] {
  const path = `"${change.path.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
  switch (change.kind) {
    case 'write':
      return [`M ${change.mode} inline ${path}\n`, ...data(change.content)];
    case 'place':
      return [`M ${change.mode} ${change.blob} ${path}\n`];
    case 'remove':
      return [`D ${path}\n`];
  }
}

function data(content: Buffer): (string | Buffer)[] {
  return [`data ${content.length}\n`, content, '\n'];
}

function signature({ name, email }: Person, at: Date): string {
  const clean = (text: string): string => text.replaceAll(/[<>\n\0]/g, '');
  return `${clean(name)} <${clean(email)}> ${seconds(at)} +0000`;
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}

/** Writes a commit of a tree that exists already; its id. */
export async function writeTreeCommit(
  directory: string,
  tree: string,
  parents: readonly string[],
  { message, author, committer, at }: Omit<NewCommit, 'parent' | 'changes'>,
): Promise<string> {
  return gitText(directory, ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])], {
    input: message,
    environment: {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: `${seconds(at)} +0000`,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_COMMITTER_DATE: `${seconds(at)} +0000`,
    },
  });
}

export type MergedTree = { readonly kind: 'merged'; readonly tree: string } | { readonly kind: 'conflict' };

/** Merges two commits as `git merge` would, without a working tree. */
export async function mergeTrees(directory: string, ours: string, theirs: string): Promise<MergedTree> {
  const { code, output } = await runGit(directory, ['merge-tree', '--write-tree', '-z', ours, theirs], {
    codes: [0, 1],
  });
  const tree = output.toString('utf8', 0, 40);
  return code === 0 ? { kind: 'merged', tree } : { kind: 'conflict' };
}

/** Moves a branch, or makes it (`before` undefined), or removes it (`after` undefined); rejects if it stands elsewhere. */
export async function moveBranch(
  directory: string,
  branch: string,
  before: string | undefined,
  after: string | undefined,
): Promise<void> {
  const reference = `refs/heads/${branch}`;
  const zeros = '0'.repeat(40);
  const line =
    after === undefined
      ? `delete ${reference} ${before ?? zeros}`
      : `update ${reference} ${after} ${before ?? zeros}`;
  await runGit(directory, ['update-ref', '--stdin'], { input: `${line}\n` });
}
