import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import process from 'node:process';

import { createAdministration } from '../adapters/gitlab/administration.ts';
import { usualBreaking } from '../adapters/http/circuit-breaker.ts';
import { defaultRetry } from '../adapters/http/client.ts';
import { isPostgres } from '../adapters/store/engines/database-url.ts';
import { describeStoreFailure } from '../adapters/store/engines/store-failure.ts';
import { createLog } from '../adapters/log.ts';
import { takeLane } from '../adapters/queue/claim-lane.ts';
import type { Terminal } from '../adapters/terminal/terminal.ts';
import { explainMistake, parseConfig, secretsIn, type Config } from '../config.ts';
import { refusal } from '../domain/commands/refusals.ts';
import type { OptionKey } from '../domain/commands/command-table.ts';
import type { ProjectId } from '../domain/shared/ids.ts';
import type { Log } from '../domain/shared/log.ts';
import type { GivenCommand } from '../domain/commands/operator-command.ts';
import { explainToOperator } from '../domain/commands/operator-remedies.ts';
import { phrase, words } from '../domain/report/phrase.ts';
import { refusalPrintout } from '../domain/report/printout.ts';
import type { Explanation } from '../domain/report/reason.ts';
import type { Report } from '../domain/report/report.ts';
import { plain } from '../domain/report/text.ts';
import { createMask } from '../domain/secrets/mask.ts';
import { atWork } from '../domain/jobs/lane-holder.ts';
import { openNodeEngine, type NodeEngine } from '../runtime/node-engine.ts';
import type { LaneDoor } from '../handlers/operator/lane-claim.ts';
import { operate, type Operated } from '../handlers/operator/run-operator-command.ts';

/** Where a command is given and answered. */
export interface OperatorDesk {
  readonly terminal: Terminal;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Ends the process: a connection that never answers must not keep it. */
  readonly exit: (code: number) => void;
}

/** What an operator asks for. */
export interface CommandWish extends Pick<GivenCommand['command'], 'verb' | 'pipelines' | 'words'> {
  /** `group/subgroup/project`. */
  readonly path: string;
  readonly options: Readonly<Partial<Record<OptionKey, string | undefined>>>;
}

interface Manner {
  /** How long it is waited for a lane, in milliseconds. */
  readonly waitMs: number;
  readonly format: 'text' | 'json';
}

const clock = { now: () => Date.now() };
const timeoutMs = 30_000;

/**
 * Carries out an operator's command in this process, on the bot's database, beside a bot that runs or not. What the command adds, such as
 * comments and mails, is left to the bot. Prints the report and ends with 0 when the command did all that it was asked for, else with 1.
 */
export async function operateBranch(desk: OperatorDesk, wish: CommandWish, manner: Manner): Promise<void> {
  const { terminal } = desk;
  const config = parseConfig(desk.variables);
  if (!config.ok) {
    const outcome = words('Nothing was done: settings are missing or wrong.');
    await terminal.print(refusalPrintout(outcome, config.failure.map(explainMistake)), manner.format);
    return desk.exit(1);
  }
  terminal.progress(`${wish.verb} ${wish.path}`);
  const operated = await operateOn(config.value, { terminal, wish, waitMs: manner.waitMs });
  const [report, isWell] = 'report' in operated ? [operated.report, operated.done] : [endOf(operated), false];
  await terminal.printReport(report, isWell, manner.format);
  return desk.exit(isWell ? 0 : 1);
}

async function operateOn(
  config: Config,
  { terminal, wish, waitMs }: { terminal: Terminal; wish: CommandWish; waitMs: number },
): Promise<Operated> {
  const mask = createMask(secretsIn(config));
  const log = createLog({ level: 'silent', clock, mask, write: () => {} });
  const username = userName();
  const path = config.DATABASE_URL.replace(/^file:/, '');
  if (!isPostgres(config.DATABASE_URL) && !existsSync(path))
    terminal.tell(
      `There was no database at ${path}: a new one is made. Is that where the bot keeps its own?`,
    );
  let engine: NodeEngine;
  try {
    const as = { who: `${username} (aic-bot ${wish.verb})`, jobsAdded: () => {} };
    engine = await openNodeEngine(config, { clock, random: Math.random, log, mask }, as);
  } catch (error) {
    return refused({
      what: phrase`Nothing was done: the database ${mask(config.DATABASE_URL)} cannot be used: ${words(mask(describeStoreFailure(error)))}`,
      remedy: phrase`Do as that says. Where it does not say what to do, set ${'DATABASE_URL'} to the database of the bot, and run the command as a user who may write there.`,
    });
  }
  const stopping = new AbortController();
  const stop = () => {
    terminal.tell('Stopping: what is under way ends, and nothing new begins.');
    stopping.abort();
    engine.stopCalls();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const access = {
      clock,
      mask,
      retry: defaultRetry,
      breaking: usualBreaking,
      timeoutMs,
      stop: stopping.signal,
    };
    const administration = createAdministration(
      { ...access, url: config.GITLAB_URL, token: config.GITLAB_TOKEN },
      log,
    );
    const project = await administration.projectAt(wish.path);
    if (!project.ok) return refused(explainToOperator({ kind: 'upstream', failure: project.failure }));
    if (project.value === undefined) return refused(noProject(wish.path));
    return await operate(
      {
        ports: engine.portsFor({ log, lease: undefined }),
        door: doorOf(engine, log),
        waitMs,
        stop: stopping.signal,
        waitsFor: (worker) => terminal.tell(`Waiting: ${plain(atWork(worker))}.`),
      },
      givenBy(`${username}, at the command line`, project.value.id, wish),
    );
  } finally {
    await engine.close();
  }
}

function doorOf(engine: NodeEngine, log: Log): LaneDoor {
  return {
    take: async (job) => {
      const taken = await takeLane({ leases: engine.leases, clock }, job);
      if ('held' in taken) return { worker: taken.held };
      return { ports: engine.portsFor({ log, lease: taken.lease }), end: (outcome) => taken.end(outcome) };
    },
  };
}

function givenBy(
  username: string,
  projectId: ProjectId,
  { verb, pipelines, options, words: given }: CommandWish,
) {
  const set = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  const command = { verb, pipelines, options: Object.fromEntries(set), words: given };
  return { projectId, request: `operator:${crypto.randomUUID()}`, username, command };
}

/** Who works at the terminal; a container may have no name for its user. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

function refused(explanation: Explanation): Operated {
  return { kind: 'answered', done: false, report: refusal(explanation) };
}

function noProject(path: string): Explanation {
  return {
    what: phrase`Nothing was done: there is no project ${path} in GitLab, or the bot's token may not see it.`,
    remedy: words("Correct the path, or make the token's account a member of the project."),
  };
}

function endOf(operated: Exclude<Operated, { readonly report: Report }>): Report {
  switch (operated.kind) {
    case 'stopped':
      return operated.begun
        ? refusal({
            what: words('Stopped before it was done.'),
            remedy: phrase`The bot goes on with it, now or at its next start. To keep it from that, comment ${'/aic cancel'}; ${'aic-bot status'} tells how it stands.`,
          })
        : refusal({
            what: words('Nothing was done: the command was stopped before it began.'),
            remedy: words('Run it again.'),
          });
    case 'cut-off':
      return refusal({
        what: words('Cut off: this process was paused for so long that another one took its work over.'),
        remedy: phrase`The bot goes on with it. ${'aic-bot status'} tells how it stands.`,
      });
  }
}
