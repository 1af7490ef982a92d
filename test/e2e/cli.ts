import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { z } from 'zod';

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

/**
 * Runs the command line as a process of its own, with these settings and nothing else in its environment, and without a terminal.
 * @param folder where it runs: a `.env` file there is read
 */
export async function runCli(
  settings: Readonly<Record<string, string>>,
  folder: string,
  args: readonly string[],
): Promise<CliOutcome> {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr, json: () => result.parse(JSON.parse(stdout)) };
}
