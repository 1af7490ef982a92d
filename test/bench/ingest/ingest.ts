import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../../../demo/person.ts';
import { secret, type Sender } from './deliveries.ts';
import type { Answered, Load } from './load.ts';

const main = join(import.meta.dirname, '../../../src/main.ts');
export const connections = [1, 16, 128] as const;
const seconds = 1;

/** A server that takes deliveries. */
export interface Contender {
  readonly name: string;
  readonly sender: Sender;
  /** Arguments of Node. */
  readonly script: readonly string[];
  /** Whether its latency at half the top rate is measured. */
  readonly atHalf: boolean;
  /** Only where it has a store: its address, anew for each round. */
  readonly database?: (folder: string) => Promise<string> | string;
}

const server = join(import.meta.dirname, 'server.ts');
export const contenders: readonly Contender[] = [
  { name: 'Hono, bare', sender: 'gitlab', script: [server, 'bare'], atHalf: false },
  { name: 'Hono, same checks', sender: 'gitlab', script: [server, 'keeps-nothing'], atHalf: false },
  { name: 'Probot', sender: 'github', script: [server, 'probot'], atHalf: true },
  {
    name: 'aic-bot, SQLite',
    sender: 'gitlab',
    script: [main],
    atHalf: true,
    database: (folder) => `file:${join(folder, 'bot.db')}`,
  },
];

export interface Round {
  readonly contender: string;
  readonly top: Readonly<Record<number, Answered>>;
  readonly half: Answered | undefined;
}

/** Asks the load generator; it does one thing at a time. */
type Send = (load: Load) => Promise<Answered>;

/** One round: each contender starts, warms up, and takes what comes over 1, 16 and 128 connections. */
export async function ingestRound(all: readonly Contender[], send: Send): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (const contender of all) rounds.push(await oneRound(contender, send));
  return rounds;
}

async function oneRound(contender: Contender, send: Send): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), 'aic-bot-bench-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const database = await contender.database?.(folder);
  const child = spawn(process.execPath, [...contender.script, String(port)], {
    cwd: folder,
    // Nobody listens there: what deliveries lead to begins after a quarter of a minute.
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      GITLAB_URL: 'http://127.0.0.1:9',
      GITLAB_TOKEN: 'a-token-of-the-benchmark',
      GITLAB_WEBHOOK_SECRET: secret,
      GITLAB_PROJECTS: 'data/**',
      AIC_API_KEY: 'a-key-of-the-benchmark',
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'bot@example.com',
      MAIL_TO: 'team@example.com',
      ...(database === undefined ? {} : { DATABASE_URL: database }),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    await answering(url);
    const load = { url, sender: contender.sender, seconds, rate: undefined };
    await send({ ...load, connections: 16 });
    const top: Record<number, Answered> = {};
    for (const count of connections)
      top[count] = sane(contender, await send({ ...load, connections: count }));
    const rate = Math.round((top[128]?.perSecond ?? 0) / 2);
    const half = contender.atHalf
      ? sane(contender, await send({ ...load, connections: 128, rate }))
      : undefined;
    return { contender: contender.name, top, half };
  } finally {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  }
}

function sane({ name }: Contender, answered: Answered): Answered {
  if (answered.failed > 0 || answered.accepted === 0)
    throw new Error(`${name} accepted ${answered.accepted} and failed ${answered.failed} deliveries`);
  return answered;
}

/** Starts the load generator. */
export function startLoad(): { readonly send: Send; stop(): Promise<void> } {
  const child = fork(join(import.meta.dirname, 'load.ts'));
  return {
    send: async (load) => {
      child.send(load);
      const [answered] = await once(child, 'message');
      return answered as Answered;
    },
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function answering(url: string): Promise<void> {
  const ask = () =>
    fetch(`${url}/healthz`).then(
      (answer) => answer.ok || undefined,
      () => undefined,
    );
  await until(`an answer of ${url}`, ask, 20_000);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
