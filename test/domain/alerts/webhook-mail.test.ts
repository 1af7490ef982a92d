import { describe, expect, test } from 'vitest';

import type { Hook, HookId } from '../../../src/domain/gitlab/webhook.ts';
import { findHook } from '../../../src/domain/setup/doctor/webhook-findings.ts';
import { hookMail, hookProblem, type HookView } from '../../../src/domain/alerts/webhook-mail.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import { plain } from '../../../src/domain/report/text.ts';

const hook: Hook = {
  id: 4 as HookId,
  url: 'https://bot.example.com/webhooks/gitlab',
  events: new Set(['push', 'mergeRequests', 'comments', 'confidentialComments', 'tokenExpiry']),
  state: 'working',
  pausedUntil: undefined,
  hasSecret: true,
  hasSigningToken: undefined,
  verifiesTls: true,
  pushFilter: '',
};
const view: HookView = {
  own: { hook },
  wanted: { secret: 'secret-secret', signingToken: undefined },
  path: 'pin/pipelines',
  isHeard: true,
  isMissed: false,
  isRefused: false,
};
const whats = (one: HookView) => hookProblem(one)?.what.map(({ what }) => plain(what)) ?? [];

describe('a webhook', () => {
  test('that works is no problem, nor one that lacks what the bot can do without', () => {
    expect(hookProblem(view)).toBeUndefined();
    const events = new Set(['push', 'mergeRequests', 'comments'] as const);
    expect(hookProblem({ ...view, own: { hook: { ...hook, events } } })).toBeUndefined();
  });

  test.each([
    ['is switched off', { state: 'off' }, /switched it off for good/],
    ['is paused', { state: 'paused', pausedUntil: '2026-11-25T07:00:00Z' }, /off until .2026-11-25T07/],
    ['does not tell of comments', { events: new Set(['push', 'mergeRequests']) }, /does not tell .*comments/],
    ['sends no secret', { hasSecret: false }, /sends no secret/],
  ] as const)('that %s is one', (_, changes, words) => {
    const [what = ''] = whats({ ...view, own: { hook: { ...hook, ...changes } as Hook } });
    expect(what).toMatch(words);
  });

  test('whose calls are refused is one', () => {
    expect(whats({ ...view, isRefused: true })).toEqual([expect.stringContaining('does not arrive')]);
  });

  test('that is missing is one, unless the project was heard of by another way and nothing was missed', () => {
    const own = findHook([], 'https://bot.example.com/webhooks/gitlab', 'pin/pipelines');
    expect(hookProblem({ ...view, own })).toBeUndefined();
    expect(hookProblem({ ...view, own, isHeard: false })?.id).toBe('none');
    expect(hookProblem({ ...view, own, isMissed: true })?.id).toBe('none');
  });

  test('whose pause is extended has the same problem as before', () => {
    const until = (pausedUntil: string): HookView => ({
      ...view,
      own: { hook: { ...hook, state: 'paused', pausedUntil } },
    });
    expect(hookProblem(until('a'))?.id).toBe(hookProblem(until('b'))?.id);
    expect(hookProblem(until('a'))?.id).not.toBe(hookProblem({ ...view, isRefused: true })?.id);
  });
});

test('the mail says what is wrong, what still works and what to do', () => {
  const project = {
    id: 7 as ProjectId,
    path: 'pin/x',
    webUrl: 'https://gitlab.example.com/pin/x',
    defaultBranch: 'main',
  };
  const problem = hookProblem({ ...view, own: { hook: { ...hook, state: 'off' } } });
  if (problem === undefined) throw new Error('no problem');
  const [job] = hookMail(project, problem, { mailTo: ['a@example.com'], mailHost: 'example.com' }, 5);
  expect(job).toMatchObject({
    mail: {
      messageId: 'webhook-7-5@example.com',
      subject: '[aic-bot] The webhook of pin/x does not work',
      text: expect.stringMatching(/deploys merges all the same[\s\S]*off for good[\s\S]*send a test event/),
    },
  });
});
