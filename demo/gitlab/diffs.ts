import { runGit } from './git.ts';

/** What differs in one file. */
export interface FileDiff {
  readonly oldPath: string;
  readonly newPath: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly change: 'added' | 'deleted' | 'modified' | 'renamed';
  /** From the first `@@` on; empty when the content is the same. */
  readonly patch: string;
}

/** A file as the answers show it: cut ones have an empty `diff`. */
export interface ShownDiff {
  readonly file: FileDiff;
  readonly cut: 'whole' | 'collapsed' | 'too-large';
}

/** GitLab cuts silently above these, and collapses above a tenth of them. */
export interface DiffLimits {
  readonly patchBytes: number;
  readonly files: number;
  readonly lines: number;
}

/** What a self-managed GitLab has. */
export const defaultDiffLimits: DiffLimits = { patchBytes: 200 * 1024, files: 1_000, lines: 50_000 };

/** The id of the tree without entries, which Git knows without storing it. */
const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/** The difference of two commits, renamed files found as `git diff -M` finds them; `from` undefined is nothing. */
export async function diffCommits(
  directory: string,
  from: string | undefined,
  to: string,
): Promise<FileDiff[]> {
  const { output } = await runGit(directory, [
    'diff-tree',
    '-r',
    '-M',
    '-l0',
    '--patch-with-raw',
    '--full-index',
    '-z',
    from ?? emptyTree,
    to,
  ]);
  const text = output.toString();
  // The entries end with one NUL each, and one more stands before the patches.
  const end = text.indexOf('\0\0');
  if (end < 0) return [];
  const fields = text.slice(0, end).split('\0');
  const patches = text.slice(end + 2).split(/^(?=diff --git )/m);
  const files: FileDiff[] = [];
  for (let at = 0; at < fields.length;) {
    const [oldMode = '', newMode = '', , , status = ''] = (fields[at] ?? '').slice(1).split(' ');
    const renamed = /^[RC]/.test(status);
    const oldPath = fields[at + 1] ?? '';
    const newPath = renamed ? (fields[at + 2] ?? '') : oldPath;
    at += renamed ? 3 : 2;
    const patch = hunksOf(patches[files.length] ?? '');
    files.push({ oldPath, newPath, oldMode, newMode, change: changeOf(status), patch });
  }
  return files;
}

/** What two differences of the same lines have in common, wherever these stand; null where nothing differs. */
export async function patchId(directory: string, from: string, to: string): Promise<string | null> {
  const { output } = await runGit(directory, ['diff-tree', '-r', '-p', '--full-index', from, to]);
  const { output: ids } = await runGit(directory, ['patch-id', '--verbatim'], { input: output });
  return ids.toString().split(' ')[0] || null;
}

function changeOf(status: string): FileDiff['change'] {
  switch (status.slice(0, 1)) {
    case 'A':
      return 'added';
    case 'D':
      return 'deleted';
    case 'R':
      return 'renamed';
    default:
      return 'modified';
  }
}

/** Without the lines that say which files; for binary files the line that says so. */
function hunksOf(patch: string): string {
  const start = /^(?=@@ |Binary files )/m.exec(patch)?.index;
  return start === undefined ? '' : patch.slice(start);
}

/**
 * What GitLab shows of a difference. Above the limits of files and lines the rest is missing without a sign of it;
 * `expanded` leaves out the collapsing.
 */
export function cutDiffs(
  files: readonly FileDiff[],
  limits: DiffLimits,
  expanded: 'expanded' | 'collapsed',
): ShownDiff[] {
  const shown: ShownDiff[] = [];
  const collapses = expanded === 'collapsed';
  let lines = 0;
  let bytes = 0;
  for (const file of files.slice(0, limits.files)) {
    const size = Buffer.byteLength(file.patch);
    lines += file.patch.split('\n').length - 1;
    bytes += size;
    if (lines > limits.lines || bytes > limits.files * 5 * 1024) break;
    const beyondSafe =
      shown.length >= limits.files / 10 ||
      lines > limits.lines / 10 ||
      bytes > limits.files * 512 ||
      size > limits.patchBytes / 10;
    if (size > limits.patchBytes) shown.push({ file, cut: 'too-large' });
    else shown.push({ file, cut: collapses && beyondSafe && size > 0 ? 'collapsed' : 'whole' });
  }
  return shown;
}

export function diffJson({ file, cut }: ShownDiff, unidiff: boolean): object {
  const names =
    unidiff && file.patch.startsWith('@@')
      ? `--- ${file.change === 'added' ? '/dev/null' : `a/${file.oldPath}`}\n+++ ${file.change === 'deleted' ? '/dev/null' : `b/${file.newPath}`}\n`
      : '';
  return {
    diff: cut === 'whole' ? `${names}${file.patch}` : '',
    collapsed: cut === 'collapsed',
    too_large: cut === 'too-large',
    new_path: file.newPath,
    old_path: file.oldPath,
    // A file that is not there has the mode 0.
    a_mode: file.oldMode.replace('000000', '0'),
    b_mode: file.newMode.replace('000000', '0'),
    new_file: file.change === 'added',
    renamed_file: file.change === 'renamed',
    deleted_file: file.change === 'deleted',
    generated_file: false,
  };
}
