import type { FileChange } from './repository.ts';

/** What one request to GitLab's commits API may hold. */
export interface CommitLimits {
  /** Of the request's JSON, in bytes. */
  readonly mostBytes: number;
  readonly mostChanges: number;
}

/**
 * GitLab takes only 3 requests over 20 MB in 30 s, and refuses JSON of more than 100,000 elements; a change has up to five
 * (https://docs.gitlab.com/administration/instance_limits/).
 */
export const commitLimits: CommitLimits = { mostBytes: 19_000_000, mostChanges: 10_000 };

/**
 * The changes in as few parts as fit the limits, in order. The files of one pipeline stay together as long as they fit into one part; a
 * file that is larger than a part has one of its own.
 */
export function splitChanges(
  pipelines: readonly (readonly FileChange[])[],
  limits: CommitLimits,
): readonly (readonly FileChange[])[] {
  const groups = pipelines.flatMap((changes) =>
    fits(changes, limits) ? [changes] : changes.map((one) => [one]),
  );
  const parts: FileChange[][] = [];
  let bytes = 0;
  for (const group of groups) {
    const size = sizeOf(group);
    const part = parts.at(-1);
    if (
      part === undefined ||
      bytes + size > limits.mostBytes ||
      part.length + group.length > limits.mostChanges
    ) {
      parts.push([...group]);
      bytes = size;
    } else {
      part.push(...group);
      bytes += size;
    }
  }
  return parts.filter((part) => part.length > 0);
}

function fits(changes: readonly FileChange[], { mostBytes, mostChanges }: CommitLimits): boolean {
  return changes.length <= mostChanges && sizeOf(changes) <= mostBytes;
}

const encoder = new TextEncoder();

function sizeOf(changes: readonly FileChange[]): number {
  return changes.reduce((sum, change) => sum + bytesOf(change), 0);
}

/** The other fields of an action take less than 200 bytes. */
function bytesOf(change: FileChange): number {
  return encoder.encode(JSON.stringify(change)).length + 200;
}
