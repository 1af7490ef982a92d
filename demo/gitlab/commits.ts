import { gitText } from './git.ts';
import type { ObjectReader } from './object-reader.ts';

/** Who made a commit, and when. */
interface Signature {
  readonly name: string;
  readonly email: string;
  /** As GitLab writes it: `2026-01-31T12:00:00.000+00:00`. */
  readonly date: string;
}

export interface Commit {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

/** A commit by its full id. */
export async function readCommit(objects: ObjectReader, id: string): Promise<Commit> {
  const object = await objects.read(id);
  if (object?.type !== 'commit') throw new Error(`${id} is no commit.`);
  const text = object.content.toString();
  const end = text.indexOf('\n\n');
  const lines = text.slice(0, end).split('\n');
  const values = (name: string): string[] =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  return {
    id,
    tree: values('tree')[0] ?? '',
    parents: values('parent'),
    author: parseSignature(values('author')[0] ?? ''),
    committer: parseSignature(values('committer')[0] ?? ''),
    message: text.slice(end + 2),
  };
}

function parseSignature(line: string): Signature {
  const [, name = '', email = '', seconds = '0', sign = '+', hours = '00', minutes = '00'] =
    /^(.*?) ?<(.*?)> (\d+) ([+-])(\d\d)(\d\d)$/.exec(line) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const local = new Date(Number(seconds) * 1000 + offset * 60_000).toISOString().replace('Z', '');
  return { name, email, date: `${local}${sign}${hours}:${minutes}` };
}

/** The first line of the message. */
export function commitTitle(commit: Commit): string {
  return commit.message.split('\n', 1)[0] ?? '';
}

/** The ids that `git rev-list` gives for the arguments. */
export async function listCommits(directory: string, args: readonly string[]): Promise<string[]> {
  const text = await gitText(directory, ['--literal-pathspecs', 'rev-list', ...args]);
  return text === '' ? [] : text.split('\n');
}

/** The newest commit that changed the file: back along the parents that have the same content. */
export async function lastChange(objects: ObjectReader, commit: string, path: string): Promise<string> {
  const content = await objects.find(`${commit}:${path}`);
  for (let current = commit; ;) {
    let same: string | undefined;
    for (const parent of (await readCommit(objects, current)).parents) {
      same ??= (await objects.find(`${parent}:${path}`)) === content ? parent : undefined;
    }
    if (same === undefined) return current;
    current = same;
  }
}

/** Undefined when the two have no common history. */
export async function mergeBase(directory: string, one: string, other: string): Promise<string | undefined> {
  const text = await gitText(directory, ['merge-base', one, other], { codes: [0, 1] });
  return text === '' ? undefined : text;
}
