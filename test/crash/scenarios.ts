import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { aicProject } from '../../demo/team.ts';
import { isFinal, sqlContent, sqlFile } from '../e2e/scene.ts';
import { issue, onMergeRequest, say } from '../e2e/thread.ts';
import type { Outcome } from './outcome.ts';
import type { Stage } from './stage.ts';

/** Something that people do, and what must come of it. */
export interface Scenario {
  readonly name: string;
  /** Settings that it is about. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What there is before the bot starts. */
  prepare(stage: Stage): Promise<void>;
  /** What happens after the bot's first start, before boundaries count. */
  miss?(stage: Stage): Promise<void>;
  /** Whether boundaries count from the bot's first start on. */
  readonly fromStart?: boolean;
  /** What people do while the bot runs; ends as soon as they see that it is done. */
  act(stage: Stage): Promise<void>;
  /** What tells whether a run without a kill did the right thing, and what that is. */
  expected(outcome: Outcome): Readonly<Record<string, unknown>>;
  readonly right: Readonly<Record<string, unknown>>;
}

/** Whether boundaries are counted while the process starts. */
export function countsStart(scenario: Scenario): boolean {
  return scenario.fromStart === true || scenario.miss !== undefined;
}

/** A process that is paused, and one that starts meanwhile, take their time on a busy machine. */
const patienceMs = 120_000;

function put({ scene }: Stage, workspace: string, name: string, query: string): void {
  scene.world.aic.putPipeline(aicProject, workspace, name, sqlContent(query));
}

function files(pipelines: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.assign({}, ...Object.entries(pipelines).map(([name, query]) => sqlFile(name, query)));
}

/** A, B and C on all branches and in their workspaces. */
async function everywhere(stage: Stage): Promise<void> {
  const all = { A: 'select a', B: 'select b', C: 'select c' };
  for (const branch of ['main', 'develop', 'sandbox']) await stage.scene.commit(branch, files(all));
  for (const workspace of ['PIN PROD', 'PIN QA', 'PIN DEV'])
    for (const [name, query] of Object.entries(all)) put(stage, workspace, name, query);
}

async function command({ scene }: Stage, text: string): Promise<void> {
  await say(scene, await issue(scene), text, scene.maintainer, patienceMs);
}

const row = z.object({ iid: z.number(), source_branch: z.string() });

async function requests({ scene }: Stage) {
  const path = `/projects/${scene.projectId}/merge_requests?per_page=100`;
  return z.array(row).parse(await scene.maintainer.call('GET', path));
}

async function requestFrom(stage: Stage, branch: string): Promise<number> {
  const found = (await requests(stage)).find((one) => one.source_branch === branch);
  if (found === undefined) throw new Error(`There is no merge request from ${branch}.`);
  return found.iid;
}

/** The same everywhere, but for two pipelines that somebody changed in the workspace. */
async function changedByHand(stage: Stage, workspace: string): Promise<void> {
  await everywhere(stage);
  for (const name of ['A', 'B']) put(stage, workspace, name, `select ${name} by_hand`);
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'merge',
    prepare: async (stage) => {
      const before = { 'Changed 1': 'select 1', 'Changed 2': 'select 1', Drifted: 'select 1' };
      await stage.scene.commit('develop', files(before));
      for (const name of ['Changed 1', 'Changed 2']) put(stage, 'PIN QA', name, 'select 1');
      put(stage, 'PIN QA', 'Drifted', 'select by_hand');
    },
    act: async ({ scene }) => {
      const after = ['New 1', 'New 2', 'Changed 1', 'Changed 2', 'Drifted'];
      const iid = await scene.open(
        'develop',
        files(Object.fromEntries(after.map((name) => [name, 'select 2']))),
      );
      await scene.merge(iid);
    },
    expected: ({ writes, comments, mails }) => ({
      writes: [...writes],
      comments: comments.length,
      mails: mails.length,
    }),
    right: {
      writes: [
        'create New 1 in PIN QA',
        'create New 2 in PIN QA',
        'update Changed 1 in PIN QA',
        'update Changed 2 in PIN QA',
      ],
      comments: 1,
      mails: 1,
    },
  },
  {
    name: 'force',
    prepare: (stage) => changedByHand(stage, 'PIN QA'),
    act: (stage) => command(stage, '/aic deploy branch=develop force reason="restore after test"'),
    expected: ({ writes, comments, mails, emoji }) => ({
      writes: [...writes],
      comments: comments.length,
      mails: mails.length,
      ends: emoji.filter((one) => one.includes('white_check_mark')).length,
    }),
    right: { writes: ['update A in PIN QA', 'update B in PIN QA'], comments: 1, mails: 1, ends: 1 },
  },
  {
    name: 'push',
    prepare: (stage) => changedByHand(stage, 'PIN QA'),
    act: (stage) => command(stage, '/aic push branch=develop'),
    expected: ({ commits, comments, mails }) => ({
      commits: commits['develop']?.filter((subject) => subject.startsWith('Push')).length,
      comments: comments.length,
      mails: mails.length,
    }),
    right: { commits: 1, comments: 1, mails: 1 },
  },
  {
    name: 'release',
    prepare: (stage) => changedByHand(stage, 'PIN QA'),
    act: (stage) => command(stage, '/aic release 2026-11 A'),
    expected: ({ commits, comments, mergeRequests }) => ({
      pushes: commits['develop']?.filter((subject) => subject.startsWith('Push')).length,
      requests: mergeRequests.length,
      comments: comments.length,
    }),
    right: { pushes: 1, requests: 1, comments: 1 },
  },
  {
    name: 'hotfix',
    prepare: (stage) => changedByHand(stage, 'PIN PROD'),
    act: async (stage) => {
      await command(stage, '/aic hotfix urgent A');
      await stage.scene.merge(await requestFrom(stage, 'hotfix/urgent'));
      await until(
        'the back-merges',
        async () => ((await requests(stage)).length === 3 ? true : undefined),
        patienceMs,
      );
    },
    expected: ({ mergeRequests, deployments }) => ({
      requests: mergeRequests.length,
      deployments: deployments.length,
    }),
    right: { requests: 3, deployments: 1 },
  },
  {
    name: 'rollback',
    prepare: everywhere,
    act: async (stage) => {
      const { scene } = stage;
      const iid = await scene.open('develop', files({ A: 'select 2', B: 'select 2', 'New 1': 'select 2' }));
      await scene.merge(iid);
      await scene.comment(iid, isFinal);
      await say(scene, onMergeRequest(scene, iid), '/aic rollback', scene.maintainer, patienceMs);
    },
    expected: ({ writes, mergeRequests, commits, deployments }) => ({
      writes: [...writes],
      requests: mergeRequests.length,
      reverts: commits['revert/develop-deployment-1-by-2']?.filter((subject) => subject.startsWith('Push'))
        .length,
      deployments: deployments.length,
    }),
    right: {
      writes: [
        'create New 1 in PIN QA',
        'update A in PIN QA',
        'update A in PIN QA',
        'update B in PIN QA',
        'update B in PIN QA',
      ],
      requests: 2,
      reverts: 1,
      deployments: 2,
    },
  },
  {
    name: 'mail',
    prepare: async ({ scene }) => scene.world.mail.refuse(true),
    act: async ({ scene }) => {
      const iid = await scene.open('develop', files({ A: 'select 1' }));
      await scene.merge(iid);
      const refused = "select 1 from jobs where key like 'mail:%' and tries > 1";
      const isRefused = () => (scene.rows(refused).length > 0 ? true : undefined);
      await until('a mail that was refused twice', isRefused, patienceMs);
      scene.world.mail.refuse(false);
    },
    expected: ({ writes, mails }) => ({ writes: writes.length, mails: mails.length }),
    right: { writes: 1, mails: 1 },
  },
  {
    name: 'plan',
    prepare: everywhere,
    act: async ({ scene }) => {
      const iid = await scene.open('develop', files({ A: 'select 2', 'New 1': 'select 2' }));
      await until(
        'the plan',
        async () => ((await scene.plans(iid)).length > 0 ? true : undefined),
        patienceMs,
      );
    },
    expected: ({ plans, writes }) => ({ plans: plans.length, writes: writes.length }),
    right: { plans: 1, writes: 0 },
  },
  {
    name: 'drift',
    settings: { DRIFT_MINUTES: '1' },
    prepare: everywhere,
    act: async (stage) => {
      const { scene } = stage;
      put(stage, 'PIN QA', 'A', 'select by_hand');
      const isTold = () => scene.world.mail.mails.length > 0 || undefined;
      await until('the mail', isTold, patienceMs);
    },
    expected: ({ mails, writes }) => ({
      drift: mails.filter(({ mail }) => mail.includes('[Drift] 1 pipeline')).length,
      writes: writes.length,
    }),
    right: { drift: 1, writes: 0 },
  },
  {
    name: 'adopt',
    prepare: (stage) => changedByHand(stage, 'PIN QA'),
    act: (stage) => command(stage, '/aic adopt branch=develop'),
    expected: ({ mergeRequests, comments, emoji }) => ({
      requests: mergeRequests.length,
      comments: comments.length,
      ends: emoji.filter((one) => one.includes('white_check_mark')).length,
    }),
    right: { requests: 1, comments: 1, ends: 1 },
  },
  {
    name: 'embed',
    prepare: async (stage) => {
      await everywhere(stage);
      await stage.scene.commit('develop', { 'code/A/t.sql': 'select a', 'code/B/t.sql': 'select b' });
    },
    act: async ({ scene }) => {
      const iid = await scene.open('develop', { 'code/A/t.sql': 'select 2', 'code/B/t.sql': 'select 2' });
      await say(scene, onMergeRequest(scene, iid), '/aic embed', scene.maintainer, patienceMs);
    },
    expected: ({ commits, emoji }) => ({
      commits: commits['work/1']?.length,
      ends: emoji.filter((one) => one.includes('white_check_mark')).length,
    }),
    right: { commits: 5, ends: 1 },
  },
  {
    name: 'start',
    prepare: async (stage) => changedByHand(stage, 'PIN QA'),
    fromStart: true,
    act: async (stage) => {
      await stage.scene.merge(
        await stage.scene.open('develop', files({ C: 'select 2', 'New 1': 'select 2' })),
      );
    },
    expected: ({ writes, comments, mails }) => ({
      writes: [...writes],
      comments: comments.length,
      mails: mails.length,
    }),
    right: { writes: ['create New 1 in PIN QA', 'update C in PIN QA'], comments: 1, mails: 1 },
  },
  {
    name: 'sweep',
    prepare: everywhere,
    miss: async (stage) => {
      const { scene } = stage;
      await stage.stop();
      const iid = await scene.open('develop', files({ A: 'select 2', 'New 1': 'select 2' }));
      await scene.merge(iid);
      await scene.world.gitlab.deliveriesSettled();
    },
    act: async (stage) => {
      await stage.start();
      const isWritten = () => stage.scene.world.aic.writes.length > 1 || undefined;
      await until('the deployment', isWritten, patienceMs);
    },
    expected: ({ writes, comments, mails }) => ({
      writes: [...writes],
      comments: comments.length,
      mails: mails.length,
    }),
    right: { writes: ['create New 1 in PIN QA', 'update A in PIN QA'], comments: 1, mails: 1 },
  },
];
