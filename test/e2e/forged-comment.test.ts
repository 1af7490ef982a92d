import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { personAt, until } from '../../demo/person.ts';
import { setScene, type Scene } from './scene.ts';
import { issue, notesOf, type Thread } from './thread.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

const written = z.object({ id: z.number(), author: z.object({ id: z.number() }) });
const answersIn = async (thread: Thread) =>
  (await notesOf(scene, thread)).filter((note) => note.author.username === 'aic-bot').map(({ body }) => body);

/** A webhook as GitLab sends it for a new comment, with the right secret. */
const hookOf = (note: number, author: number, body: string) => ({
  object_kind: 'note',
  object_attributes: { id: note, note: body, noteable_type: 'Issue', author_id: author, action: 'create' },
  issue: { iid: 1 },
});

describe('a webhook with the right secret about a comment', () => {
  it('that GitLab does not have, or that somebody else wrote, makes the bot do nothing', async () => {
    const { gitlab } = scene.world;
    const guest = gitlab.addUser({ username: 'guest', name: 'Guest' });
    gitlab.addMember(scene.projectId, guest.id, 10);
    const thread = await issue(scene);
    const body = '/aic deploy branch=develop force';
    const asGuest = personAt(gitlab.url, guest.token);
    const { id } = written.parse(await asGuest.call('POST', `${thread.path}/notes`, { body }));
    const me = z.object({ id: z.number() }).parse(await scene.maintainer.call('GET', '/user'));
    const bot = await scene.start();
    await scene.settle();
    await scene.deliver(bot, hookOf(999_999, me.id, body));
    await scene.deliver(bot, hookOf(id, me.id, body));
    const told = () => bot.log.filter((line) => line.includes('no such comment')).length;
    await until('both looks', () => (told() >= 2 ? true : undefined), 10_000);
    await scene.settle();
    expect(await answersIn(thread)).toEqual([]);
    expect(scene.world.aic.calls.some(({ method }) => method !== 'GET')).toBe(false);
  });

  it('that was changed since is answered and not carried out', async () => {
    const thread = await issue(scene);
    const asked = await scene.maintainer.call('POST', `${thread.path}/notes`, { body: '/aic help status' });
    const { id, author } = written.parse(asked);
    await scene.maintainer.call('PUT', `${thread.path}/notes/${id}`, { body: 'never mind' });
    const bot = await scene.start();
    await scene.settle();
    await scene.deliver(bot, hookOf(id, author.id, '/aic help status'));
    const [answer] = await until(
      'the answer',
      async () => {
        const all = await answersIn(thread);
        return all.length > 0 ? all : undefined;
      },
      10_000,
    );
    expect(answer).toContain('the comment was changed after it was written');
    expect(answer).toContain('Write the command in a new comment.');
  });
});
