import { execFile } from 'node:child_process';

/** Git without the settings of the machine or the user, so that a demo runs everywhere alike. */
export const gitEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
  TZ: 'UTC',
};

export interface GitAnswer {
  readonly code: number;
  readonly output: Buffer;
}

export interface GitOptions {
  readonly input?: string | Buffer;
  readonly environment?: Readonly<Record<string, string>>;
  /** Exit codes that are answers and no failures; 0 by default. */
  readonly codes?: readonly number[];
}

/** Commands whose answer depends on the ids that they are given, and on nothing else. */
const pure = new Set(['diff-tree', 'ls-tree', 'merge-base', 'merge-tree', 'rev-list', 'check-ref-format']);
/** What Git answered, by question, the oldest first; up to a number, and each up to a size. */
const answers = new Map<string, Promise<GitAnswer>>();
const keptAnswers = 5_000;
const keptBytes = 16 * 1024;
/** How often references were moved, by repository: so long lists of them stay as they are. */
const moves = new Map<string, number>();

/**
 * Runs the `git` binary in a bare repository. Rejects with what Git wrote to stderr when it fails.
 * Starting it takes most of the demo's time: what can't have changed is not asked twice.
 */
export async function runGit(
  directory: string,
  args: readonly string[],
  options: GitOptions = {},
): Promise<GitAnswer> {
  if (args[0] === 'update-ref') {
    return spawnGit(directory, args, options).finally(() =>
      moves.set(directory, (moves.get(directory) ?? 0) + 1),
    );
  }
  const isNameCheck = args[0] === 'check-ref-format';
  const isList = args[0] === 'for-each-ref';
  if (!isList && !isPure(args, options)) return spawnGit(directory, args, options);
  const key = JSON.stringify([isNameCheck ? '' : directory, args, isList ? moves.get(directory) : null]);
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = spawnGit(directory, args, options);
  answers.set(key, answer);
  if (answers.size > keptAnswers) for (const oldest of answers.keys().take(1)) answers.delete(oldest);
  void answer.then(
    ({ output }) => output.length > keptBytes && answers.delete(key),
    () => answers.delete(key),
  );
  return answer;
}

/** Whether a command names nothing but ids and paths: no reference that moves changes its answer. */
function isPure(args: readonly string[], { input, environment }: GitOptions): boolean {
  const [command = '', ...rest] = args.filter((arg) => arg !== '--literal-pathspecs');
  if (!pure.has(command) || input !== undefined || environment !== undefined) return false;
  if (command === 'check-ref-format') return true;
  const paths = rest.indexOf('--');
  return (paths < 0 ? rest : rest.slice(0, paths)).every(
    (arg) => /^\^?[0-9a-f]{40}$/.test(arg) || (arg.startsWith('-') && arg !== '--branches'),
  );
}

async function spawnGit(
  directory: string,
  args: readonly string[],
  { input, environment = {}, codes = [0] }: GitOptions,
): Promise<GitAnswer> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'git',
      [`--git-dir=${directory}`, ...args],
      { env: { ...gitEnvironment, ...environment }, encoding: 'buffer', maxBuffer: Infinity },
      (error, output, errors) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number' && codes.includes(code)) resolve({ code, output });
        else reject(new Error(`git ${args[0] ?? ''}: ${errors.toString().trim()}`, { cause: error }));
      },
    );
    // Git may end before it has read everything; what matters then is its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The output as text, without the newline at the end. */
export async function gitText(
  directory: string,
  args: readonly string[],
  options?: GitOptions,
): Promise<string> {
  return (await runGit(directory, args, options)).output.toString().replace(/\n$/, '');
}
