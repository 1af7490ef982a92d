import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The bot as a process of its own. */
export interface BotProcess {
  readonly url: string;
  readonly pid: number;
  /** The lines that it logged so far. */
  readonly log: readonly string[];
  /** What it wrote to its standard error so far. */
  readonly errors: () => string;
  /** Resolves with the exit code when the process has ended, whoever ended it; null after a signal. */
  readonly ended: Promise<number | null>;
  /** Sends the signal and resolves with the exit code when the process has ended. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

const root = join(import.meta.dirname, '..');
const main = join(root, 'src/main.ts');

/** Lets Node keep what it compiled: a second start takes half the time. In a folder of the project, since nobody else may write there. */
export const compileCache = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node') };

/**
 * Starts the bot with these settings and nothing else in its environment; resolves when it listens.
 * @param folder where it runs: a `.env` file there would be read too
 * @param flags Node's own, before the script
 */
export async function startBotProcess(
  settings: Readonly<Record<string, string>>,
  folder: string,
  flags: readonly string[] = [],
): Promise<BotProcess> {
  const child = spawn(process.execPath, [...flags, main], {
    cwd: folder,
    env: { ...compileCache, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const log: string[] = [];
  let errors = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => (errors += String(chunk)));
    void ended.then((code) => reject(new Error(`the bot ended with ${code}\n${errors}\n${log.join('\n')}`)));
    createInterface(child.stdout).on('line', (line) => {
      log.push(line);
      const parsed: unknown = JSON.parse(line);
      if (isListening(parsed)) resolve(`http://127.0.0.1:${parsed.port}`);
    });
  });
  return {
    url,
    pid: child.pid ?? 0,
    log,
    errors: () => errors,
    ended,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

function isListening(line: unknown): line is { readonly port: number } {
  return (
    typeof line === 'object' &&
    line !== null &&
    'message' in line &&
    line.message === 'listening' &&
    'port' in line
  );
}
