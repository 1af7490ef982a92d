import { z } from 'zod';

import { aicAddresses } from './adapters/aic/addresses.ts';
import { logLevels } from './adapters/log.ts';
import { isKnownTls } from './adapters/notify/smtp-address.ts';
import { isPostgres } from './adapters/store/engines/database-url.ts';
import type { Environment } from './domain/aic/aic.ts';
import { claimsOf, type Claims } from './domain/mapping/claims.ts';
import { isPath, parseGrants, pathMatcher } from './domain/mapping/parse-grants.ts';
import { words } from './domain/report/phrase.ts';
import type { Explanation } from './domain/report/reason.ts';
import { fail, ok, type Result } from './domain/shared/result.ts';

/** A list between commas; empty entries do not count. */
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
);

const httpUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'is not an http or https address',
  )
  .transform((text) => new URL(text))
  .refine((url) => url.username === '' && url.password === '', 'must not hold a user name or password');

const mailAddress = /^[^\s@<>,"]+@[^\s@<>,"]+$/;
const sender = z
  .string()
  .refine((text) => mailAddress.test(/<([^<>]*)>\s*$/.exec(text)?.[1] ?? text), 'is not a mail address');

/** Tokens travel in headers: a typographic dash or ellipsis from a document would fail every single call. */
const isHeaderText = (text: string) => /^[\x20-\x7e]*$/.test(text);
const notHeaderText = 'holds characters other than plain ASCII';
const token = z.string().refine(isHeaderText, notHeaderText);

const number = (least: number, most: number) =>
  z
    .string()
    .refine((text) => /^\d+$/.test(text), 'is not a whole number')
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is not between ${least} and ${most}`);

const environment = z.object({
  PORT: number(0, 65_535).default(8080),
  HOST: z.string().default('0.0.0.0'),
  GITLAB_URL: httpUrl.refine((url) => !url.pathname.includes('/api/'), 'must end before /api/v4'),
  GITLAB_TOKEN: token,
  GITLAB_WEBHOOK_SECRET: list.refine((all) => all.every(isHeaderText), notHeaderText).default([]),
  GITLAB_SIGNING_TOKEN: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{22,}={0,2}$/, 'is not whsec_ with a key in base64')
    .optional(),
  GITLAB_PROJECTS: list
    .refine((projects) => projects.length > 0, 'names no project')
    .refine(
      (projects) => projects.every((glob) => !glob.startsWith('!')),
      'excludes a project: name those that are served instead',
    ),
  AIC_URL: httpUrl.default(new URL(aicAddresses.prod)),
  AIC_API_KEY: token,
  AIC_QA_URL: httpUrl.default(new URL(aicAddresses.qa)),
  AIC_QA_API_KEY: token.optional(),
  AIC_PROJECT: z.string().optional(),
  AIC_WORKSPACES: z
    .string()
    .transform((text, context) => {
      const grants = parseGrants(text);
      if (grants.ok) return grants.value;
      for (const message of grants.failure) context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .optional(),
  AIC_CONCURRENCY: number(1, 100).default(8),
  SMTP_URL: z
    .string()
    .refine((text) => /^smtps?:\/\/./.test(text) && URL.canParse(text), 'is not an smtp or smtps address')
    .refine((text) => decoded(text) !== undefined, 'holds a % in its password that is not written as %25')
    .refine((text) => !URL.canParse(text) || isKnownTls(text), 'has a tls= other than tls=optional'),
  MAIL_FROM: sender,
  MAIL_TO: list
    .refine((all) => all.length > 0, 'names no address')
    .refine(
      (all) => all.every((each) => mailAddress.test(each)),
      'holds something that is not a mail address',
    ),
  DATABASE_URL: z
    .string()
    .refine(
      (text) => /^file:.+/.test(text) || (isPostgres(text) && URL.canParse(text)),
      'is neither file: with a path nor the address of a PostgreSQL database',
    )
    .default('file:./data/aic-bot.db'),
  PUBLIC_URL: httpUrl.optional(),
  SWEEP_MINUTES: z
    .string()
    .transform(Number)
    .refine((minutes) => minutes > 0 && minutes <= 24 * 60, 'is not a number of minutes up to 1440')
    .default(10),
  DRIFT_MINUTES: z
    .string()
    .transform(Number)
    .refine((minutes) => minutes >= 0 && minutes <= 7 * 24 * 60, 'is not a number of minutes up to 10080')
    .default(60),
  COMMAND_MAX_AGE_HOURS: number(1, 24 * 365).default(24),
  KEEP_DELIVERIES_DAYS: number(1, 36_500).default(30),
  KEEP_SNAPSHOTS_DAYS: number(1, 36_500).default(180),
  CALLS_PER_SLICE: number(5, 1_000_000).default(900),
  LOG_LEVEL: z.enum(logLevels, 'is not a level').default('info'),
});

/** The names of all settings. */
export const settingNames: ReadonlySet<string> = new Set(environment.keyof().options);

/** The settings, parsed. */
export type Config = z.infer<typeof environment>;

const partly = environment.partial();

/** Those of the settings that are there and right. */
export type Settings = z.infer<typeof partly>;

/** What a right value looks like, for the reader of a mistake. */
const examples: Readonly<Record<keyof Config, string>> = {
  PORT: '8080',
  HOST: '0.0.0.0',
  GITLAB_URL: 'https://gitlab.example.com',
  GITLAB_TOKEN: 'glpat-…, the token of an account of the bot’s own',
  GITLAB_WEBHOOK_SECRET: 'a long random text, the same as in the webhook',
  GITLAB_SIGNING_TOKEN: 'whsec_…, as GitLab shows it when the webhook is made',
  GITLAB_PROJECTS: 'my-group/my-pipelines,my-group/team-*/**',
  AIC_URL: aicAddresses.prod,
  AIC_API_KEY: 'the key from Manage API Keys in AIC',
  AIC_QA_URL: aicAddresses.qa,
  AIC_QA_API_KEY: 'the key from Manage API Keys in AIC QA',
  AIC_PROJECT: 'PIN ANALYTICS',
  AIC_WORKSPACES:
    'my-group/my-pipelines=PIN ANALYTICS/PIN FUSION*; my-group/team-a-*=PIN ANALYTICS/PIN TEAM A',
  AIC_CONCURRENCY: '8',
  SMTP_URL: 'smtp://user:password@mail.example.com:587',
  MAIL_FROM: 'aic-bot <aic-bot@example.com>',
  MAIL_TO: 'data-team@example.com,release@example.com',
  DATABASE_URL: 'file:./data/aic-bot.db or postgres://user:password@db.example.com/aic_bot',
  PUBLIC_URL: 'https://aic-bot.example.com',
  SWEEP_MINUTES: '10',
  DRIFT_MINUTES: '60, or 0 for never',
  COMMAND_MAX_AGE_HOURS: '24',
  KEEP_DELIVERIES_DAYS: '30',
  KEEP_SNAPSHOTS_DAYS: '180',
  CALLS_PER_SLICE: '900',
  LOG_LEVEL: logLevels.join(', '),
};

/** One wrong setting. Its value is not told: it may be a secret in the wrong place. */
export interface SettingMistake {
  readonly setting: keyof Config;
  readonly problem: string;
  readonly example: string;
}

/** Undefined when the percent signs in it make no sense. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The settings from environment variables, or all mistakes in them. An empty variable counts as one that is not set. */
export function parseConfig(
  variables: Readonly<Record<string, string | undefined>>,
): Result<Config, readonly SettingMistake[]> {
  const set = given(variables);
  const parsed = environment.safeParse(set);
  const mistakes = parsed.success ? [] : mistakesIn(parsed.error, set);
  const secrets = [variables['GITLAB_WEBHOOK_SECRET'], variables['GITLAB_SIGNING_TOKEN']];
  if (secrets.every((secret) => (secret ?? '').replaceAll(/[\s,]/g, '') === '')) {
    const problem = 'is not set, and neither is GITLAB_SIGNING_TOKEN: one of them must be';
    mistakes.push({ setting: 'GITLAB_WEBHOOK_SECRET', problem, example: examples.GITLAB_WEBHOOK_SECRET });
  }
  if (set['AIC_WORKSPACES'] === undefined && areSeveral(set['GITLAB_PROJECTS'])) {
    const problem =
      'is not set, and GITLAB_PROJECTS is not one single path: write <project>=<AIC project>/<workspaces>, separated by ;, for all that projects may use';
    mistakes.push({ setting: 'AIC_WORKSPACES', problem, example: examples.AIC_WORKSPACES });
  }
  return parsed.success && mistakes.length === 0 ? ok(parsed.data) : fail(mistakes);
}

/** Whether GITLAB_PROJECTS is there and is anything but one path. */
function areSeveral(projects: string | undefined): boolean {
  const entries = projects === undefined ? [] : list.parse(projects);
  return entries.length > 0 && onlyPath(entries) === undefined;
}

function onlyPath([first, ...others]: readonly string[]): string | undefined {
  return first !== undefined && others.length === 0 && isPath(first) ? first : undefined;
}

/** What the environment says, for commands that do what they can with what there is. */
export interface ReadSettings {
  readonly settings: Settings;
  readonly missing: readonly SettingMistake[];
  readonly wrong: readonly SettingMistake[];
}

/** What is right among the settings, and what the bot would miss or could not use. */
export function readSettings(variables: Readonly<Record<string, string | undefined>>): ReadSettings {
  const whole = parseConfig(variables);
  if (whole.ok) return { settings: whole.value, missing: [], wrong: [] };
  const mistaken = new Set<string>(whole.failure.map(({ setting }) => setting));
  const set = given(variables);
  const right = Object.entries(set).filter(([name]) => !mistaken.has(name));
  const settings = partly.parse(Object.fromEntries(right));
  // A default must not stand in for a value that somebody gave.
  for (const { setting } of whole.failure) delete settings[setting];
  return {
    settings,
    missing: whole.failure.filter(({ setting }) => set[setting] === undefined),
    wrong: whole.failure.filter(({ setting }) => set[setting] !== undefined),
  };
}

function given(variables: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const set = Object.entries(variables).flatMap(([name, value]) => {
    const text = value?.trim() ?? '';
    return text === '' ? [] : [[name, text] as const];
  });
  return Object.fromEntries(set);
}

function mistakesIn(error: z.ZodError, set: Readonly<Record<string, string>>): SettingMistake[] {
  return error.issues.map((issue) => {
    const setting = environment.keyof().parse(issue.path[0]);
    const problem = set[setting] === undefined ? 'is not set' : issue.message;
    return { setting, problem, example: examples[setting] };
  });
}

/** The one message that ends a start with wrong settings. */
export function describeMistakes(mistakes: readonly SettingMistake[]): string {
  const lines = mistakes.map(
    ({ setting, problem, example }) => `  ${setting} ${problem}. Example: ${example}`,
  );
  return ['aic-bot cannot start: these settings are missing or wrong.', ...lines].join('\n');
}

/** One mistake, told with a right value. */
export function explainMistake({ setting, problem, example }: SettingMistake): Explanation {
  return { what: words(`${setting} ${problem}.`), remedy: words(`Example: ${example}`) };
}

/** The AIC hosts that there is a key for. */
export function aicHostsIn(
  settings: Settings,
): ReadonlyMap<Environment, { readonly url: URL; readonly key: string }> {
  const { AIC_URL, AIC_API_KEY, AIC_QA_URL, AIC_QA_API_KEY } = settings;
  return new Map([...host('prod', AIC_URL, AIC_API_KEY), ...host('qa', AIC_QA_URL, AIC_QA_API_KEY)]);
}

function host(name: Environment, url: URL | undefined, key: string | undefined) {
  return url === undefined || key === undefined ? [] : [[name, { url, key }] as const];
}

/** Whether a project path is among those of GITLAB_PROJECTS, whatever its case. */
export function servedBy(config: Pick<Config, 'GITLAB_PROJECTS'>): (projectPath: string) => boolean {
  return pathMatcher(config.GITLAB_PROJECTS);
}

/**
 * What each project may use: by AIC_WORKSPACES; without it, where a single project is served, all workspaces of AIC_PROJECT, or of any AIC project where
 * that is not set either. Undefined where neither tells.
 */
export function claimsIn({
  AIC_WORKSPACES,
  GITLAB_PROJECTS = [],
  AIC_PROJECT,
}: Settings): Claims | undefined {
  if (AIC_WORKSPACES !== undefined) return claimsOf(AIC_WORKSPACES);
  const projects = onlyPath(GITLAB_PROJECTS);
  return projects === undefined
    ? undefined
    : claimsOf([], [{ projects, aicProject: AIC_PROJECT, workspaces: '*' }]);
}

/** The projects that GITLAB_PROJECTS names as they are, without a pattern. */
export function projectsNamedIn({ GITLAB_PROJECTS: projects = [] }: Settings): readonly string[] {
  return projects.filter((entry) => isPath(entry));
}

/** The secrets of a webhook. While one is being changed there are several; the first is the one for new webhooks. */
export function hookSecrets({ GITLAB_WEBHOOK_SECRET = [], GITLAB_SIGNING_TOKEN }: Settings) {
  return { secret: GITLAB_WEBHOOK_SECRET[0], signingToken: GITLAB_SIGNING_TOKEN };
}

/** The values that must not leave the process. */
export function secretsIn(config: Settings): readonly string[] {
  const { GITLAB_TOKEN, GITLAB_SIGNING_TOKEN, AIC_API_KEY, AIC_QA_API_KEY, SMTP_URL, DATABASE_URL } = config;
  const database = DATABASE_URL !== undefined && isPostgres(DATABASE_URL) ? DATABASE_URL : undefined;
  const passwords = [SMTP_URL, database].flatMap((url) => (url === undefined ? [] : passwordsIn(url)));
  const single = [GITLAB_TOKEN, GITLAB_SIGNING_TOKEN, AIC_API_KEY, AIC_QA_API_KEY, ...passwords];
  return [...single.flatMap((secret) => secret ?? []), ...(config.GITLAB_WEBHOOK_SECRET ?? [])];
}

/** As it is written in the address, and as it is meant. */
function passwordsIn(url: string): readonly string[] {
  const { password } = new URL(url);
  return [...new Set([password, decoded(password) ?? password])].filter((text) => text !== '');
}
