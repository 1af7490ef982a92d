import picomatch from 'picomatch';
import { z } from 'zod';

import { aicAddresses } from './adapters/aic/addresses.ts';
import { logLevels } from './adapters/log.ts';
import { fail, ok, type Result } from './domain/result.ts';

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
  AIC_CONCURRENCY: number(1, 100).default(8),
  SMTP_URL: z
    .string()
    .refine((text) => /^smtps?:\/\/./.test(text) && URL.canParse(text), 'is not an smtp or smtps address')
    .refine((text) => decoded(text) !== undefined, 'holds a % in its password that is not written as %25'),
  MAIL_FROM: sender,
  MAIL_TO: list
    .refine((all) => all.length > 0, 'names no address')
    .refine(
      (all) => all.every((each) => mailAddress.test(each)),
      'holds something that is not a mail address',
    ),
  DATABASE_URL: z
    .string()
    .refine((text) => !text.startsWith('postgres'), {
      error: 'names PostgreSQL, which this version cannot use yet',
      abort: true,
    })
    .refine((text) => /^file:.+/.test(text), 'is not file: with a path')
    .default('file:./data/aic-bot.db'),
  PUBLIC_URL: httpUrl.optional(),
  SWEEP_MINUTES: z
    .string()
    .transform(Number)
    .refine((minutes) => minutes > 0 && minutes <= 24 * 60, 'is not a number of minutes up to 1440')
    .default(10),
  LOG_LEVEL: z.enum(logLevels, 'is not a level').default('info'),
});

/** The settings, parsed. */
export type Config = z.infer<typeof environment>;

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
  AIC_CONCURRENCY: '8',
  SMTP_URL: 'smtp://user:password@mail.example.com:587',
  MAIL_FROM: 'aic-bot <aic-bot@example.com>',
  MAIL_TO: 'data-team@example.com,release@example.com',
  DATABASE_URL: 'file:./data/aic-bot.db',
  PUBLIC_URL: 'https://aic-bot.example.com',
  SWEEP_MINUTES: '10',
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
  const set = Object.entries(variables).flatMap(([name, value]) => {
    const text = value?.trim() ?? '';
    return text === '' ? [] : [[name, text]];
  });
  const parsed = environment.safeParse(Object.fromEntries(set));
  const mistakes = parsed.success
    ? []
    : parsed.error.issues.map((issue) => {
        const setting = environment.keyof().parse(issue.path[0]);
        const missing = !set.some(([name]) => name === setting);
        return { setting, problem: missing ? 'is not set' : issue.message, example: examples[setting] };
      });
  const secrets = [variables['GITLAB_WEBHOOK_SECRET'], variables['GITLAB_SIGNING_TOKEN']];
  if (secrets.every((secret) => (secret ?? '').replaceAll(/[\s,]/g, '') === '')) {
    const problem = 'is not set, and neither is GITLAB_SIGNING_TOKEN: one of them must be';
    mistakes.push({ setting: 'GITLAB_WEBHOOK_SECRET', problem, example: examples.GITLAB_WEBHOOK_SECRET });
  }
  return parsed.success && mistakes.length === 0 ? ok(parsed.data) : fail(mistakes);
}

/** The one message that ends a start with wrong settings. */
export function describeMistakes(mistakes: readonly SettingMistake[]): string {
  const lines = mistakes.map(
    ({ setting, problem, example }) => `  ${setting} ${problem}. Example: ${example}`,
  );
  return ['aic-bot cannot start: these settings are missing or wrong.', ...lines].join('\n');
}

/** Whether a project path is among those of GITLAB_PROJECTS, whatever its case. A pattern only ever admits: `!` has no meaning. */
export function servedBy(config: Config): (projectPath: string) => boolean {
  return picomatch(config.GITLAB_PROJECTS, { dot: true, nocase: true, nonegate: true });
}

/** The values that must not leave the process. */
export function secretsIn(config: Config): readonly string[] {
  const { GITLAB_TOKEN, GITLAB_WEBHOOK_SECRET, GITLAB_SIGNING_TOKEN, AIC_API_KEY, AIC_QA_API_KEY, SMTP_URL } =
    config;
  const smtpPassword = decodeURIComponent(new URL(SMTP_URL).password);
  const optional = [GITLAB_SIGNING_TOKEN, AIC_QA_API_KEY].flatMap((secret) => secret ?? []);
  return [GITLAB_TOKEN, ...GITLAB_WEBHOOK_SECRET, AIC_API_KEY, smtpPassword, ...optional];
}
