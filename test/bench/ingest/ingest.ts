import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../../../demo/person.ts';
import { secret, type Sender } from './deliveries.ts';
import { freePort } from '../../../demo/free-port.ts';
import { fixed, median, whole, type Finding } from '../table.ts';
import type { Answered, Load } from './load.ts';

const main = join(import.meta.dirname, '../../../src/main.ts');
const connections = [1, 16, 128] as const;
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
const nothingKept = 'the same server, keeping nothing';
const probot = 'Probot, empty handler';
export const contenders: readonly Contender[] = [
  { name: 'Hono, bare', sender: 'gitlab', script: [server, 'bare'], atHalf: false },
  { name: nothingKept, sender: 'gitlab', script: [server, 'keeps-nothing'], atHalf: false },
  { name: probot, sender: 'github', script: [server, 'probot'], atHalf: true },
  {
    name: 'aic-bot, SQLite',
    sender: 'gitlab',
    script: [main],
    atHalf: true,
    database: (folder) => `file:${join(folder, 'bot.db')}`,
  },
];

interface Round {
  readonly contender: string;
  readonly top: Readonly<Record<number, Answered>>;
  readonly half: Answered | undefined;
}

/** Asks the load generator; it does one thing at a time. */
type Send = (load: Load) => Promise<Answered>;

/** One round: each contender starts, warms up, and takes what comes over 1, 16 and 128 connections. */
async function ingestRound(all: readonly Contender[], send: Send): Promise<readonly Round[]> {
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
    env: { ...botSettings(port), ...(database === undefined ? {} : { DATABASE_URL: database }) },
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
    if (contender.atHalf) await send({ ...load, connections: 128, rate });
    const half = contender.atHalf
      ? sane(contender, await send({ ...load, connections: 128, rate }))
      : undefined;
    return { contender: contender.name, top, half };
  } finally {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A bot's settings. Nobody listens at GitLab's address: what deliveries of pushes lead to begins after a quarter of a minute. */
export function botSettings(port: number): Readonly<Record<string, string>> {
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: String(port),
    GITLAB_URL: 'http://127.0.0.1:9',
    GITLAB_TOKEN: 'a-token-of-the-benchmark',
    GITLAB_WEBHOOK_SECRET: secret,
    GITLAB_PROJECTS: 'data/**',
    AIC_WORKSPACES: 'data/**=PIN ANALYTICS/*',
    AIC_API_KEY: 'a-key-of-the-benchmark',
    SMTP_URL: 'smtp://127.0.0.1:9',
    MAIL_FROM: 'bot@example.com',
    MAIL_TO: 'team@example.com',
  };
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

const ingestRounds = 5;

/** How many deliveries a second are accepted, and after how long, beside servers that keep nothing. */
export async function ingestBench(all: readonly Contender[], title: string): Promise<Finding> {
  const load = startLoad();
  const rounds: Round[] = [];
  try {
    for (let round = 0; round < ingestRounds; round += 1) rounds.push(...(await ingestRound(all, load.send)));
  } finally {
    await load.stop();
  }
  const of = (name: string) => rounds.filter(({ contender }) => contender === name);
  const middle = (name: string, pick: (round: Round) => number | undefined) =>
    median(of(name).flatMap((round) => pick(round) ?? []));
  const rate = (name: string, count: number) => middle(name, ({ top }) => top[count]?.perSecond);
  const latency = (name: string, count: number) =>
    `${fixed(middle(name, ({ top }) => top[count]?.p50))} / ${fixed(middle(name, ({ top }) => top[count]?.p99))}`;
  const half = (name: string) => middle(name, (round) => round.half?.p99);
  const goals = all.flatMap(({ name, database }) => {
    if (database === undefined) return [];
    const share = rate(name, 128) / rate(nothingKept, 128);
    const p99 = half(name);
    return [
      {
        text: `${name}, at 128 connections at least 70 % of the same server that keeps nothing: ${fixed(share * 100, 0)} %`,
        isReached: share >= 0.7,
      },
      ...(all.some((each) => each.name === probot)
        ? [
            {
              text: `${name}, ahead of Probot at 128 connections: ${fixed(rate(name, 128) / rate(probot, 128), 2)} ×`,
              isReached: rate(name, 128) > rate(probot, 128),
            },
          ]
        : []),
      { text: `${name}, p99 under 20 ms at half the top rate: ${fixed(p99)} ms`, isReached: p99 < 20 },
    ];
  });
  return {
    title,
    rows: all.map(({ name, atHalf }) => ({
      server: name,
      ...Object.fromEntries(
        connections.flatMap((count) => [
          [`${count}: a second`, whole(rate(name, count))],
          [`${count}: p50 / p99 (ms)`, latency(name, count)],
        ]),
      ),
      'p99 at half the rate (ms)': atHalf ? fixed(half(name)) : '',
    })),
    goals,
  };
}
