/** Git without the settings of the machine or the user, so that a demo runs everywhere alike. */
export const gitEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** A command for the process that runs Git. */
export interface GitTask {
  readonly id: number;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string | Buffer | undefined;
}

export interface GitDone {
  readonly id: number;
  /** Undefined where Git did not run. */
  readonly code: number | undefined;
  readonly output: Uint8Array;
  /** What Git wrote to stderr. */
  readonly said: string;
}
