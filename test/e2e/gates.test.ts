import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { aicProject, isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

let scene: Scene;
afterEach(() => scene.close());

const patienceMs = 15_000;
const hourMs = 60 * 60_000;

function withOptions(options: string): string {
  return `${mapping}workspaces:\n  PIN QA: ${options}\n`;
}

function request(iid: number): string {
  return `/projects/${scene.projectId}/merge_requests/${iid}`;
}

/** A window of the week around the moment. */
function freezeAround(now: number): string {
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const time = (at: number) => {
    const moment = new Date(at);
    return `${days[moment.getUTCDay()]} ${String(moment.getUTCHours()).padStart(2, '0')}:00`;
  };
  return `${time(now - hourMs)} - ${time(now + 3 * hourMs)} UTC`;
}

function live(name: string): boolean {
  return scene.world.aic.pipelines(aicProject, 'PIN QA').includes(name);
}

async function reviewer(): Promise<Person> {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username: 'rita', name: 'Rita Review' });
  gitlab.addMember(scene.projectId, user.id, 30);
  return personAt(gitlab.url, user.token);
}

/** Moves the clock until the deployment has ended. */
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

describe('a freeze', () => {
  test('lets a merge wait, says until when, and deploys it at its end, also after a restart', async () => {
    scene = await setScene({ mapping: withOptions(`{ freeze: ["${freezeAround(Date.now())}"] }`) });
    const bot = await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.merge(iid);
    const waiting = await scene.comment(iid, (body) => body.includes('aic-bot:gate'));
    expect(waiting).toMatch(/deployed to `PIN QA` by itself after \w{3} \d+ \w{3} \d{4}, \d\d:00 UTC/);
    await scene.settle();
    await bot.stop();
    await scene.start();
    await scene.settle();
    expect(live('a')).toBe(false);
    expect((await scene.comments(iid)).filter((body) => body.includes('aic-bot:gate'))).toHaveLength(1);
    await scene.advance(4 * hourMs);
    expect(await deployed(iid)).toContain('1 created');
    await scene.comment(iid, (body) => body.includes('aic-bot:gate') && body.includes('Nothing keeps'));
  });

  test('is overridden by force with a reason, and by nothing less', async () => {
    scene = await setScene({ mapping: withOptions(`{ freeze: ["${freezeAround(Date.now())}"] }`) });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('aic-bot:gate'));
    const thread = onMergeRequest(scene, iid);
    const plain = await say(scene, thread, '/aic deploy');
    expect(plain.emoji).toBe('x');
    expect(plain.answer).toContain('the mapping file freezes deployments until');
    expect(plain.answer).toContain('/aic deploy PIPELINE force reason="…"');
    const without = await say(scene, thread, '/aic deploy a force');
    expect(without.answer).toContain('In a freeze, force needs a reason');
    expect(live('a')).toBe(false);
    const { emoji, answer } = await say(scene, thread, '/aic deploy a force reason="the fair opens"');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain('reason: `the fair opens`');
    expect(live('a')).toBe(true);
  });
});

describe('what the mapping file requires', () => {
  test('holds a merge that nobody else approved, and says so, until somebody does', async () => {
    scene = await setScene({ mapping: withOptions('{ require: [approved] }') });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.merge(iid);
    const held = await scene.comment(iid, (body) => body.includes('aic-bot:gate'));
    expect(held).toContain('it lacks an approval that counts');
    const { emoji, answer } = await say(scene, onMergeRequest(scene, iid), '/aic deploy');
    expect(emoji).toBe('x');
    expect(answer).toContain(`lacks an approval`);
    expect(live('a')).toBe(false);
    await (await reviewer()).call('POST', `${request(iid)}/approve`);
    expect(await deployed(iid)).toContain('1 created');
  });

  test('lets a later merge go live that has it, and holds the pipelines that it shares with the one that lacks it', async () => {
    scene = await setScene({ mapping: withOptions('{ require: [approved] }') });
    await scene.start();
    const rita = await reviewer();
    const lacking = await scene.open('develop', { ...sqlFile('a', 'select 1'), ...sqlFile('c', 'select 1') });
    await scene.merge(lacking);
    await scene.comment(lacking, (text) => text.includes('aic-bot:gate'));
    const approved = await scene.open('develop', {
      ...sqlFile('b', 'select 1'),
      ...sqlFile('c', 'select 1 -- again'),
    });
    await rita.call('POST', `${request(approved)}/approve`);
    await scene.merge(approved);
    const body = await scene.comment(approved, (text) => text.includes('aic-bot:gate'));
    expect(body).toMatch(new RegExp(String.raw`!${lacking} lacks an approval`));
    expect(body).toContain('waits: `c`');
    expect(await scene.comment(approved, isFinal)).toContain('1 created');
    await scene.settle();
    expect(['a', 'b', 'c'].filter(live)).toEqual(['b']);
    await rita.call('POST', `${request(lacking)}/approve`);
    expect(await deployed(lacking)).toContain('2 created');
    expect(['a', 'b', 'c'].filter(live)).toEqual(['a', 'b', 'c']);
    await scene.comment(lacking, (text) => text.includes('aic-bot:gate') && text.includes('Nothing keeps'));
  });

  test('holds what came after a deployment that was cut off', async () => {
    scene = await setScene({ mapping: withOptions('{ require: [approved] }') });
    const bot = await scene.start();
    await scene.settle();
    await bot.stop();
    const file = new DatabaseSync(join(scene.world.folder, 'aic-bot.db'));
    file
      .prepare(
        `insert into deployments (project_id, branch, environment, aic_project, workspace, head_sha, places_json, status, started_at)
         values (?, 'develop', 'prod', ?, 'PIN QA', ?, '[]', 'running', 1)`,
      )
      .run(scene.projectId, aicProject, 'a'.repeat(40));
    file.close();
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('aic-bot:gate'));
    await scene.settle();
    expect(live('a')).toBe(false);
  });

  test('is not got round by a hotfix branch and a command without force', async () => {
    scene = await setScene({
      mapping: `${mapping}workspaces:\n  PIN PROD: { require: [approved] }\npermissions: { deploy: developer, force: owner }\n`,
    });
    await scene.start();
    await scene.addBranch('hotfix/x', 'main');
    await scene.commit('hotfix/x', sqlFile('a', 'select 1'));
    const thread = await issue(scene);
    const { answer } = await say(scene, thread, '/aic deploy branch=hotfix/x');
    expect(answer).toContain('requires a review');
    expect(scene.world.aic.pipelines(aicProject, 'PIN PROD')).toEqual([]);
  });

  test('looks for open threads, but not at those that answers to commands made', async () => {
    scene = await setScene({ mapping: withOptions('{ require: [no_unresolved] }') });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await say(scene, onMergeRequest(scene, iid), '/aic plan');
    const opened = await scene.maintainer.call('POST', `${request(iid)}/discussions`, {
      body: 'Why?\n\n/aic help',
    });
    const { id } = z.object({ id: z.string() }).parse(opened);
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('it lacks an end of its unresolved threads'));
    await scene.maintainer.call('PUT', `${request(iid)}/discussions/${id}`, { resolved: true });
    expect(await deployed(iid)).toContain('1 created');
  });

  test('looks for what people say in the threads of commands', async () => {
    scene = await setScene({ mapping: withOptions('{ require: [no_unresolved] }') });
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    const threads = `${request(iid)}/discussions`;
    const opened = await scene.maintainer.call('POST', threads, { body: '/aic plan' });
    const { id } = z.object({ id: z.string() }).parse(opened);
    await scene.settle();
    await scene.maintainer.call('POST', `${threads}/${id}/notes`, { body: 'Stop: it drops the customers.' });
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('it lacks an end of its unresolved threads'));
    expect(live('a')).toBe(false);
    await scene.maintainer.call('PUT', `${threads}/${id}`, { resolved: true });
    expect(await deployed(iid)).toContain('1 created');
  });

  test('lets go of a merge that was reverted before anybody reviewed it', async () => {
    scene = await setScene({ mapping: withOptions('{ require: [approved] }') });
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'a', { title: 'a', ...sqlContent('select 1') });
    await scene.commit('develop', sqlFile('a', 'select 1'));
    await scene.start();
    await scene.settle();
    const iid = await scene.open('develop', sqlFile('a', 'select 2'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('aic-bot:gate') && body.includes('not deployed'));
    await scene.settle();
    const back = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.merge(back);
    await scene.comment(iid, (body) => body.includes('aic-bot:gate') && body.includes('Nothing keeps'));
    await scene.settle();
    expect((await scene.comments(back)).filter((body) => body.includes('not deployed'))).toEqual([]);
    expect(scene.rows('select pipeline from pending')).toEqual([]);
  });

  test('is overridden by force', async () => {
    scene = await setScene({ mapping: withOptions('{ require: [approved, pipeline] }') });
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'b', sqlContent('select 9'));
    await scene.start();
    const iid = await scene.open('develop', sqlFile('a', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, (body) => body.includes('aic-bot:gate'));
    const { emoji } = await say(scene, await issue(scene), '/aic deploy a force branch=develop');
    expect(emoji).toBe('white_check_mark');
    expect(live('a')).toBe(true);
    const released = (body: string) => body.includes('aic-bot:gate') && body.includes('Nothing keeps');
    await scene.comment(iid, released);
  });
});
