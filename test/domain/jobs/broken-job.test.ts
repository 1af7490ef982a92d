import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { afterBreak, whoWaits, type Break } from '../../../src/domain/jobs/broken-job.ts';
import { alertMail } from '../../../src/domain/alerts/alert-mail.ts';
import {
  brokenBackMerge,
  brokenCommand,
  brokenDeployment,
  brokenPlan,
} from '../../../src/domain/alerts/broken-job-report.ts';
import type { CommitSha, DeploymentId, NoteId, UserId } from '../../../src/domain/shared/ids.ts';
import {
  checkTokenJob,
  cleanUpJob,
  commandJob,
  deployJob,
  noteJob,
  planJob,
  sweepJob,
  type Job,
} from '../../../src/domain/jobs/job.ts';
import { toMailText } from '../../../src/domain/report/text.ts';
import { mailIn } from '../hostile.ts';
import { deployment, iid, mail as mailSettings, projectId, sha } from '../samples.ts';

const origin = {
  on: { kind: 'merge-request', iid: iid(3) },
  note: 9 as NoteId,
  discussion: 'd',
  author: 4 as UserId,
} as const;
const lines = ['/aic status', '/aic deploy a', '/aic diff', '/aic help'];
const command = {
  ...commandJob({ projectId, origin, lines, writtenAt: 1 }, 'a-delivery'),
  next: 1,
};
const place = origin.on;
const plan = planJob({ projectId, mergeRequest: iid(3) });
const backMerge: Job = { kind: 'back-merge', projectId, mergeRequest: iid(3), deliveries: [] };
const mail: Job = { kind: 'mail', mail: { messageId: 'm', to: [], subject: '', html: '', text: '' } };
const alert: Job = { kind: 'alert', alert: { about: 'broken', id: 'E1', lane: 'a', isRetried: true } };
const branch = { kind: 'branch', projectId, branch: 'main' } as const;
const tellBroken: Job = { kind: 'tell-broken', id: 'E1', waits: branch, isRetried: true };
const operator: Job = {
  kind: 'operator',
  lane: 'l',
  projectId,
  request: 'r',
  username: 'ada',
  command: { verb: 'status', pipelines: [], options: {}, words: [] },
};
const push = { branch: 'main', before: sha(1), after: sha(2) };

/** One of each kind, and who waits for it. */
const each: readonly (readonly [string, Job, object | undefined])[] = [
  [
    'a command',
    command,
    {
      kind: 'command',
      projectId,
      origin,
      line: '/aic deploy a',
      next: 1,
      left: 2,
      answers: [],
      delivery: 'a-delivery',
    },
  ],
  [
    'a comment that was announced',
    noteJob({ projectId, on: place, note: origin.note, discussion: 'd' }, 'a-delivery'),
    { kind: 'note', projectId, on: place, note: 9 },
  ],
  ['a deployment', deployJob(projectId, 'main'), branch],
  ['a plan', plan, { kind: 'plan', projectId, mergeRequest: 3 }],
  ['a back-merge', backMerge, { kind: 'back-merge', projectId, mergeRequest: 3 }],
  ['a back-merge of a push', { ...backMerge, mergeRequest: undefined, push }, undefined],
  ['a command line', operator, undefined],
  ['a comment', { kind: 'comment', projectId, place, marker: 'm', body: 'b' }, undefined],
  ['an emoji', { kind: 'reaction', projectId, ...origin, emoji: 'x' }, undefined],
  [
    'a status',
    {
      kind: 'status',
      projectId,
      commit: 'c' as CommitSha,
      name: 'n',
      ref: 'r',
      state: 'failed',
      description: '',
      targetUrl: '',
    },
    undefined,
  ],
  ['a record', { kind: 'record', projectId, branch: 'main', deployment: 1 as DeploymentId }, undefined],
  ['a look for drift', { kind: 'check-drift', projectId, branch: 'main' }, undefined],
  ['a mail', mail, undefined],
  ['an alert', alert, undefined],
  ['the word of a break', tellBroken, undefined],
  ['a look at the token', checkTokenJob, undefined],
  ['a sweep', sweepJob, undefined],
  ['a look for what is old', cleanUpJob, undefined],
  ['a look for what was missed', { kind: 'catch-up', projectId, isMissed: false }, undefined],
];

const broke = (changes: Partial<Break>): Break => ({
  id: 'E7',
  job: plan,
  lane: 'plan:7:3',
  times: 5,
  wasTold: false,
  isHalfDone: false,
  ...changes,
});

test.each(each)('for %s waits whoever asked for it', (_what, job, waiter) => {
  expect(whoWaits(job)).toEqual(waiter);
});

describe('a job that broke off', () => {
  test.each(each)('is tried again four times, and nobody is told: %s', (_what, job) => {
    for (const times of [1, 4]) {
      const { outcome, jobs } = afterBreak(broke({ job, times }));
      expect(outcome).toEqual({ kind: 'again', reason: 'an internal error, E7; the log has it' });
      expect(jobs).toEqual([]);
    }
  });

  test.each(each)('the fifth time is told of, unless it is what tells: %s', (_what, job, waiter) => {
    const { outcome, jobs } = afterBreak(broke({ job }));
    const isGivenUp = ['note', 'command', 'operator', 'tell-broken'].includes(job.kind);
    const isTelling = ['mail', 'alert', 'tell-broken'].includes(job.kind);
    const isRetried = !isGivenUp;
    expect(outcome.kind).toBe(isGivenUp ? 'given-up' : 'again');
    expect(jobs).toEqual([
      ...(waiter === undefined ? [] : [{ kind: 'tell-broken', id: 'E7', waits: waiter, isRetried }]),
      ...(isTelling
        ? []
        : [{ kind: 'alert', alert: { about: 'broken', id: 'E7', lane: 'plan:7:3', isRetried } }]),
    ]);
  });

  test.each([command, operator])('and left a workspace half changed is tried again: %j', (job) => {
    const { outcome, jobs } = afterBreak(broke({ job, isHalfDone: true }));
    expect(outcome.kind).toBe('again');
    for (const told of jobs) expect(JSON.stringify(told)).toContain('"isRetried":true');
  });

  test('is mailed once, and whoever comes to wait is told each time', () => {
    const { jobs } = afterBreak(broke({ times: 12, wasTold: true }));
    expect(jobs.map(({ kind }) => kind)).toEqual(['tell-broken']);
  });

  test('that can not be read is mailed', () => {
    const { outcome, jobs } = afterBreak(broke({ job: undefined }));
    expect(outcome.kind).toBe('again');
    expect(jobs).toMatchObject([{ kind: 'alert', alert: { lane: 'plan:7:3' } }]);
  });

  test('never leads to an endless row of telling', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...each.map(([, job]) => job)),
        fc.integer({ min: 1, max: 600 }),
        (job, times) => {
          let jobs: readonly Job[] = [job];
          for (let depth = 0; jobs.length > 0; depth += 1) {
            expect(depth).toBeLessThan(3);
            jobs = jobs.flatMap((one) => afterBreak(broke({ job: one, times })).jobs);
          }
        },
      ),
    );
  });
});

describe('what is told', () => {
  const now = Date.UTC(2026, 3, 1, 12);
  const broken = { id: 'E7', isRetried: true, now };

  test('reads like this', () => {
    const reports = [
      brokenCommand({ ...broken, isRetried: false }, 0),
      brokenCommand({ ...broken, isRetried: false }, 3),
      brokenCommand(broken, 1),
      brokenPlan(broken),
      brokenBackMerge(broken),
      brokenDeployment(broken, 'main', deployment()),
      brokenDeployment(broken, 'main', undefined),
    ];
    expect(reports.map(toMailText).join('\n')).toMatchInlineSnapshot(`
      "The command broke off by an internal error (E7), and was given up.

      What to do:
      - Give the command again once the error is corrected. The bot's operator is told of E7, and finds it in the log.

      as of 2026-04-01T12:00:00.000Z

      The command broke off by an internal error (E7), and was given up. The 3 commands after it were not carried out.

      What to do:
      - Give the command again once the error is corrected. The bot's operator is told of E7, and finds it in the log.

      as of 2026-04-01T12:00:00.000Z

      The command broke off by an internal error (E7), and what it began is not finished: its deployment stays running.

      What to do:
      - The bot tries again, at growing intervals of up to 15 minutes. The bot's operator is told of E7, and finds it in the log.

      as of 2026-04-01T12:00:00.000Z

      There is no plan: making it breaks off by an internal error (E7).

      What to do:
      - The bot tries again, at growing intervals of up to 15 minutes. The bot's operator is told of E7, and finds it in the log.

      as of 2026-04-01T12:00:00.000Z

      This is not brought to the other branches yet: that breaks off by an internal error (E7).

      What to do:
      - The bot tries again, at growing intervals of up to 15 minutes. The bot's operator is told of E7, and finds it in the log.

      as of 2026-04-01T12:00:00.000Z

      Deployment 12 to "PIN FUSION 2.0 QA" broke off by an internal error (E7). It stays running.

      What to do:
      - The bot tries again, at growing intervals of up to 15 minutes. The bot's operator is told of E7, and finds it in the log.

      as of 2026-04-01T12:00:00.000Z

      What was merged into "main" is not deployed yet: that breaks off by an internal error (E7).

      What to do:
      - The bot tries again, at growing intervals of up to 15 minutes. The bot's operator is told of E7, and finds it in the log.

      as of 2026-04-01T12:00:00.000Z
      "
    `);
  });

  test('to the operator, about one or many', () => {
    const alerts = [1, 2].map((number) => ({
      about: 'broken' as const,
      id: `E${number}`,
      lane: `plan:7:${number}`,
      isRetried: number === 1,
    }));
    expect(mailIn(alertMail(alerts.slice(0, 1), mailSettings, 1))?.text).toMatchInlineSnapshot(`
      "1 job of the bot breaks off each time.

      - E1 – plan:7:1 – tried again at growing intervals of up to 15 minutes

      What to do:
      - Search the log for the id: it has the error and where it came from. Update the bot, or report the error to its makers. Whoever waits for the job was told the id.

      What comes within the next hour is told together at its end; the log has it at once.
      "
    `);
    const both = mailIn(alertMail(alerts, mailSettings, 1));
    expect(both).toMatchObject({
      subject: '[aic-bot] Internal error',
      messageId: 'alert-broken-1@bot.example',
    });
    expect(both?.text).toMatchInlineSnapshot(`
      "2 jobs of the bot break off each time.

      - E1 – plan:7:1 – tried again at growing intervals of up to 15 minutes
      - E2 – plan:7:2 – given up

      What to do:
      - Search the log for the id: it has the error and where it came from. Update the bot, or report the error to its makers. Whoever waits for the job was told the id.

      What comes within the next hour is told together at its end; the log has it at once.
      "
    `);
    const rejected = { about: 'rejected', delivery: 'a b@c', eventName: 'Push Hook', reason: 'odd' } as const;
    expect(mailIn(alertMail([rejected], mailSettings, 1))?.text).toMatchInlineSnapshot(`
      "1 webhook delivery could not be read and was not acted on.

      - a b@c – Push Hook – odd

      What to do:
      - If the webhook in GitLab has a custom template, remove it. Otherwise GitLab may have changed the event: update the bot. The first 64 KiB of the delivery are kept in the inbox for 30 days, or as long as KEEP_DELIVERIES_DAYS says.

      What comes within the next hour is told together at its end; the log has it at once.
      "
    `);
    const delayed = {
      about: 'delayed',
      projectId,
      branch: 'develop',
      reason: 'GitLab answered 401',
    } as const;
    expect(mailIn(alertMail([delayed], mailSettings, 1))?.text).toMatchInlineSnapshot(`
      "Changes on 1 branch wait: the bot can't look there.

      - 7 – develop – GitLab answered 401

      What to do:
      - If this lasts, check that the bot's GitLab token is valid and may read the project. The bot tries again, at growing intervals of up to 15 minutes.

      What comes within the next hour is told together at its end; the log has it at once.
      "
    `);
    const unclaimed = {
      about: 'unclaimed',
      projectPath: 'data/play',
      aicProject: 'PIN ANALYTICS',
      workspace: 'PIN PROD',
      entries: ['data/play=PIN ANALYTICS/PIN PROD'],
    } as const;
    expect(mailIn(alertMail([unclaimed], mailSettings, 1))?.text).toMatchInlineSnapshot(`
      "1 workspace of AIC was refused: no grant lets the project use it. Nothing of it was read or written.

      - data/play – PIN ANALYTICS – PIN PROD – data/play=PIN ANALYTICS/PIN PROD

      What to do:
      - If a project is to use the workspace, see that "AIC_WORKSPACES" has what stands in its row, separated by ";" from the rest, and start the bot again.
      - If not, there is nothing to do. Who can change the default branch of a project names workspaces in its "branch_to_workspace.yaml".

      What comes within the next hour is told together at its end; the log has it at once.
      "
    `);
    expect(alertMail([], mailSettings, 1)).toEqual([]);
    expect(alertMail(alerts, { ...mailSettings, mailTo: [] }, 1)).toEqual([]);
  });
});
