import { z } from 'zod';

import { until, type Person } from '../../demo/person.ts';
import type { Scene } from './scene.ts';

/** Where somebody writes commands, and reads what the bot answers. */
export interface Thread {
  readonly path: string;
}

const noteRow = z.object({
  id: z.number(),
  body: z.string(),
  system: z.boolean(),
  author: z.object({ username: z.string() }),
});
const patienceMs = 20_000;

/** A new issue. */
export async function issue(scene: Scene, more: object = {}): Promise<Thread> {
  const made = await scene.maintainer.call('POST', `/projects/${scene.projectId}/issues`, {
    title: 'Commands',
    ...more,
  });
  return { path: `/projects/${scene.projectId}/issues/${z.object({ iid: z.number() }).parse(made).iid}` };
}

export function onMergeRequest(scene: Scene, iid: number): Thread {
  return { path: `/projects/${scene.projectId}/merge_requests/${iid}` };
}

/** All comments of the thread, oldest first. */
export async function notesOf(scene: Scene, { path }: Thread) {
  return z
    .array(noteRow)
    .parse(await scene.maintainer.call('GET', `${path}/notes?sort=asc&per_page=100`))
    .filter(({ system }) => !system);
}

/** Says something and waits until the bot has ended; its answers since, and its last emoji. */
export async function say(
  scene: Scene,
  thread: Thread,
  body: string,
  who: Person = scene.maintainer,
  withinMs = patienceMs,
) {
  const known = new Set((await notesOf(scene, thread)).map(({ id }) => id));
  const { id } = noteRow.pick({ id: true }).parse(await who.call('POST', `${thread.path}/notes`, { body }));
  const emoji = await until(
    `the end of ${body}`,
    async () => (await emojiOn(scene, thread, id)).find((name) => name !== 'eyes'),
    withinMs,
  );
  const answers = (await notesOf(scene, thread)).filter(
    ({ id: note, author, body: said }) =>
      !known.has(note) && author.username === 'aic-bot' && !said.startsWith('<!-- aic-bot:plan'),
  );
  return { emoji, answer: answers.map((note) => note.body).join('\n\n') };
}

async function emojiOn(scene: Scene, { path }: Thread, note: number): Promise<readonly string[]> {
  const all = await scene.maintainer.call('GET', `${path}/notes/${note}/award_emoji`);
  return z
    .array(z.object({ name: z.string() }))
    .parse(all)
    .map(({ name }) => name);
}
