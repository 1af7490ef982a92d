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

/** Runs the `git` binary in a bare repository. Rejects with what Git wrote to stderr when it fails. */
export async function runGit(
  directory: string,
  args: readonly string[],
  { input, environment = {}, codes = [0] }: GitOptions = {},
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
