import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { commandLines } from '../../src/domain/commands/find-commands.ts';
import { helpReport } from '../../src/domain/commands/help-report.ts';
import { verbs } from '../../src/domain/commands/command-table.ts';
import { defaultPermissions } from '../../src/domain/mapping/parse-mapping.ts';
import { toComment } from '../../src/domain/report/markdown.ts';
import { mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, notesOf, onMergeRequest, say, type Thread } from './thread.ts';

const patienceMs = 15_000;
const aicProject = 'PIN ANALYTICS';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

/** Somebody with this level, or with none. */
function person(username: string, level: number, isBot = false) {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username, name: username, isBot });
  if (level > 0) gitlab.addMember(scene.projectId, user.id, level);
  return { id: user.id, who: personAt(gitlab.url, user.token) };
}

const write = async (thread: Thread, body: string, who: Person, internal = false) =>
  z.object({ id: z.number() }).parse(await who.call('POST', `${thread.path}/notes`, { body, internal })).id;

/** Waits until the bot has read the comments and has nothing to do. */
async function idle(): Promise<void> {
  await scene.world.gitlab.deliveriesSettled();
  await until(
    'the end of all commands',
    () =>
      scene.rows(`select 1 from jobs where job_json ->> 'kind' in ('note', 'command', 'comment', 'reaction')`)
        .length === 0 || undefined,
    patienceMs,
  );
}

const own = async (thread: Thread) =>
  (await notesOf(scene, thread)).filter(({ author }) => author.username === 'aic-bot');

const emojiOn = async (thread: Thread, note: number) =>
  z
    .array(z.object({ name: z.string() }))
    .parse(await scene.maintainer.call('GET', `${thread.path}/notes/${note}/award_emoji`))
    .map(({ name }) => name);

describe('between the comment and its execution', () => {
  /** Holds the command where the bot asks who wrote it, lets something happen, and lets the bot ask again. */
  async function meanwhile(happens: () => void, ended: () => Promise<true | undefined>): Promise<void> {
    const { gitlab } = scene.world;
    await until(
      'the bot to ask for the member',
      () => gitlab.calls.some(({ path }) => path.includes('/members/all/')) || undefined,
      patienceMs,
    );
    happens();
    gitlab.clearFaults();
    await until(
      'the command to end',
      async () => {
        await scene.advance(60_000);
        return ended();
      },
      patienceMs,
    );
  }

  it.each([
    ['lost the membership', (user: number) => scene.world.gitlab.removeMember(scene.projectId, user)],
    ['was blocked', (user: number) => scene.world.gitlab.blockUser(user)],
  ])('who %s is not answered, and nothing is done', async (_what, happens) => {
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    await scene.start();
    const ada = person('ada', 40);
    scene.world.gitlab.inject({ path: /\/members\/all\//, fault: { kind: 'status', status: 503 } });
    const thread = await issue(scene);
    const note = await write(thread, '/aic deploy branch=develop force', ada.who);
    await meanwhile(
      () => happens(ada.id),
      async () =>
        scene.rows(`select 1 from jobs where job_json ->> 'kind' = 'command'`).length === 0 || undefined,
    );
    expect(await own(thread)).toEqual([]);
    expect(await emojiOn(thread, note)).toEqual([]);
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('who lost the level is refused by the level of now', async () => {
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    await scene.start();
    const ada = person('ada', 40);
    scene.world.gitlab.inject({ path: /\/members\/all\//, fault: { kind: 'status', status: 503 } });
    const thread = await issue(scene);
    await write(thread, '/aic deploy branch=develop force', ada.who);
    await meanwhile(
      () => scene.world.gitlab.addMember(scene.projectId, ada.id, 30),
      async () => ((await own(thread)).length > 0 ? true : undefined),
    );
    expect((await own(thread)).map(({ body }) => body).join()).toContain('needs the access level');
    expect(scene.world.aic.writes).toEqual([]);
  });
});

describe('another bot', () => {
  it('may what its level allows, and no more', async () => {
    await scene.start();
    const thread = await issue(scene);
    const helper = person('group_1_bot_2', 30, true);
    expect((await say(scene, thread, '/aic status', helper.who)).emoji).toBe('white_check_mark');
    const refused = await say(scene, thread, '/aic deploy branch=develop', helper.who);
    expect(refused.answer).toContain('needs the access level');
  });

  it('that repeats what the bot says starts nothing', async () => {
    await scene.start();
    const thread = await issue(scene);
    const helper = person('echo_bot', 40, true);
    const wrong = ['/aic help', '/aic help deploy', '/aic deplyo', '/aic deploy', '/aic push', '/aic tables'];
    for (const command of wrong) await say(scene, thread, command, helper.who);
    const answers = await own(thread);
    expect(answers).toHaveLength(wrong.length);
    const before = scene.rows('select id from requests').length;
    for (const { body } of answers) {
      await write(thread, body, helper.who);
      await write(thread, body.replaceAll(/^/gm, '> '), helper.who);
    }
    await idle();
    expect(scene.rows('select id from requests')).toHaveLength(before);
    expect(await own(thread)).toHaveLength(wrong.length);
  });

  it.each([undefined, ...verbs])('finds no command in the help of %s', (verb) => {
    const report = helpReport(verb, { level: 10, permissions: defaultPermissions });
    expect(commandLines(toComment(report))).toEqual([]);
  });
});

describe('permissions that are changed inside a merge request', () => {
  const generous = `${mapping}permissions: { plan: guest, deploy: guest, force: guest, push: guest, promote: guest }\n`;

  it('count only once they are on the default branch', async () => {
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    await scene.start();
    const guest = person('gus', 10);
    const iid = await scene.open('develop', { 'branch_to_workspace.yaml': generous });
    const thread = onMergeRequest(scene, iid);
    const isRefused = async () => {
      const { answer } = await say(scene, thread, '/aic deploy branch=develop force', guest.who);
      return answer.includes('needs the access level');
    };
    expect(await isRefused()).toBe(true);
    await scene.merge(iid);
    expect(await isRefused()).toBe(true);
    expect(scene.world.aic.writes).toEqual([]);
    await scene.commit('main', { 'branch_to_workspace.yaml': generous });
    expect(await isRefused()).toBe(false);
    expect(scene.world.aic.pipelines(aicProject, 'PIN QA')).toEqual(['Sales']);
  });
});

describe('an internal comment', () => {
  const internalOf = async (thread: Thread) =>
    z
      .array(z.object({ internal: z.boolean(), author: z.object({ username: z.string() }) }))
      .parse(await scene.maintainer.call('GET', `${thread.path}/notes`))
      .flatMap(({ author, internal }) => (author.username === 'aic-bot' ? [internal] : []));

  it('is answered by an internal one', async () => {
    await scene.start();
    const thread = await issue(scene);
    await write(thread, '/aic status', scene.maintainer, true);
    await until('the answer', async () => (await own(thread))[0], patienceMs);
    expect(await internalOf(thread)).toEqual([true]);
  });

  it.each([
    ['internal', true],
    ['for everybody', false],
  ])('%s is answered alike beside a thread that takes no answer', async (_what, internal) => {
    scene.world.gitlab.setVisibility(scene.projectId, 'internal');
    await scene.start();
    const thread = await issue(scene);
    const fault = { kind: 'status', status: 404 } as const;
    scene.world.gitlab.inject({ method: 'POST', path: /\/discussions\/[^/]+\/notes$/, fault });
    await write(thread, '/aic status', scene.maintainer, internal);
    await until('the answer', async () => (await own(thread))[0], patienceMs);
    expect(await internalOf(thread)).toEqual([internal]);
  });

  it('whose thread GitLab does not show is answered by an internal one', async () => {
    scene.world.gitlab.setVisibility(scene.projectId, 'internal');
    await scene.start();
    const thread = await issue(scene);
    const fault = { kind: 'status', status: 200, body: '[]' } as const;
    scene.world.gitlab.inject({ method: 'GET', path: /\/discussions$/, fault });
    scene.world.gitlab.inject({ path: /\/discussions\//, fault: { kind: 'status', status: 404 } });
    await write(thread, '/aic status', scene.maintainer, true);
    await until('the answer', async () => (await own(thread))[0], patienceMs);
    expect(await internalOf(thread)).toEqual([true]);
  });
});

describe('a merge request from a fork', () => {
  async function forked(target: string, source: string) {
    const { gitlab } = scene.world;
    const fork = await gitlab.addProject('pin/fork');
    await scene.commit(target, sqlFile('Sales', 'select 1'));
    await scene.addBranch(source, target);
    await gitlab.commitFiles(scene.projectId, source, 'Change', sqlFile('Sales', 'select 2'), {
      hooks: false,
    });
    const opened = await scene.maintainer.call('POST', `/projects/${scene.projectId}/merge_requests`, {
      source_branch: source,
      target_branch: target,
      title: 'From afar',
    });
    const { iid } = z.object({ iid: z.number() }).parse(opened);
    gitlab.setSourceProject(scene.projectId, iid, fork.id);
    return onMergeRequest(scene, iid);
  }

  it('is no way to push to a branch of the same name here', async () => {
    await scene.start();
    const { aic, gitlab } = scene.world;
    aic.putPipeline(aicProject, 'PIN PROD', 'Sales', sqlContent('select 3'));
    const thread = await forked('main', 'hotfix/theirs');
    const head = await gitlab.commitId(scene.projectId, 'hotfix/theirs');
    const { emoji, answer } = await say(scene, thread, '/aic push');
    expect(emoji).toBe('x');
    expect(answer).toContain('it is not clear which workspace to push');
    expect(await gitlab.commitId(scene.projectId, 'hotfix/theirs')).toBe(head);
  });

  it('is planned by what it would bring, for a member, and deployed to nothing before it is merged', async () => {
    await scene.start();
    const thread = await forked('develop', 'develop-too');
    const plan = await say(scene, thread, '/aic plan');
    expect(plan.answer).toContain('Sales');
    expect((await say(scene, thread, '/aic deploy')).emoji).toBe('x');
    expect(scene.world.aic.writes).toEqual([]);
  });
});
