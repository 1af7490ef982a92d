import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import { aicProject, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, notesOf, onMergeRequest, type Thread } from './thread.ts';

const patienceMs = 15_000;
const hour = 60 * 60_000;
const ownersOnly = `${mapping}permissions: { force: owner, deploy: owner }\n`;
const forced = '/aic deploy branch=develop force';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene({ mapping: ownersOnly });
  scene.world.gitlab.setVisibility(scene.projectId, 'internal');
  await scene.commit('develop', sqlFile('Sales', 'select 666'));
});
afterEach(() => scene.close());

function member(username: string, level: number) {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username, name: username });
  gitlab.addMember(scene.projectId, user.id, level);
  return { id: user.id, who: personAt(gitlab.url, user.token) };
}

const written = z.object({ id: z.number() });
const write = async (thread: Thread, who: Person, body: string, more: object = {}) =>
  written.parse(await who.call('POST', `${thread.path}/notes`, { body, ...more })).id;

const answersIn = async (thread: Thread) =>
  (await notesOf(scene, thread)).filter((note) => note.author.username === 'aic-bot').map(({ body }) => body);
const answerIn = (thread: Thread) => until('an answer', async () => (await answersIn(thread))[0], patienceMs);

/** A webhook about a comment on the issue 1, as GitLab sends it, with what somebody put into it. */
const hookOf = (note: number, changes: object = {}) => ({
  object_kind: 'note',
  object_attributes: { id: note, note: forced, noteable_type: 'Issue', action: 'create', ...changes },
  issue: { iid: 1 },
});

type Bot = Awaited<ReturnType<Scene['start']>>;
const given = (bot: Bot) => bot.log.filter((line) => line.includes('"no such comment"'));
const looksAt = (note: number) =>
  scene.world.gitlab.calls.filter(({ path }) => path.endsWith(`/notes/${note}`)).length;

describe('a webhook with the right secret', () => {
  it('does not make an owner say what a maintainer wrote into the comment', async () => {
    const olga = member('olga', 50);
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    const note = await write(thread, olga.who, 'Thanks, all well');
    await scene.maintainer.call('PUT', `${thread.path}/notes/${note}`, { body: forced });
    // An emoji afterwards makes the comment look as if nothing but that had happened to it.
    await scene.maintainer.call('POST', `${thread.path}/notes/${note}/award_emoji`, { name: 'tada' });
    await scene.deliver(bot, hookOf(note, { author_id: olga.id }));
    expect(await answerIn(thread)).toContain('the comment was changed after it was written');
    await scene.settle();
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('does not make an owner the author of what a maintainer wrote', async () => {
    const olga = member('olga', 50);
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    await scene.silence();
    const note = await write(thread, scene.maintainer, forced);
    await scene.deliver(bot, hookOf(note, { author_id: olga.id }));
    expect(await answerIn(thread)).toContain('needs the access level `owner`');
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('does not change what the comment says, nor when it was written', async () => {
    const olga = member('olga', 50);
    const thread = await issue(scene, { created_at: '2020-12-31T00:00:00Z' });
    const other = await write(thread, olga.who, '/aic help status');
    const old = await write(thread, olga.who, forced, { created_at: '2021-01-01T00:00:00Z' });
    const bot = await scene.start();
    await scene.settle();
    const now = new Date().toISOString();
    await scene.deliver(bot, hookOf(other));
    await scene.deliver(bot, hookOf(old, { created_at: now, updated_at: now }));
    await scene.settle();
    const answers = (await answersIn(thread)).join('\n');
    expect(answers).toContain('`/aic status` tells');
    expect(answers).toContain('this came while I was away');
    expect(scene.world.aic.writes).toEqual([]);
  });

  it('that names what GitLab has not leaves no job behind', async () => {
    const bot = await scene.start();
    await scene.settle();
    await scene.silence();
    const none = '0'.repeat(40);
    const push = { object_kind: 'push', before: none, after: '1'.repeat(40) };
    await scene.deliver(bot, { ...push, ref: 'refs/heads/a..b' });
    const project = { id: 999, path_with_namespace: 'pin/pipelines' };
    await scene.deliver(bot, { ...push, ref: 'refs/heads/main', project });
    await scene.advance(16_000);
    const left = (where: string) =>
      scene.rows(`select 1 from jobs where job_json ->> 'kind' = 'deploy' and ${where}`).length;
    await until('the first looks', () => left('tries = 0') === 0 || undefined, patienceMs);
    expect(left("job_json like '%a..b%'")).toBe(0);
    expect(left("job_json like '%999%'")).toBe(1);
    await bot.stop();
    const file = new DatabaseSync(join(scene.world.folder, 'aic-bot.db'), { timeout: 5_000 });
    file.exec("update jobs set tries = 100 where job_json like '%999%'");
    file.close();
    await scene.start();
    await scene.advance(60 * 60_000);
    await until('the last look', () => left("job_json like '%999%'") === 0 || undefined, patienceMs);
  });

  it('that announces comments which came with a moved or cloned issue carries nothing out again', async () => {
    const olga = member('olga', 50);
    const rita = member('rita', 20);
    const { gitlab } = scene.world;
    const elsewhere = await gitlab.addProject('pin/notes');
    gitlab.addMember(elsewhere.id, rita.id, 20);
    const path = `/projects/${elsewhere.id}/issues`;
    await rita.who.call('POST', path, { title: 'Notes' });
    await rita.who.call('POST', `${path}/1/notes`, { body: 'Moved soon' });
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    await write(thread, olga.who, '/aic help status');
    await until('the deployment', async () => (await answersIn(thread)).length > 0 || undefined, patienceMs);
    const own = `/projects/${scene.projectId}`;
    await rita.who.call('POST', `${thread.path}/clone`, { to_project_id: scene.projectId, with_notes: true });
    gitlab.addMember(elsewhere.id, olga.id, 50);
    await olga.who.call('POST', `${path}/1/notes`, { body: '/aic help plan' });
    await rita.who.call('POST', `${path}/1/move`, { to_project_id: scene.projectId });
    const rows = z.array(z.object({ id: z.number(), body: z.string() }));
    for (const iid of [2, 3]) {
      const copies = rows.parse(await olga.who.call('GET', `${own}/issues/${iid}/notes`));
      const command = copies.find(({ body }) => body.startsWith('/aic'));
      await scene.deliver(bot, { ...hookOf(command?.id ?? 0, { note: '/aic help' }), issue: { iid } });
    }
    const ignored = () => bot.log.filter((line) => line.includes('came with its issue')).length;
    await until('both looks', () => ignored() >= 2 || undefined, patienceMs);
    for (const iid of [2, 3]) {
      const copy = { path: `${own}/issues/${iid}` };
      const before = (await answersIn(copy)).length;
      await write(copy, olga.who, '/aic help deploy');
      await until('an answer', async () => (await answersIn(copy)).length > before || undefined, patienceMs);
      expect(await answersIn(copy)).toHaveLength(before + 1);
    }
  });

  it('that announces comments in advance keeps none of them from being carried out', async () => {
    const olga = member('olga', 50);
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    const probe = await write(thread, olga.who, 'hi');
    for (let id = probe + 1; id <= probe + 20; id += 1) await scene.deliver(bot, hookOf(id));
    await until('first looks', () => looksAt(probe + 20) > 0 || undefined, patienceMs);
    expect(scene.rows('select id from requests')).toEqual([]);
    await write(thread, olga.who, forced);
    await until('the deployment', () => scene.world.aic.writes.length > 0 || undefined, patienceMs);
  });

  it('that comes again, under another key, carries nothing out twice', async () => {
    const olga = member('olga', 50);
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    const note = await write(thread, olga.who, forced);
    await until('the deployment', () => scene.world.aic.writes.length > 0 || undefined, patienceMs);
    await scene.settle();
    const writes = scene.world.aic.writes.length;
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 7'));
    const looks = looksAt(note);
    await scene.deliver(bot, hookOf(note));
    await scene.settle();
    expect(scene.world.aic.writes).toHaveLength(writes);
    expect(looksAt(note)).toBe(looks);
  });

  it('that names another merge request or thread than GitLab does nothing there', async () => {
    const olga = member('olga', 50);
    const bot = await scene.start();
    await scene.settle();
    const iid = await scene.open('develop', sqlFile('other', 'select 1'));
    const thread = await issue(scene);
    await scene.silence();
    const elsewhere = await write(thread, olga.who, 'Another thread');
    const threads = z
      .array(z.object({ id: z.string(), notes: z.array(written) }))
      .parse(await olga.who.call('GET', `${thread.path}/discussions`));
    const wrong = threads.find(({ notes }) => notes.some(({ id }) => id === elsewhere))?.id;
    const note = await write(thread, olga.who, '/aic help status');
    await scene.deliver(bot, {
      ...hookOf(note, { noteable_type: 'MergeRequest' }),
      merge_request: { iid },
    });
    await scene.settle();
    expect(await answersIn(thread)).toEqual([]);
    expect(await answersIn(onMergeRequest(scene, iid))).toEqual([expect.stringContaining('plan')]);
    await scene.deliver(bot, hookOf(note, { discussion_id: wrong }));
    await answerIn(thread);
    const after = z
      .array(z.object({ notes: z.array(written) }))
      .parse(await olga.who.call('GET', `${thread.path}/discussions`));
    const own = after.find(({ notes }) => notes.some(({ id }) => id === note));
    expect(own?.notes).toHaveLength(2);
  });

  it('does not make commands of what was imported in the name of an owner', async () => {
    const olga = member('olga', 50);
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    await scene.silence();
    const note = await write(thread, olga.who, forced);
    const shown = await olga.who.call('GET', `${thread.path}/notes/${note}`);
    const body = JSON.stringify(
      Object.assign({}, shown, { imported: true, imported_from: 'gitlab_project' }),
    );
    scene.world.gitlab.inject({
      path: new RegExp(`/notes/${note}$`),
      fault: { kind: 'status', status: 200, headers: { 'content-type': 'application/json' }, body },
    });
    await scene.deliver(bot, hookOf(note));
    await until('a look', () => looksAt(note) > 1 || undefined, patienceMs);
    await scene.settle();
    expect(scene.rows('select id from requests')).toEqual([]);
    expect(await answersIn(thread)).toEqual([]);
  });

  it('that says of an internal comment that it is for everybody gets no answer for everybody', async () => {
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    await scene.silence();
    const note = await write(thread, scene.maintainer, '/aic help', { internal: true });
    await scene.deliver(bot, { ...hookOf(note), event_type: 'note' });
    await answerIn(thread);
    const seen = await member('gus', 10).who.call('GET', `${thread.path}/notes`);
    expect(seen).toEqual([]);
  });

  it('that gives the path of a served project to another does nothing, and leaves nothing to look at', async () => {
    const { gitlab } = scene.world;
    const other = await gitlab.addProject('elsewhere/private');
    gitlab.setVisibility(other.id, 'internal');
    const olga = gitlab.addUser({ username: 'olga', name: 'Olga' });
    gitlab.addMember(other.id, olga.id, 50);
    const who = personAt(gitlab.url, olga.token);
    await who.call('POST', `/projects/${other.id}/issues`, { title: 'Theirs' });
    const thread = { path: `/projects/${other.id}/issues/1` };
    const note = await write(thread, who, '/aic help');
    const bot = await scene.start();
    await scene.settle();
    for (const id of [other.id, 999])
      await scene.deliver(bot, { ...hookOf(note), project: { id, path_with_namespace: 'pin/pipelines' } });
    await until(
      'the projects to be heard of',
      () => scene.rows(`select id from projects where id in (${other.id}, 999)`).length === 2 || undefined,
      patienceMs,
    );
    await scene.advance(hour);
    await scene.settle();
    expect(await who.call('GET', `${thread.path}/notes`)).toHaveLength(1);
    expect(scene.rows(`select id from projects where id in (${other.id}, 999)`)).toEqual([]);
  });
});

describe('a comment to which something happened before the bot saw it', () => {
  const touched = async () => {
    const olga = member('olga', 50);
    const thread = await issue(scene);
    const note = await write(thread, olga.who, forced);
    await scene.maintainer.call('POST', `${thread.path}/notes/${note}/award_emoji`, { name: 'thumbsup' });
    const all = z.array(z.object({ id: z.string() }));
    const [first] = all.parse(await olga.who.call('GET', `${thread.path}/discussions`));
    await scene.maintainer.call('POST', `${thread.path}/discussions/${first?.id}/notes`, { body: 'Go!' });
    return { thread, note };
  };

  it('is carried out where that was no edit: an emoji, an answer', async () => {
    const { note } = await touched();
    const bot = await scene.start();
    await scene.settle();
    await scene.deliver(bot, hookOf(note));
    await until('the deployment', () => scene.world.aic.writes.length > 0 || undefined, patienceMs);
  });

  it.each([
    ['has no GraphQL', { kind: 'status', status: 404 }],
    ['does not know the question', { kind: 'status', status: 200, body: '{"errors":[{"message":"x"}]}' }],
  ] as const)('is not carried out where GitLab %s to tell an edit by', async (_what, fault) => {
    const { note, thread } = await touched();
    scene.world.gitlab.inject({ path: /\/api\/graphql$/, fault });
    const bot = await scene.start();
    await scene.settle();
    await scene.deliver(bot, hookOf(note));
    expect((await until('an answer', async () => (await answersIn(thread))[0], patienceMs)) ?? '').toContain(
      'does not say whether its text was changed',
    );
    expect(scene.world.aic.writes).toEqual([]);
  });
});

describe('a comment that GitLab does not have', () => {
  it('yet is asked for again for a while', async () => {
    const olga = member('olga', 50);
    await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    const missing = { path: /\/issues\/1\/notes\/\d+$/, fault: { kind: 'status', status: 404 } } as const;
    const appear = scene.world.gitlab.inject({ ...missing, method: 'GET' });
    const note = await write(thread, olga.who, forced);
    await until('the first looks', () => looksAt(note) >= 3 || undefined, patienceMs);
    appear();
    await scene.settle();
    await until('the deployment', () => scene.world.aic.writes.length > 0 || undefined, patienceMs);
  });

  it('is dropped after some minutes, and keeps no other waiting meanwhile', async () => {
    const olga = member('olga', 50);
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    await scene.deliver(bot, hookOf(999_999));
    await until('a look', () => looksAt(999_999) > 0 || undefined, patienceMs);
    await write(thread, olga.who, '/aic help');
    await answerIn(thread);
    expect(given(bot)).toEqual([]);
    for (let minute = 0; minute < 5; minute += 1) {
      await scene.advance(60_000);
      await scene.settle();
    }
    await until('the end', () => given(bot)[0], patienceMs);
    expect(looksAt(999_999)).toBeLessThan(12);
    expect(scene.rows(`select 1 from jobs where job_json ->> 'kind' = 'note'`)).toEqual([]);
  });

  it('costs one look where very many are announced', async () => {
    const bot = await scene.start();
    await scene.settle();
    await issue(scene);
    const made = Array.from({ length: 80 }, (_, index) => 900_000 + index);
    for (const note of made) await scene.deliver(bot, hookOf(note));
    await until('all first looks', () => made.every((note) => looksAt(note) > 0) || undefined, patienceMs);
    await until('the first ends', () => given(bot).length >= 30 || undefined, patienceMs);
    expect(scene.rows(`select 1 from jobs where job_json ->> 'kind' = 'note'`).length).toBeLessThanOrEqual(
      50,
    );
  });
});
