import { describe, expect, test } from 'vitest';

import { explain, type Reason } from '../../../src/domain/report/reason.ts';
import { plain } from '../../../src/domain/report/text.ts';
import { down } from '../samples.ts';

const reasons: readonly Reason[] = [
  { kind: 'drift' },
  { kind: 'unreadable-config', path: 'config/orders.json', line: 3, problem: 'a comma is missing' },
  { kind: 'unreadable-config', path: 'config/orders.json', problem: '"stages" must be an array, not null' },
  { kind: 'large-config', path: 'config/orders.json', mostBytes: 10 * 1024 * 1024 },
  { kind: 'two-files', paths: ['config/a/b.json', 'config/a%2Fb.json'] },
  { kind: 'ambiguous-title', count: 2 },
  { kind: 'strange-live-config', problem: '"stages" must be an array, not null' },
  { kind: 'no-aic-project' },
  { kind: 'unclaimed', workspace: 'PIN QA' },
  { kind: 'no-key', environment: 'prod' },
  { kind: 'no-key', environment: 'qa' },
  { kind: 'unknown-project', wanted: 'PIN ANALYTIC', nearest: ['PIN ANALYTICS', 'PIN ANALYSIS'] },
  { kind: 'unknown-project', wanted: 'OTHER', nearest: [] },
  { kind: 'unknown-workspace', wanted: 'QA', aicProject: 'PIN ANALYTICS', nearest: ['PIN QA'] },
  { kind: 'upstream', failure: down },
  { kind: 'upstream', failure: { ...down, status: undefined, said: 'timed out after 30 s' } },
  {
    kind: 'upstream',
    failure: { ...down, reason: 'stopped', status: undefined, said: 'the bot is shutting down' },
  },
  { kind: 'upstream', failure: { ...down, reason: 'denied', status: 403, said: 'Forbidden' } },
  {
    kind: 'upstream',
    failure: { ...down, system: 'GitLab', reason: 'denied', status: 401, said: 'Unauthorized' },
  },
  { kind: 'upstream', failure: { ...down, reason: 'missing', status: 404, said: 'Not Found' } },
  { kind: 'upstream', failure: { ...down, reason: 'conflict', status: 409, said: 'Conflict' } },
  { kind: 'upstream', failure: { ...down, reason: 'refused', status: 422, said: 'sinkStage: unknown type' } },
  { kind: 'upstream', failure: { ...down, reason: 'too-large', status: 200, said: 'larger than 10 MiB' } },
];

describe('an explanation', () => {
  test.each(reasons)('of $kind says what happened and what to do, in whole sentences', (reason) => {
    const { what, remedy } = explain(reason);
    const last = what.at(-1);
    expect(typeof last === 'object' || /[.?]$/.test(last ?? '')).toBe(true);
    expect(plain(remedy)).toMatch(/^[A-Z].*\.$/);
  });

  test('reads like this', () => {
    const read = (reason: Reason) => {
      const { what, remedy } = explain(reason);
      return `${plain(what)}\n  → ${plain(remedy)}`;
    };
    expect(reasons.map(read).join('\n')).toMatchInlineSnapshot(`
      "It was changed or created in AIC by hand since the last deployment; deploying would overwrite that.
        → Bring the change from AIC into Git with "/aic adopt "PIPELINE" branch=BRANCH", or undo it in AIC: the bot looks again by itself. To overwrite it once, comment "/aic deploy force" with the pipeline's name; to always overwrite such changes, set "drift: overwrite" for the workspace in "branch_to_workspace.yaml".
      "config/orders.json", line 3: "a comma is missing"
        → Correct the file and merge the correction.
      "config/orders.json": ""stages" must be an array, not null"
        → Correct the file and merge the correction.
      "config/orders.json" is larger than 10 MiB, more than the bot reads.
        → Move large data out of the config, or split the pipeline.
      Several files hold this pipeline: "config/a/b.json", "config/a%2Fb.json".
        → Keep one of the files and merge that.
      The workspace has 2 pipelines with this title, so it is unclear which one is meant.
        → Rename or remove all but one of them in AIC; the bot looks again by itself.
      The config that AIC has now can't be understood: ""stages" must be an array, not null"
        → Open the pipeline in AIC and save it again; the bot looks again by itself.
      No AIC project is named.
        → Add "aic: { project: NAME }" to "branch_to_workspace.yaml", or set "AIC_PROJECT" for the bot.
      This project may not use the workspace "PIN QA".
        → Correct the name in "branch_to_workspace.yaml"; or ask the operator of the bot to grant it: "doctor" and a mail show them how.
      The bot has no key for the "prod" environment of AIC.
        → Set "AIC_API_KEY" for the bot.
      The bot has no key for the "qa" environment of AIC.
        → Set "AIC_QA_API_KEY" for the bot.
      AIC shows the bot no project named "PIN ANALYTIC". Did you mean "PIN ANALYTICS", "PIN ANALYSIS"?
        → Correct "aic: { project: … }" in "branch_to_workspace.yaml" or the setting "AIC_PROJECT", or give the bot's key access.
      AIC shows the bot no project named "OTHER".
        → Correct "aic: { project: … }" in "branch_to_workspace.yaml" or the setting "AIC_PROJECT", or give the bot's key access.
      The AIC project "PIN ANALYTICS" has no workspace named "QA". Did you mean "PIN QA"?
        → Correct the name where it is written, in the command or in "branch_to_workspace.yaml", or create the workspace in AIC.
      AIC answered "503 Service Unavailable" to "GET /projects".
        → Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.
      AIC gave no usable answer to "GET /projects": "timed out after 30 s"
        → Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.
      AIC gave no usable answer to "GET /projects": "the bot is shutting down"
        → Just wait; the bot tries again by itself, at growing intervals of up to 15 minutes.
      AIC answered "403 Forbidden" to "GET /projects".
        → Check that the bot's AIC key is valid and may change this workspace; the bot tries again by itself.
      GitLab answered "401 Unauthorized" to "GET /projects".
        → Check that the bot's GitLab token is valid and may read the project; the bot tries again by itself.
      AIC answered "404 Not Found" to "GET /projects".
        → Check that it still exists in AIC and that the bot may see it; the bot tries again by itself.
      AIC answered "409 Conflict" to "GET /projects".
        → Look in AIC whether somebody else is changing it; the bot tries again by itself.
      AIC answered "422 sinkStage: unknown type" to "GET /projects".
        → Correct the config as the answer says, and merge the correction.
      AIC answered "200 larger than 10 MiB" to "GET /projects".
        → Move large data out of the config, or split the pipeline."
    `);
  });

  test('names the setting of the environment whose key is missing', () => {
    expect(plain(explain({ kind: 'no-key', environment: 'qa' }).remedy)).toContain('AIC_QA_API_KEY');
    expect(plain(explain({ kind: 'no-key', environment: 'prod' }).remedy)).toContain('AIC_API_KEY');
  });
});

test('a status that the answer repeats is said once', () => {
  const failure = {
    system: 'GitLab',
    reason: 'refused',
    status: 401,
    asked: 'GET /user',
    said: '401 Unauthorized',
  } as const;
  const { what } = explain({ kind: 'upstream', failure });
  expect(JSON.stringify(what)).toContain('401 Unauthorized');
  expect(JSON.stringify(what)).not.toContain('401 401');
});
