import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { personAt, until } from '../../demo/person.ts';
import { aicProject, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, notesOf, onMergeRequest, say, type Thread } from './thread.ts';

const patienceMs = 15_000;
const formula = 'company_secret_formula';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene({ mapping: `${mapping}permissions: { plan: guest }\n` });
  await scene.commit('main', sqlFile('Payroll', `select salary where ${formula} = 7`));
  scene.world.aic.putPipeline(aicProject, 'PIN PROD', 'Payroll', sqlContent(`select ${formula} + 8`));
});
afterEach(() => scene.close());

const person = (username: string, level: number) => {
  const { gitlab } = scene.world;
  const user = gitlab.addUser({ username, name: username });
  if (level > 0) gitlab.addMember(scene.projectId, user.id, level);
  return personAt(gitlab.url, user.token);
};
const note = z.object({ body: z.string(), internal: z.boolean(), type: z.string().nullable() });
const own = async ({ path }: Thread, who = scene.maintainer) =>
  z
    .array(note.extend({ author: z.object({ username: z.string() }) }))
    .parse(await who.call('GET', `${path}/notes?sort=asc&per_page=100`))
    .filter(({ author }) => author.username === 'aic-bot');
const ended = (thread: Thread) =>
  until(
    'the end of the commands',
    async () => {
      const [asked] = await notesOf(scene, thread);
      const path = `${thread.path}/notes/${asked?.id}/award_emoji`;
      const all = z.array(z.object({ name: z.string() })).parse(await scene.maintainer.call('GET', path));
      return all.find(({ name }) => name !== 'eyes')?.name;
    },
    patienceMs,
  );

describe('in an issue of a project whose guests cannot read code', () => {
  it('an answer that shows configs is an internal comment, which names the one that it answers', async () => {
    await scene.start();
    const guest = person('gus', 10);
    const thread = await issue(scene);
    const { answer, emoji } = await say(scene, thread, '/aic diff branch=main');
    expect(emoji).toBe('white_check_mark');
    expect(answer).toContain(formula);
    expect(answer).toMatch(/The answer to \[`this comment`\]\(http[^)]*\/issues\/1#note_\d+\)/);
    expect(await own(thread)).toMatchObject([{ internal: true, type: null }]);
    expect(await own(thread, guest)).toEqual([]);
  });

  it('a deployment that was ordered there is told internally, up to its end', async () => {
    await scene.start();
    const guest = person('gus', 10);
    const thread = await issue(scene);
    const { answer } = await say(scene, thread, '/aic deploy branch=main force');
    expect(answer).toContain('Deployed 1 pipeline');
    expect(await own(thread)).toMatchObject([{ internal: true }]);
    expect(await own(thread, guest)).toEqual([]);
  });

  it('who cannot read the answer is told where it is', async () => {
    await scene.start();
    const guest = person('gus', 10);
    const thread = await issue(scene);
    await say(scene, thread, '/aic diff branch=main', guest);
    expect(await own(thread, guest)).toMatchObject([
      {
        internal: false,
        type: 'DiscussionNote',
        body: expect.stringContaining('The answer is an internal comment'),
      },
    ]);
    expect((await own(thread)).filter(({ internal }) => internal)).toHaveLength(1);
  });

  it.each(['/aic help', '/aic deplyo', '/aic deploy branch=main'])(
    'the answer to %s of a guest shows nothing, and stands in the thread',
    async (command) => {
      await scene.start();
      const guest = person('gus', 10);
      const thread = await issue(scene);
      await say(scene, thread, command, guest);
      expect(await own(thread, guest)).toMatchObject([{ internal: false, type: 'DiscussionNote' }]);
    },
  );
});

describe('where everybody who reads the comment may read the code', () => {
  it.each([
    ['internal', 'enabled', false],
    ['public', 'enabled', false],
    ['public', 'private', true],
    ['private', 'enabled', true],
  ] as const)(
    '%s with its repository %s: the answer is internal: %s',
    async (visibility, access, internal) => {
      scene.world.gitlab.setVisibility(scene.projectId, visibility, access);
      await scene.start();
      const thread = await issue(scene);
      await say(scene, thread, '/aic diff branch=main');
      expect(await own(thread)).toMatchObject([{ internal }]);
    },
  );

  it('on a merge request the answer stands in the thread', async () => {
    await scene.start();
    const iid = await scene.open('main', sqlFile('Other', 'select 1'));
    const thread = onMergeRequest(scene, iid);
    const { answer } = await say(scene, thread, '/aic diff branch=main');
    expect(answer).toContain(formula);
    expect((await own(thread)).find(({ body }) => body.includes(formula))).toMatchObject({
      internal: false,
    });
  });
});

describe('several commands in one comment', () => {
  it('get one answer, in which each has its heading and its mark', async () => {
    await scene.start();
    const thread = await issue(scene);
    const body = ['/aic status branch=main', '/aic deplyo', '/aic diff branch=main'].join('\n');
    const { answer, emoji } = await say(scene, thread, body);
    expect(emoji).toBe('x');
    expect(await own(thread)).toHaveLength(1);
    const [, ...sections] = answer.split(/^#### /m);
    expect(sections.map((text) => text.split('\n')[0])).toEqual([
      '`/aic status branch=main`',
      '`/aic deplyo`',
      '`/aic diff branch=main`',
    ]);
    expect(sections[1]).toContain('❌');
    expect(sections[2]).toContain(formula);
  });

  it('that are twenty get one answer, which says once what is the same for all', async () => {
    scene.world.gitlab.setVisibility(scene.projectId, 'internal');
    await scene.start();
    const thread = await issue(scene);
    const guest = person('gus', 10);
    const body = Array.from({ length: 20 }, () => '/aic deploy branch=main').join('\n');
    const { answer } = await say(scene, thread, body, guest);
    expect(await own(thread)).toHaveLength(1);
    expect(answer.match(/needs the access level/g)).toHaveLength(1);
    expect(answer).not.toContain('####');
  });

  it('of which one deploys: its report is a comment of its own, and the answer names its outcome', async () => {
    await scene.start();
    const thread = await issue(scene);
    const { answer } = await say(scene, thread, '/aic deploy branch=main force\n/aic help status');
    const all = await own(thread);
    expect(all).toHaveLength(2);
    expect(all.filter(({ body }) => body.includes('aic-bot:deployment:'))).toHaveLength(1);
    expect(answer).toMatch(/#### `\/aic deploy branch=main force`\n+✅ \*\*Deployed 1 pipeline/);
  });

  it('are answered whole when the bot is stopped between two of them', async () => {
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    const restore = scene.world.aic.inject({ path: /./, fault: { kind: 'status', status: 503 } });
    const body = '/aic help status\n/aic diff branch=main\n/aic help plan';
    await scene.maintainer.call('POST', `${thread.path}/notes`, { body });
    await until(
      'the first to end',
      () => scene.rows(`select 1 from audit where entry like '%/aic help status%'`)[0],
      patienceMs,
    );
    await bot.stop();
    restore();
    expect(await own(thread)).toEqual([]);
    await scene.start();
    await ended(thread);
    const answers = await own(thread);
    expect(answers).toHaveLength(1);
    for (const part of ['`/aic help status`', formula, '`/aic help plan`'])
      expect(answers[0]?.body).toContain(part);
  });
});
