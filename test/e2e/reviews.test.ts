import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { aicProject, isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const patienceMs = 20_000;
const shown = z.object({ sha: z.string(), source_branch: z.string() });

function requiring(requirement: string): string {
  return `${mapping}workspaces:\n  PIN QA: { require: [${requirement}] }\n`;
}

function request(iid: number): string {
  return `/projects/${scene.projectId}/merge_requests/${iid}`;
}

async function headOf(iid: number) {
  return shown.parse(await scene.maintainer.call('GET', request(iid)));
}

function live(name: string, workspace = 'PIN QA'): boolean {
  return scene.world.aic.pipelines(aicProject, workspace).includes(name);
}

function member(username: string, level = 30): Person {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username, name: `${username} Smith` });
  gitlab.addMember(scene.projectId, user.id, level);
  return personAt(gitlab.url, user.token);
}

function approve(who: Person, iid: number): Promise<unknown> {
  return who.call('POST', `${request(iid)}/approve`);
}

/** What the merge request says of the gate, as soon as it says this. */
function held(iid: number, why: string): Promise<string> {
  return until(
    `what !${iid} lacks`,
    async () => {
      await scene.advance(20 * 60_000);
      return (await scene.comments(iid)).find((body) => body.includes('aic-bot:gate') && body.includes(why));
    },
    patienceMs,
  );
}

function deployed(iid: number): Promise<string> {
  return until(
    `the deployment of !${iid}`,
    async () => {
      await scene.advance(20 * 60_000);
      return (await scene.comments(iid)).find(isFinal);
    },
    patienceMs,
  );
}

const evil = sqlFile('evil', 'select 666');
/** Rita commits as if she were Omar. */
const disguise = { user: 'rita', author: { name: 'Omar Reyes', email: 'omar@example.com' } };

describe('an approval', () => {
  test.each([
    ['the answer about approvals', true],
    ["GitLab's own notes, as in older ones", false],
  ])('from before the last commit does not count, and one given again does, by %s', async (_what, isTold) => {
    scene = await setScene({ mapping: requiring('approved') });
    scene.world.gitlab.setTellsApprovalTimes(scene.projectId, isTold);
    const rita = member('rita');
    member('dev');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('harmless', 'select 1'));
    await approve(rita, iid);
    const { source_branch: source } = await headOf(iid);
    const more = sqlFile('later', 'select 2');
    await scene.world.gitlab.commitFiles(scene.projectId, source, 'Later', more, { user: 'dev' });
    await scene.merge(iid);
    expect(await held(iid, 'approved before its last change')).toContain('`rita`');
    expect(live('later')).toBe(false);
    await rita.call('POST', `${request(iid)}/unapprove`);
    await approve(rita, iid);
    expect(await deployed(iid)).toContain('2 created');
  });

  test('from before a rebase that leaves the changes as they are counts where GitLab removes approvals itself', async () => {
    scene = await setScene({ mapping: requiring('approved') });
    const { gitlab } = scene.world;
    const rita = member('rita');
    member('dev');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await approve(rita, iid);
    const { source_branch: source } = await headOf(iid);
    await scene.commit('develop', { 'docs/a.md': 'x' });
    await scene.addBranch('rebased', 'develop');
    const head = await scene.commit('rebased', sqlFile('a', 'select 1'));
    await gitlab.pushAs(scene.projectId, 'dev', source, head);
    gitlab.setResetsApprovals(scene.projectId, true);
    await scene.merge(iid);
    expect(await deployed(iid)).toContain('1 created');
  });

  test('from before the last commit does not count where GitLab is set to remove approvals only later', async () => {
    scene = await setScene({ mapping: requiring('approved') });
    const rita = member('rita');
    member('dev');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('harmless', 'select 1'));
    await approve(rita, iid);
    const { source_branch: source } = await headOf(iid);
    await scene.world.gitlab.commitFiles(scene.projectId, source, 'Later', evil, { user: 'dev' });
    await scene.merge(iid);
    await held(iid, 'approved before its last change');
    scene.world.gitlab.setResetsApprovals(scene.projectId, true);
    await scene.advance(60 * 60_000);
    await scene.settle();
    await scene.advance(60 * 60_000);
    await scene.settle();
    expect(live('evil')).toBe(false);
  });

  test('for another target branch does not count where GitLab removes approvals either', async () => {
    scene = await setScene({
      mapping: `${mapping}workspaces:\n  PIN PROD: { require: [approved] }\n`,
    });
    const rita = member('rita');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await approve(rita, iid);
    await scene.maintainer.call('PUT', request(iid), { target_branch: 'main' });
    scene.world.gitlab.setResetsApprovals(scene.projectId, true);
    await scene.merge(iid);
    await held(iid, 'approved before its last change');
    expect(live('a', 'PIN PROD')).toBe(false);
  });

  test('for another target branch does not count', async () => {
    scene = await setScene({
      mapping: `${mapping}workspaces:\n  PIN PROD: { require: [approved] }\n`,
    });
    const rita = member('rita');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await approve(rita, iid);
    await scene.maintainer.call('PUT', request(iid), { target_branch: 'main' });
    await scene.merge(iid);
    await held(iid, 'approved before its last change');
    expect(live('a', 'PIN PROD')).toBe(false);
  });

  test('by who pushed a commit does not count, under whatever name it was written', async () => {
    scene = await setScene({ mapping: requiring('approved') });
    const rita = member('rita');
    await scene.start();
    const iid = await scene.open('develop', { 'docs/a.md': 'x' });
    const { source_branch: source } = await headOf(iid);
    await scene.world.gitlab.commitFiles(scene.projectId, source, 'By Omar', evil, disguise);
    await approve(rita, iid);
    await scene.merge(iid);
    await held(iid, '`rita`: pushed commits of it');
    expect(live('evil')).toBe(false);
  });

  test('by who pushed before the merge request was there does not count, and by somebody else does', async () => {
    scene = await setScene({ mapping: requiring('approved') });
    const rita = member('rita');
    await scene.start();
    await scene.addBranch('ready', 'develop');
    await scene.world.gitlab.commitFiles(scene.projectId, 'ready', 'By Omar', evil, disguise);
    const opened = await scene.maintainer.call('POST', `/projects/${scene.projectId}/merge_requests`, {
      source_branch: 'ready',
      target_branch: 'develop',
      title: 'Ready',
    });
    const { iid } = z.object({ iid: z.number() }).parse(opened);
    await approve(rita, iid);
    await scene.merge(iid);
    await held(iid, '`rita`: pushed commits of it');
    expect(live('evil')).toBe(false);
    await approve(member('quinn'), iid);
    expect(await deployed(iid)).toContain('1 created');
  });

  test('of what an access token made does not count by a maintainer alone, nor by a token', async () => {
    scene = await setScene({ mapping: requiring('approved') });
    await scene.start();
    const [token, other] = [member('project_1_bot_0a'), member('project_1_bot_0b')];
    await scene.addBranch('ready', 'develop');
    await scene.world.gitlab.commitFiles(scene.projectId, 'ready', 'Add', evil, { user: 'project_1_bot_0a' });
    const opened = await token.call('POST', `/projects/${scene.projectId}/merge_requests`, {
      source_branch: 'ready',
      target_branch: 'develop',
      title: 'Ready',
    });
    const { iid } = z.object({ iid: z.number() }).parse(opened);
    for (const who of [scene.maintainer, other]) await approve(who, iid);
    await scene.merge(iid);
    await held(iid, '`omar`: may stand behind the access token');
    expect(live('evil')).toBe(false);
    await approve(member('rita'), iid);
    expect(await deployed(iid)).toContain('1 created');
  });

  test('by who left the project does not count', async () => {
    scene = await setScene({ mapping: requiring('approved') });
    const rita = member('rita');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await approve(rita, iid);
    scene.world.gitlab.removeMember(scene.projectId, 'rita');
    await scene.merge(iid);
    await held(iid, 'has not the role Developer');
    expect(live('a')).toBe(false);
  });

  test('of a promotion does not count by who asked for it, and counts by somebody else', async () => {
    scene = await setScene({
      mapping: `${mapping}workspaces:\n  PIN PROD: { require: [approved] }\n`,
    });
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'mine', sqlContent('select 1'));
    await scene.start();
    const { answer } = await say(scene, await issue(scene), '/aic release solo mine');
    const iid = Number(/!(\d+)/.exec(answer)?.[1]);
    await approve(scene.maintainer, iid);
    await scene.merge(iid);
    await held(iid, '`omar`: asked the bot for what is in it');
    expect(live('mine', 'PIN PROD')).toBe(false);
    await approve(member('rita'), iid);
    await deployed(iid);
    expect(live('mine', 'PIN PROD')).toBe(true);
  });
});

describe('a pipeline', () => {
  test('of statuses that somebody posted is none, whoever posted them', async () => {
    scene = await setScene({ mapping: requiring('pipeline') });
    const dev = member('dev');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.comment(iid, (body) => body.includes('aic-bot:plan'));
    await scene.settle();
    const { sha, source_branch: ref } = await headOf(iid);
    const status = { state: 'success', name: 'looks good to me', ref };
    await dev.call('POST', `/projects/${scene.projectId}/statuses/${sha}`, status);
    const { head_pipeline: pipeline } = z
      .object({ head_pipeline: z.object({ status: z.string(), source: z.string() }) })
      .parse(await scene.maintainer.call('GET', request(iid)));
    expect(pipeline).toEqual({ status: 'success', source: 'external' });
    await scene.merge(iid);
    await held(iid, 'it lacks a successful pipeline');
    expect(live('a')).toBe(false);
  });

  test('with posted statuses and no job that succeeded is none', async () => {
    scene = await setScene({ mapping: requiring('pipeline') });
    const dev = member('dev');
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    const { sha, source_branch: ref } = await headOf(iid);
    scene.world.gitlab.addPipeline(scene.projectId, sha, { ref, jobs: [{ name: 'test', state: 'skipped' }] });
    const status = { state: 'success', name: 'fine', ref };
    await dev.call('POST', `/projects/${scene.projectId}/statuses/${sha}`, status);
    await scene.merge(iid);
    await held(iid, 'it lacks a successful pipeline');
    expect(live('a')).toBe(false);
  });

  test('of the merged result counts, but not that of an earlier head', async () => {
    scene = await setScene({ mapping: requiring('pipeline') });
    const { gitlab } = scene.world;
    await scene.start();
    const run = async (iid: number) => {
      const result = z
        .object({ commit_id: z.string() })
        .parse(await scene.maintainer.call('GET', `${request(iid)}/merge_ref`));
      gitlab.addPipeline(scene.projectId, result.commit_id, {
        ref: `refs/merge-requests/${iid}/merge`,
        source: 'merge_request_event',
        mergeRequest: iid,
        jobs: [{ name: 'test', state: 'success' }],
      });
    };
    const good = await scene.open('develop', sqlFile('a', 'select 1'));
    await run(good);
    await scene.merge(good);
    expect(await deployed(good)).toContain('1 created');
    const iid = await scene.open('develop', sqlFile('b', 'select 1'));
    await run(iid);
    const { source_branch: source } = await headOf(iid);
    await gitlab.commitFiles(scene.projectId, source, 'Later', sqlFile('later', 'select 2'));
    const stale = z
      .object({ head_pipeline: z.object({ status: z.string() }) })
      .parse(await scene.maintainer.call('GET', request(iid)));
    expect(stale.head_pipeline.status).toBe('success');
    await scene.merge(iid);
    await held(iid, 'it lacks a successful pipeline');
    expect(live('later')).toBe(false);
  });

  test.each([
    ['a job', [{ name: 'test', state: 'success' }]],
    ['a child pipeline', [{ name: 'child', state: 'success', downstream: 'success' }]],
  ] as const)('with %s that succeeded counts', async (_what, jobs) => {
    scene = await setScene({ mapping: requiring('pipeline') });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    const { sha, source_branch: ref } = await headOf(iid);
    scene.world.gitlab.addPipeline(scene.projectId, sha, { ref, jobs });
    await scene.merge(iid);
    expect(await deployed(iid)).toContain('1 created');
  });
});
