import { mkdir } from 'node:fs/promises';
import { runGit, gitText } from './git.ts';
import { createObjectReader, type ObjectReader } from './object-reader.ts';

/** A bare repository on disk. Everything is read from Git each time; nothing but the process that reads is kept. */
export interface Repository {
  readonly directory: string;
  readonly objects: ObjectReader;
  /** Makes it on disk, empty, with a HEAD that is the branch. */
  initialize(defaultBranch: string): Promise<void>;
  /** The commit that a branch, a tag, an id or `HEAD` means, in this order, where full ids go first. */
  resolve(ref: string): Promise<string | undefined>;
  /** The commit at the head of a branch. */
  head(branch: string): Promise<string | undefined>;
  /** By name. */
  branches(): Promise<readonly { readonly name: string; readonly head: string }[]>;
  /** Runs the work alone: what reads a head and then moves it may not be interrupted. */
  exclusive<Value>(work: () => Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

export function createRepository(directory: string): Repository {
  const objects = createObjectReader(directory);
  let last: Promise<unknown> = Promise.resolve();

  const commitAt = (name: string): Promise<string | undefined> => objects.find(`${name}^{commit}`);

  return {
    directory,
    objects,
    async initialize(defaultBranch) {
      await mkdir(directory, { recursive: true });
      const args = ['--bare', '--quiet', '--template=', `--initial-branch=${defaultBranch}`];
      await runGit(directory, ['init', ...args, directory]);
    },
    async resolve(ref) {
      if (!isPlainRevision(ref)) return undefined;
      if (/^[0-9a-f]{40}$/.test(ref)) return commitAt(ref);
      return (
        (await commitAt(`refs/heads/${ref}`)) ?? (await commitAt(`refs/tags/${ref}`)) ?? (await commitAt(ref))
      );
    },
    async head(branch) {
      return isPlainRevision(branch) && !/[~^]/.test(branch) ? commitAt(`refs/heads/${branch}`) : undefined;
    },
    async branches() {
      const text = await gitText(directory, [
        'for-each-ref',
        '--format=%(objectname) %(refname:lstrip=2)',
        'refs/heads/',
      ]);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => ({ head: line.slice(0, 40), name: line.slice(41) }));
    },
    async exclusive(work) {
      const turn = last.then(work, work);
      last = turn.catch(() => {});
      return turn;
    },
    close: () => objects.close(),
  };
}

/** Without Git's notations that look things up or could end the process that reads. */
function isPlainRevision(ref: string): boolean {
  return ref !== '' && !ref.startsWith('-') && !/[\0-\u{20}:?*[\\{\u{7f}]|\.\./u.test(ref);
}

/** Whether Git accepts the name for a branch. */
export async function isBranchName(directory: string, name: string): Promise<boolean> {
  if (name.startsWith('-') || /^[0-9a-f]{40}$/.test(name) || name === 'HEAD') return false;
  const { code } = await runGit(directory, ['check-ref-format', `refs/heads/${name}`], { codes: [0, 1] });
  return code === 0;
}
