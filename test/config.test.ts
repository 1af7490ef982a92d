import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  claimsIn,
  describeMistakes,
  parseConfig,
  readSettings,
  secretsIn,
  type SettingMistake,
  servedBy,
} from '../src/config.ts';

const needed = {
  GITLAB_URL: 'https://gitlab.example.com',
  GITLAB_TOKEN: 'glpat-abcdefgh',
  GITLAB_WEBHOOK_SECRET: 'first-secret',
  GITLAB_PROJECTS: 'group/pipelines',
  AIC_API_KEY: 'aic-key-1234',
  SMTP_URL: 'smtp://mail.example.com',
  MAIL_FROM: 'aic-bot <aic-bot@example.com>',
  MAIL_TO: 'team@example.com',
};

const signingToken = `whsec_${btoa('k'.repeat(32))}`;

function mistakesOf(changes: Record<string, string | undefined>): readonly SettingMistake[] {
  const parsed = parseConfig({ ...needed, ...changes });
  return parsed.ok ? [] : parsed.failure;
}

function configOf(changes: Record<string, string | undefined> = {}) {
  const parsed = parseConfig({ ...needed, ...changes });
  if (!parsed.ok) throw new Error(describeMistakes(parsed.failure));
  return parsed.value;
}

describe('the defaults', () => {
  test('fill what is not set', () => {
    expect(configOf()).toEqual({
      PORT: 8080,
      HOST: '0.0.0.0',
      GITLAB_URL: new URL('https://gitlab.example.com'),
      GITLAB_TOKEN: 'glpat-abcdefgh',
      GITLAB_WEBHOOK_SECRET: ['first-secret'],
      GITLAB_PROJECTS: ['group/pipelines'],
      AIC_URL: new URL('https://prod.jdpower.ai/apis/core/v1'),
      AIC_API_KEY: 'aic-key-1234',
      AIC_QA_URL: new URL('https://aic.qa.jdpower.com/apis/core/v1'),
      AIC_CONCURRENCY: 8,
      SMTP_URL: 'smtp://mail.example.com',
      MAIL_FROM: 'aic-bot <aic-bot@example.com>',
      MAIL_TO: ['team@example.com'],
      DATABASE_URL: 'file:./data/aic-bot.db',
      SWEEP_MINUTES: 10,
      CALLS_PER_SLICE: 900,
      COMMAND_MAX_AGE_HOURS: 24,
      DRIFT_MINUTES: 60,
      KEEP_DELIVERIES_DAYS: 30,
      KEEP_SNAPSHOTS_DAYS: 180,
      LOG_LEVEL: 'info',
    });
  });

  test('stand for empty and blank values too', () => {
    expect(configOf({ PORT: '', AIC_URL: '  ', GITLAB_SIGNING_TOKEN: '', LOG_LEVEL: '\t' })).toEqual(
      configOf(),
    );
  });
});

test('reads every setting', () => {
  const config = configOf({
    PORT: ' 0 ',
    HOST: '127.0.0.1',
    GITLAB_URL: 'http://localhost:3000/gitlab',
    GITLAB_WEBHOOK_SECRET: ' old-secret , new-secret,',
    GITLAB_SIGNING_TOKEN: signingToken,
    GITLAB_PROJECTS: 'a/b, c/**',
    AIC_QA_API_KEY: 'aic-qa-key',
    AIC_PROJECT: 'PIN ANALYTICS',
    AIC_WORKSPACES: 'a/b=PIN ANALYTICS/PIN FUSION 2.0*;\n c/** = PIN ANALYTICS/PIN C ;\n',
    AIC_CONCURRENCY: '100',
    MAIL_FROM: 'bot@example.com',
    MAIL_TO: 'a@example.com, b@example.com',
    DATABASE_URL: 'file:/var/lib/aic-bot.db',
    PUBLIC_URL: 'https://bot.example.com',
    SWEEP_MINUTES: '0.5',
    LOG_LEVEL: 'debug',
  });
  expect(config).toMatchObject({
    PORT: 0,
    GITLAB_WEBHOOK_SECRET: ['old-secret', 'new-secret'],
    GITLAB_SIGNING_TOKEN: signingToken,
    GITLAB_PROJECTS: ['a/b', 'c/**'],
    AIC_WORKSPACES: [
      { projects: 'a/b', aicProject: 'PIN ANALYTICS', workspaces: 'PIN FUSION 2.0*' },
      { projects: 'c/**', aicProject: 'PIN ANALYTICS', workspaces: 'PIN C' },
    ],
    AIC_CONCURRENCY: 100,
    MAIL_TO: ['a@example.com', 'b@example.com'],
    SWEEP_MINUTES: 0.5,
    LOG_LEVEL: 'debug',
  });
  expect(config.GITLAB_URL.href).toBe('http://localhost:3000/gitlab');
  expect(config.PUBLIC_URL?.href).toBe('https://bot.example.com/');
});

test('is content with the signing token alone', () => {
  expect(configOf({ GITLAB_WEBHOOK_SECRET: undefined, GITLAB_SIGNING_TOKEN: signingToken })).toMatchObject({
    GITLAB_WEBHOOK_SECRET: [],
    GITLAB_SIGNING_TOKEN: signingToken,
  });
});

describe('a mistake', () => {
  test('is told for every needed setting at once', () => {
    const parsed = parseConfig({});
    const told = parsed.ok ? [] : parsed.failure;
    expect(told.map(({ setting }) => setting).toSorted()).toEqual(Object.keys(needed).toSorted());
    for (const { problem } of told) expect(problem).toMatch(/^is not set/);
    const lines = describeMistakes(told).split('\n');
    expect(lines).toHaveLength(1 + told.length);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}[A-Z_]+ is not set.*\. Example: .+/);
  });

  test.each([
    ['PORT', '80a', 'is not a whole number'],
    ['PORT', '-1', 'is not a whole number'],
    ['PORT', '65536', 'is not between 0 and 65535'],
    ['AIC_CONCURRENCY', '0', 'is not between 1 and 100'],
    ['GITLAB_URL', 'gitlab.example.com', 'is not an http or https address'],
    ['GITLAB_URL', 'ftp://gitlab.example.com', 'is not an http or https address'],
    ['GITLAB_URL', 'https://me:hunter22@gitlab.example.com', 'must not hold a user name or password'],
    ['GITLAB_URL', 'https://gitlab.example.com/api/v4', 'must end before /api/v4'],
    ['GITLAB_TOKEN', 'glpat–abcdefgh', 'holds characters other than plain ASCII'],
    ['GITLAB_WEBHOOK_SECRET', 'right-one,geheimnisträger', 'holds characters other than plain ASCII'],
    ['AIC_API_KEY', 'aic\nkey', 'holds characters other than plain ASCII'],
    ['GITLAB_SIGNING_TOKEN', 'hunter22', 'is not whsec_ with a key in base64'],
    ['GITLAB_SIGNING_TOKEN', 'whsec_short', 'is not whsec_ with a key in base64'],
    ['GITLAB_PROJECTS', ' , ', 'names no project'],
    ['GITLAB_PROJECTS', 'a/*,!a/b', 'excludes a project: name those that are served instead'],
    ['AIC_WORKSPACES', ' ; ', 'has no entry'],
    ['AIC_WORKSPACES', 'a/b=P/W; a/b', 'entry 2 has no = between projects and workspaces'],
    ['AIC_WORKSPACES', 'a/b=P', 'entry 1 has no / between AIC project and workspaces'],
    ['MAIL_TO', ' , ', 'names no address'],
    ['AIC_URL', 'prod', 'is not an http or https address'],
    ['SMTP_URL', 'mail.example.com:25', 'is not an smtp or smtps address'],
    ['SMTP_URL', 'smtp:mail', 'is not an smtp or smtps address'],
    [
      'SMTP_URL',
      'smtp://bot:50%off@mail.example.com',
      'holds a % in its password that is not written as %25',
    ],
    ['SMTP_URL', 'smtp://mail.example.com?tls=no', 'has a tls= other than tls=optional'],
    ['MAIL_FROM', 'nobody', 'is not a mail address'],
    ['MAIL_FROM', 'Bot <nobody>', 'is not a mail address'],
    ['MAIL_TO', 'team@example.com,nobody', 'holds something that is not a mail address'],
    [
      'DATABASE_URL',
      './data/aic-bot.db',
      'is neither file: with a path nor the address of a PostgreSQL database',
    ],
    ['DATABASE_URL', 'postgres:db', 'is neither file: with a path nor the address of a PostgreSQL database'],
    ['SWEEP_MINUTES', 'often', 'is not a number of minutes up to 1440'],
    ['SWEEP_MINUTES', '0', 'is not a number of minutes up to 1440'],
    ['SWEEP_MINUTES', '1441', 'is not a number of minutes up to 1440'],
    ['LOG_LEVEL', 'loud', 'is not a level'],
  ])('%s=%j %s', (setting, value, problem) => {
    const told = mistakesOf({ [setting]: value });
    expect(told.filter((one) => one.setting === setting)).toEqual([
      { setting, problem, example: expect.stringMatching(/./) },
    ]);
  });

  test.each([undefined, '', ' ', ' , ,'])('is no secret at all: %j', (value) => {
    const told = mistakesOf({ GITLAB_WEBHOOK_SECRET: value, GITLAB_SIGNING_TOKEN: undefined });
    expect(told).toEqual([
      {
        setting: 'GITLAB_WEBHOOK_SECRET',
        problem: 'is not set, and neither is GITLAB_SIGNING_TOKEN: one of them must be',
        example: expect.any(String),
      },
    ]);
  });

  test('does not hide the others', () => {
    const told = mistakesOf({ PORT: 'x', MAIL_TO: undefined, GITLAB_WEBHOOK_SECRET: '', SMTP_URL: 'y' });
    expect(told.map(({ setting }) => setting).toSorted()).toEqual([
      'GITLAB_WEBHOOK_SECRET',
      'MAIL_TO',
      'PORT',
      'SMTP_URL',
    ]);
  });
});

describe('which project may use what', () => {
  const several = 'is not set, and GITLAB_PROJECTS is not one single path';

  test.each(['a/b,c/d', 'a/*', 'a/**', 'a/{b,c}', 'a/b|c/d', 'a/(b|c)', 'a/b?', 'a/[b]', 'a/+(b)', '*'])(
    'has to be said where GITLAB_PROJECTS is %s',
    (GITLAB_PROJECTS) => {
      expect(mistakesOf({ GITLAB_PROJECTS })).toEqual([
        { setting: 'AIC_WORKSPACES', problem: expect.stringContaining(several), example: expect.any(String) },
      ]);
      const told = mistakesOf({ GITLAB_PROJECTS });
      expect(mistakesOf({ GITLAB_PROJECTS, AIC_WORKSPACES: told[0]?.example })).toEqual([]);
    },
  );

  test('is told beside all other mistakes, and not where the projects themselves are missing', () => {
    const told = mistakesOf({ GITLAB_PROJECTS: 'a/*', PORT: 'x' });
    expect(told.map(({ setting }) => setting)).toEqual(['PORT', 'AIC_WORKSPACES']);
    expect(mistakesOf({ GITLAB_PROJECTS: undefined }).map(({ setting }) => setting)).toEqual([
      'GITLAB_PROJECTS',
    ]);
  });

  const may = (changes: Record<string, string>, path: string, aicProject: string, workspace = 'W') =>
    claimsIn(configOf(changes))?.mayUse(path, { aicProject, workspace });

  test('is, for a single project, all of AIC_PROJECT and nothing else', () => {
    const one = { GITLAB_PROJECTS: 'a/b', AIC_PROJECT: 'P' };
    expect(may(one, 'a/b', 'P')).toBe(true);
    expect(may(one, 'A/b', 'P', 'W/(x) *')).toBe(true);
    expect(may(one, 'a/b', 'OTHER')).toBe(false);
    expect(may(one, 'a/c', 'P')).toBe(false);
  });

  test('is, for a single project without AIC_PROJECT, what its mapping names', () => {
    expect(may({ GITLAB_PROJECTS: 'a/b' }, 'a/b', 'ANY')).toBe(true);
    expect(may({ GITLAB_PROJECTS: 'a/b' }, 'a/c', 'ANY')).toBe(false);
  });

  test('is nothing but what is written, where something is', () => {
    const written = { GITLAB_PROJECTS: 'a/b', AIC_PROJECT: 'P', AIC_WORKSPACES: 'a/b=Q/W*' };
    expect(may(written, 'a/b', 'Q', 'W2')).toBe(true);
    expect(may(written, 'a/b', 'P')).toBe(false);
  });

  test('is not known to a command while the setting is missing or wrong', () => {
    const read = readSettings({ ...needed, GITLAB_PROJECTS: 'a/*' });
    expect(claimsIn(read.settings)).toBeUndefined();
    expect(read.missing.map(({ setting }) => setting)).toEqual(['AIC_WORKSPACES']);
    expect(readSettings({ ...needed, AIC_WORKSPACES: 'x' }).wrong.map(({ setting }) => setting)).toEqual([
      'AIC_WORKSPACES',
    ]);
  });
});

test('the example of each setting is a right value where it is one', () => {
  const told = parseConfig({});
  const examples = Object.fromEntries(
    (told.ok ? [] : told.failure).map(({ setting, example }) => [setting, example]),
  );
  const { GITLAB_URL, GITLAB_PROJECTS, SMTP_URL, MAIL_FROM, MAIL_TO } = examples;
  const [AIC_WORKSPACES] = mistakesOf({ GITLAB_PROJECTS }).map(({ example }) => example);
  const set = { GITLAB_URL, GITLAB_PROJECTS, AIC_WORKSPACES, SMTP_URL, MAIL_FROM, MAIL_TO };
  expect(mistakesOf(set)).toEqual([]);
});

// A value may be a secret in the wrong place.
test('parsing never throws, and no message holds a value', () => {
  const names = [
    ...Object.keys(needed),
    'PORT',
    'AIC_URL',
    'GITLAB_SIGNING_TOKEN',
    'AIC_WORKSPACES',
    'LOG_LEVEL',
    '__proto__',
  ];
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'smtp://%:%@h',
      'http://',
      'https://[',
      'whsec_',
      'a@b',
      'smtp://u:%zz@h',
      'file:',
      '1e309',
    ),
    fc.webUrl(),
    fc.constant(undefined),
  );
  const secret = fc.stringMatching(/^xyzzy[a-z]{12}$/);
  fc.assert(
    fc.property(
      fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value),
      secret,
      fc.constantFrom(...names),
      (variables, hidden, where) => {
        const parsed = parseConfig({ ...needed, ...variables, [where]: hidden });
        const told = parsed.ok ? secretsIn(parsed.value).length : describeMistakes(parsed.failure);
        expect(String(told)).not.toContain(hidden);
      },
    ),
    { numRuns: 500 },
  );
});

test('the secrets are those that must not leave the process, as they are used', () => {
  const config = configOf({
    GITLAB_WEBHOOK_SECRET: 'old-secret,new-secret',
    GITLAB_SIGNING_TOKEN: signingToken,
    AIC_QA_API_KEY: 'aic-qa-key',
    SMTP_URL: 'smtp://bot:p%40ss%25word@mail.example.com',
    DATABASE_URL: 'postgres://bot:db-password@db.example.com/aic_bot',
  });
  expect(secretsIn(config).toSorted()).toEqual(
    [
      'glpat-abcdefgh',
      'old-secret',
      'new-secret',
      signingToken,
      'aic-key-1234',
      'aic-qa-key',
      'p@ss%word',
      'p%40ss%25word',
      'db-password',
    ].toSorted(),
  );
});

test('a project is served when a glob of the settings fits its path, whatever the case', () => {
  const serves = servedBy({ GITLAB_PROJECTS: ['team/*', 'group/**'] });
  expect(['team/a', 'Team/A', 'group/a/b'].map(serves)).toEqual([true, true, true]);
  expect(['team/a/b', 'teams/a', 'other/a', ''].map(serves)).toEqual([false, false, false, false]);
});

describe('settings for commands that do what they can', () => {
  test('are those that are right, beside what is missing and what is wrong', () => {
    const read = readSettings({ GITLAB_URL: 'https://gitlab.example.com', PORT: 'x', AIC_PROJECT: ' P ' });
    expect(read.settings.GITLAB_URL?.href).toBe('https://gitlab.example.com/');
    expect(read.settings.AIC_PROJECT).toBe('P');
    expect(read.settings.AIC_URL?.hostname).toBe('prod.jdpower.ai');
    expect(read.wrong.map(({ setting }) => setting)).toEqual(['PORT']);
    expect(read.missing.map(({ setting }) => setting)).toContain('GITLAB_TOKEN');
  });

  test('have no default in the place of a wrong value', () => {
    const { settings } = readSettings({ DATABASE_URL: 'mysql://db.example.com', AIC_URL: 'nowhere' });
    expect(settings.DATABASE_URL).toBeUndefined();
    expect(settings.AIC_URL).toBeUndefined();
  });
});
