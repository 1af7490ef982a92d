import * as fc from 'fast-check';

import type { Refusal } from '../../src/domain/deployment/decide-deployment.ts';
import { alertMail } from '../../src/domain/alerts/alert-mail.ts';
import { deploymentReport } from '../../src/domain/deployment/reports/deployment-report.ts';
import type { EndedDeployment, EndedItem } from '../../src/domain/deployment/deployment.ts';
import { hookMail } from '../../src/domain/alerts/webhook-mail.ts';
import type { Job } from '../../src/domain/jobs/job.ts';
import type { Mail } from '../../src/domain/report/mailer.ts';
import { phrase } from '../../src/domain/report/phrase.ts';
import { pushReport } from '../../src/domain/deployment/reports/direct-push-report.ts';
import type { Reason } from '../../src/domain/report/reason.ts';
import { refusalReport } from '../../src/domain/deployment/reports/merge-refused-report.ts';
import { denialMail, expiryMail } from '../../src/domain/alerts/token-mail.ts';
import { branchView, deployment, fingerprint, mail, mergeRequest, project, projectId } from './samples.ts';

/** What could mention somebody, run a quick action, become mark-up, leave its line or its cell, or hide a part of itself. */
const seeds = [
  '@all',
  '@root',
  '/merge',
  'a\n/close',
  'a\r\n/close\r\n',
  '| a | b |',
  '\\| @all |',
  '\\\\| @all |',
  '\\',
  '`',
  '``',
  '` @all `',
  'a```b``c`d',
  '```\n/merge\n```',
  '<script>alert(1)</script>',
  '<!-- aic-bot:deployment:1 -->',
  '</details>',
  '</code></td></table><img src=x onerror=alert(1)>',
  '"><a href="http://evil.example">x</a>',
  '![x](http://evil.example)',
  '[x](http://evil.example)',
  'http://evil.example',
  'www.evil.example',
  'a@evil.example',
  '#1 !1 ~label %1 &1 $1',
  '[[a]]',
  '$`a`$',
  ':smile:',
  '&lt;b&gt; &#64;all',
  '- [ ] a',
  '# a',
  '---',
  '> a',
  'a\u202Eb\u2066c\u200Fd',
  'a\u0000b',
  'a\uD800',
  '\uDC00a',
  'a\u2028b\u2029c',
  'a\u001B[31mb',
  '\uFEFF',
  ' ',
  '',
  '…',
  '`'.repeat(400),
  '|'.repeat(600),
  'x'.repeat(100_000),
  '`\\|'.repeat(33_000),
  '😀'.repeat(400),
];

/** Any text that people or other systems could send, hostile ones above all. */
export const hostile: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...seeds),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.constantFrom(...seeds.filter((seed) => seed.length < 100)), { maxLength: 4 })
    .map((some) => some.join('')),
);

/** The places of a report where text from outside stands. */
export interface Texts {
  readonly names: readonly string[];
  readonly workspace: string;
  readonly branch: string;
  readonly said: string;
}

export const hostileTexts: fc.Arbitrary<Texts> = fc.record({
  names: fc.array(hostile, { minLength: 1, maxLength: 4 }),
  workspace: hostile,
  branch: hostile,
  said: hostile,
});

/** The same number of texts with nothing to them: what a report of them looks like, one of any others must look like. */
export function tamed(texts: Texts): Texts {
  return { names: texts.names.map(() => 'x'), workspace: 'x', branch: 'x', said: 'x' };
}

const upstreamReasons = [
  'passing',
  'denied',
  'missing',
  'conflict',
  'refused',
  'too-large',
  'stopped',
] as const;

function reasonsWith(said: string): readonly Reason[] {
  return [
    { kind: 'drift' },
    { kind: 'unreadable-config', path: said, line: 3, problem: said },
    { kind: 'unreadable-config', path: said, problem: said },
    { kind: 'large-config', path: said, mostBytes: 10 * 1024 * 1024 },
    { kind: 'two-files', paths: [said, said] },
    { kind: 'ambiguous-title', count: 2 },
    { kind: 'strange-live-config', problem: said },
    { kind: 'no-aic-project' },
    { kind: 'unclaimed', workspace: said },
    { kind: 'no-key', environment: 'qa' },
    { kind: 'unknown-project', wanted: said, nearest: [said, said] },
    { kind: 'unknown-workspace', wanted: said, aicProject: said, nearest: [] },
    ...upstreamReasons.map((reason): Reason => ({
      kind: 'upstream',
      failure: { system: 'AIC', reason, status: 500, asked: said, said },
    })),
    {
      kind: 'upstream',
      failure: { system: 'GitLab', reason: 'passing', status: undefined, asked: said, said },
    },
  ];
}

function refusalsWith(said: string): readonly Refusal[] {
  const mistake = { line: 1, problem: phrase`${said}`, remedy: phrase`${said}` };
  return [
    { kind: 'missing', defaultBranch: said },
    { kind: 'invalid', defaultBranch: said, mistakes: [mistake] },
    { kind: 'invalid', defaultBranch: said, mistakes: [mistake, mistake] },
    { kind: 'unclaimed', defaultBranch: said, workspace: said, directPush: 'report' },
    { kind: 'unmapped', builtIn: undefined },
    { kind: 'unmapped', builtIn: said },
  ];
}

/** A report with a table of the names, and the number of its rows. */
type Sample = (texts: Texts) => readonly Job[];

function deploymentSample(
  status: EndedDeployment['status'],
  state: (said: string) => EndedItem['state'],
): Sample {
  return ({ names, workspace, branch, said }) =>
    deploymentReport(
      {
        project,
        deployment: {
          ...deployment({ branch, workspace: { environment: 'qa', aicProject: 'p', workspace } }),
          status,
          finishedAt: 1_002_000,
        },
        items: names.map((pipeline) => ({ pipeline, state: state(said) })),
      },
      mail,
    );
}

/** Reports in which each name has a row of its own, with the name in its first cell. */
export const samplesWithNames: readonly Sample[] = [
  deploymentSample('succeeded', () => ({
    kind: 'updated',
    desired: fingerprint('f'),
    remark: 'overwrote-drift',
  })),
  ...reasonsWith('').map((_, index) =>
    deploymentSample('failed', (said) => ({
      kind: 'failed',
      reason: reasonsWith(said)[index] ?? { kind: 'drift' },
    })),
  ),
  ({ names, branch }) => pushReport(branchView({ branch }), { pushed: names, unknown: [] }, mail, 'force'),
];

/** Every report that people get. */
export const samples: readonly Sample[] = [
  ...samplesWithNames,
  ...refusalsWith('').map((_, index): Sample => ({ branch, said }) => {
    const view = branchView({ branch, mergeRequests: [mergeRequest(3)] });
    return refusalReport(view, refusalsWith(said)[index] ?? { kind: 'unmapped', builtIn: said }, mail);
  }),
  ({ branch, said }) => alertMail([{ about: 'delayed', projectId, branch, reason: said }], mail, 1_000),
  ({ said }) =>
    alertMail(
      [{ about: 'unclaimed', projectPath: said, aicProject: said, workspace: said, entries: [said, said] }],
      mail,
      1_000,
    ),
  ({ said }) =>
    alertMail([{ about: 'rejected', delivery: said, eventName: said, reason: said }], mail, 1_000),
  ({ said }) => alertMail([{ about: 'broken', id: 'E1', lane: said, isRetried: true }], mail, 1_000),
  ({ branch, said }) =>
    hookMail(
      { ...project, path: said },
      { id: 'hook', what: [{ what: phrase`${said}`, remedy: phrase`${branch}` }] },
      mail,
      1_000,
    ),
  ({ names, said }) =>
    expiryMail({ name: said, scopes: names }, { id: 'token', expiresAt: 1_000, daysLeft: 3 }, mail),
  ...[401, 403].map(
    (status): Sample =>
      ({ branch, said }) =>
        denialMail({ system: 'GitLab', reason: 'denied', status, asked: branch, said }, mail, 1_000),
  ),
];

/** The body of the first comment among the jobs. */
export function commentIn(jobs: readonly Job[]): string | undefined {
  for (const job of jobs) if ('body' in job) return job.body;
  return undefined;
}

/** The first mail among the jobs. */
export function mailIn(jobs: readonly Job[]): Mail | undefined {
  for (const job of jobs) if (job.kind === 'mail') return job.mail;
  return undefined;
}
