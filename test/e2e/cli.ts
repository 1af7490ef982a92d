import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { z } from 'zod';

import { compileCache } from '../../demo/bot-process.ts';

/** What a command of the command line ended with. */
interface CliOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The standard output as JSON. */
  readonly json: () => z.infer<typeof result>;
}

const part = { status: z.string(), text: z.string(), remedy: z.string().optional() };
const result = z.object({
  ok: z.boolean(),
  outcome: z.string(),
  dryRun: z.boolean().optional(),
  steps: z.array(z.object({ step: z.string(), ...part })).default([]),
  checks: z.array(z.object({ check: z.string(), project: z.string().optional(), ...part })).default([]),
  obstacles: z.array(z.object({ text: z.string(), remedy: z.string() })).default([]),
});

const cli = join(import.meta.dirname, '../../src/cli.ts');

/** The command line at work. */
interface RunningCli {
  /** What it wrote so far. */
  readonly written: { readonly stdout: string; readonly stderr: string };
  readonly outcome: Promise<CliOutcome>;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts the command line as a process of its own, with these settings and nothing else in its environment, and without a terminal.
 * @param folder where it runs: a `.env` file there is read
 */
export function startCli(
  settings: Readonly<Record<string, string>>,
  folder: string,
  args: readonly string[],
): RunningCli {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...compileCache, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (written.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (written.stderr += String(chunk)));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const outcome = closed.then((code) => ({
    ...written,
    code,
    json: () => result.parse(JSON.parse(written.stdout)),
  }));
  return { written, outcome, signal: (signal) => child.kill(signal) };
}

/** Runs the command line to its end. */
export function runCli(
  settings: Readonly<Record<string, string>>,
  folder: string,
  args: readonly string[],
): Promise<CliOutcome> {
  return startCli(settings, folder, args).outcome;
}
