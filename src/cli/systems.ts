import { neverBreaking } from '../adapters/http/circuit-breaker.ts';
import { createAic } from '../adapters/aic/aic.ts';
import { catalogueOf, catalogueWithin } from '../adapters/aic/catalogue.ts';
import { withinClaims } from '../adapters/aic/within-claims.ts';
import { createAdministration } from '../adapters/gitlab/administration.ts';
import { createGitLab } from '../adapters/gitlab/gitlab.ts';
import type { RetryPolicy } from '../adapters/http/client.ts';
import { createLog } from '../adapters/log.ts';
import { createSmtpSender } from '../adapters/notify/smtp.ts';
import { probeDatabase } from '../adapters/store/engines/probe.ts';
import {
  aicHostsIn,
  claimsIn,
  explainMistake,
  hookSecrets,
  secretsIn,
  servedBy,
  type ReadSettings,
  type Settings,
} from '../config.ts';
import type { Aic } from '../domain/aic/aic.ts';
import type { AicCatalogue } from '../domain/aic/catalogue.ts';
import type { Ask } from '../domain/setup/ask.ts';
import { claimsOf, type Claims } from '../domain/mapping/claims.ts';
import { hookUrl } from '../domain/gitlab/webhook.ts';
import { phrase, words } from '../domain/report/phrase.ts';
import type { ProjectPath } from '../domain/setup/project-path.ts';
import type { Explanation } from '../domain/report/reason.ts';
import { createRehearsal } from '../adapters/gitlab/dry-run-administration.ts';
import { fail, ok, type Result } from '../domain/shared/result.ts';
import { createMask } from '../domain/secrets/mask.ts';
import type { DoctorPorts } from '../handlers/setup/doctor-ports.ts';
import type { InitPorts, InitWishes } from '../handlers/setup/init.ts';

/** Somebody waits for the end of a command: calls are tried again for some seconds, not for a minute. */
const patient: RetryPolicy = { firstPauseMs: 500, longestPauseMs: 2_000, totalMs: 5_000 };
/** What does not answer at once is what the doctor is asked for. */
const once: RetryPolicy = { firstPauseMs: 0, longestPauseMs: 0, totalMs: 0 };
const timeoutMs = 10_000;
const aicCallsAtOnce = 8;

/** What is the same for every command: who watches, and who can be asked. */
export interface Seat {
  readonly progress: (what: string) => void;
  /** Undefined without a terminal. */
  readonly ask: Ask | undefined;
}

/** How `init` was called. */
export interface InitCall {
  readonly path: ProjectPath;
  readonly workspaces: InitWishes['workspaces'];
  /** The bot's address; PUBLIC_URL where it is absent. */
  readonly url: URL | undefined;
  readonly dryRun: boolean;
}

const neededByInit: ReadonlySet<keyof Settings> = new Set(['GITLAB_URL', 'GITLAB_TOKEN']);
const usedByInit: ReadonlySet<keyof Settings> = new Set([
  'GITLAB_URL',
  'GITLAB_TOKEN',
  'GITLAB_WEBHOOK_SECRET',
  'GITLAB_SIGNING_TOKEN',
  'GITLAB_PROJECTS',
  'PUBLIC_URL',
  'AIC_URL',
  'AIC_API_KEY',
  'AIC_QA_URL',
  'AIC_QA_API_KEY',
  'AIC_PROJECT',
  'AIC_WORKSPACES',
]);

/** What `init` works with, or the settings that it misses or cannot use. */
export function prepareInit(
  { settings, missing, wrong }: ReadSettings,
  call: InitCall,
  seat: Seat,
): Result<{ readonly ports: InitPorts; readonly wishes: InitWishes }, readonly Explanation[]> {
  const systems = createSystems(settings, patient);
  const mistakes = [
    ...missing.filter(({ setting }) => neededByInit.has(setting)),
    ...wrong.filter(({ setting }) => usedByInit.has(setting)),
  ];
  if (mistakes.length > 0 || systems.gitlab === undefined) return fail(mistakes.map(explainMistake));
  const { bot, administration } = systems.gitlab;
  const address = call.url ?? settings.PUBLIC_URL;
  const secrets = hookSecrets(settings);
  const path = `${call.path.group}/${call.path.name}`;
  const workspaces = {
    ...call.workspaces,
    aicProject: call.workspaces.aicProject ?? settings.AIC_PROJECT,
  };
  // Where several projects are served, nothing is granted that is not written down.
  const claims = claimsIn(settings) ?? (settings.GITLAB_PROJECTS === undefined ? undefined : claimsOf([]));
  const hasSecret = secrets.secret !== undefined || secrets.signingToken !== undefined;
  return ok({
    ports: {
      inspection: administration,
      administration: call.dryRun ? createRehearsal() : administration,
      gitlab: bot,
      catalogue: offeredTo(path, systems.aic, { claims, wished: Object.values(workspaces) }),
      ...seat,
    },
    wishes: {
      path: call.path,
      workspaces,
      hook: address === undefined || !hasSecret ? undefined : { url: hookUrl(address), ...secrets },
      noHook: address === undefined ? noAddress : hasSecret ? undefined : noSecret,
      isServed: isServed(settings, path),
      claims,
    },
  });
}

/** Where the project has grants already, no names but those that it may use, and those that were given. */
function offeredTo(
  path: string,
  catalogue: AicCatalogue,
  {
    claims,
    wished,
  }: { readonly claims: Claims | undefined; readonly wished: readonly (string | undefined)[] },
): AicCatalogue {
  if (claims === undefined || claims.of(path).length === 0) return catalogue;
  return catalogueWithin(catalogue, {
    nameProject: (name) => wished.includes(name) || claims.mayName(path, name),
    nameWorkspace: (aicProject, workspace) =>
      wished.includes(workspace) || claims.mayUse(path, { aicProject, workspace }),
  });
}

const noAddress: Explanation = {
  what: words('No webhook was added or looked at: the address of the bot is not known.'),
  remedy: phrase`Run the command again with ${'--url https://…'}, or set ${'PUBLIC_URL'}.`,
};
const noSecret: Explanation = {
  what: words(
    'No webhook was added or looked at: there is no secret for it, and the bot refuses calls without one.',
  ),
  remedy: phrase`Set ${'GITLAB_WEBHOOK_SECRET'} to a long random text, for the bot as well, and run the command again.`,
};

/** What `doctor` looks at, as far as the settings allow. */
export function prepareDoctor({ settings, missing, wrong }: ReadSettings, seat: Seat): DoctorPorts {
  const { aic: all, gitlab, mask, log } = createSystems(settings, once);
  // The default must not stand in for a value that somebody gave.
  const isWrong = wrong.some(({ setting }) => setting === 'AIC_WORKSPACES');
  const claims = isWrong ? undefined : claimsIn(settings);
  const aic = { ...all, ...withinClaims(all, claims ?? claimsOf([])) };
  const { SMTP_URL, MAIL_FROM, DATABASE_URL, PUBLIC_URL, GITLAB_PROJECTS } = settings;
  return {
    gitlab: gitlab === undefined ? undefined : { inspection: gitlab.administration, bot: gitlab.bot },
    aic,
    mail:
      SMTP_URL === undefined
        ? undefined
        : () =>
            createSmtpSender({
              url: SMTP_URL,
              from: MAIL_FROM ?? '',
              mask,
              log,
              breaking: neverBreaking,
            }).verify(),
    database: DATABASE_URL === undefined ? undefined : () => probeDatabase(DATABASE_URL),
    clock,
    settings: {
      mistakes: [...missing, ...wrong].map(explainMistake),
      serves: GITLAB_PROJECTS === undefined ? undefined : servedBy({ GITLAB_PROJECTS }),
      hookUrl: PUBLIC_URL === undefined ? undefined : hookUrl(PUBLIC_URL),
      secrets: hookSecrets(settings),
      aicProject: settings.AIC_PROJECT,
      claims,
    },
    progress: seat.progress,
  };
}

const clock = { now: () => Date.now() };

/** The systems that there are settings for. Calls are not logged: what fails is told in the result. */
function createSystems(settings: Settings, retry: RetryPolicy) {
  const { GITLAB_URL, GITLAB_TOKEN } = settings;
  const mask = createMask(secretsIn(settings));
  const log = createLog({ level: 'silent', clock, mask, write: () => {} });
  const upstream = {
    clock,
    mask,
    retry,
    breaking: neverBreaking,
    timeoutMs,
    stop: new AbortController().signal,
  };
  const hosts = aicHostsIn(settings);
  const port = createAic({ ...upstream, hosts, concurrency: aicCallsAtOnce })(log);
  const workspace: Aic['workspace'] = (name, mayTell) => port.workspace(name, mayTell);
  const aic = { ...catalogueOf(port, [...hosts.keys()]), workspace };
  if (GITLAB_URL === undefined || GITLAB_TOKEN === undefined) return { mask, log, aic, gitlab: undefined };
  const access = { ...upstream, url: GITLAB_URL, token: GITLAB_TOKEN };
  return {
    mask,
    log,
    aic,
    gitlab: { bot: createGitLab(access)(log), administration: createAdministration(access, log) },
  };
}

function isServed({ GITLAB_PROJECTS }: Settings, path: string): boolean | undefined {
  return GITLAB_PROJECTS === undefined ? undefined : servedBy({ GITLAB_PROJECTS })(path);
}
