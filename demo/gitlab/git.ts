import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import type { GitDone, GitTask } from './git-task.ts';

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
/** How often references were moved, by repository: a list of them is kept until the next move. */
const moves = new Map<string, number>();

/**
 * Runs the `git` binary in a bare repository. Rejects with what Git wrote to stderr when it fails.
 * Starting Git takes longer than its work: what can't have changed is not asked twice.
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
  const { code, output, said } = await inRunner({
    args: [`--git-dir=${directory}`, ...args],
    environment,
    input,
  });
  if (code === undefined || !codes.includes(code)) throw new Error(`git ${args[0] ?? ''}: ${said}`);
  return { code, output: Buffer.from(output) };
}

/** The process that runs Git, and who waits for it. */
let runner: ChildProcess | undefined;
const waiting = new Map<number, (done: GitDone) => void>();
let lastId = 0;

async function inRunner(task: Omit<GitTask, 'id'>): Promise<GitDone> {
  const child = (runner ??= startRunner());
  const id = (lastId += 1);
  child.channel?.ref();
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    child.send({ ...task, id });
  });
}

/** It ends with this process, and keeps it from its end only while somebody waits. */
function startRunner(): ChildProcess {
  const child = fork(join(import.meta.dirname, 'git-process.ts'), {
    serialization: 'advanced',
    execArgv: [],
  });
  child.on('message', (done: GitDone) => {
    waiting.get(done.id)?.(done);
    waiting.delete(done.id);
    if (waiting.size === 0) child.channel?.unref();
  });
  child.once('exit', () => {
    runner = undefined;
    for (const [id, end] of waiting)
      end({ id, code: undefined, output: new Uint8Array(), said: 'its process ended' });
    waiting.clear();
  });
  child.unref();
  return child;
}

/** The output as text, without the newline at the end. */
export async function gitText(
  directory: string,
  args: readonly string[],
  options?: GitOptions,
): Promise<string> {
  return (await runGit(directory, args, options)).output.toString().replace(/\n$/, '');
}
