import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { aicProject, isFinal, mapping, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, notesOf, type Thread } from './thread.ts';

const minute = 60_000;
const hour = 60 * minute;
const late = 'this came while I was away';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

/** The calls about projects since the last time, without the demo's own people. */
function callsSince(from: number): readonly string[] {
  return scene.world.gitlab.calls.slice(from).map(({ method, path }) => `${method} ${path}`);
}

const answersIn = async (thread: Thread) =>
  (await notesOf(scene, thread)).filter((note) => note.author.username === 'aic-bot').map(({ body }) => body);

/** A comment of the maintainer's; GitLab tries to tell the bot of it. */
async function write(thread: Thread, body: string, createdAt?: number): Promise<void> {
  const at = createdAt === undefined ? {} : { created_at: new Date(createdAt).toISOString() };
  await scene.maintainer.call('POST', `${thread.path}/notes`, { body, ...at });
  await scene.world.gitlab.deliveriesSettled();
}

describe('the sweep', () => {
  it('deploys what was merged while the bot was down, with comment and mail', async () => {
    const bot = await scene.start();
    await scene.settle();
    await bot.stop();
    await scene.silence();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    await scene.start();
    await scene.settle();
    expect(await scene.comment(iid, isFinal)).toContain('**Deployed 1 pipeline to `PIN QA`: 1 created**');
    const mail = await scene.world.mail.waitForMail(({ subject }) => subject.includes('[Deploy]'), 30_000);
    expect(mail.text).toContain('Sales');
  });

  it('deploys what was merged while it ran and no webhook came, and says that the webhook is missing', async () => {
    await scene.start();
    await scene.settle();
    await scene.silence();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    await nextSweep();
    await scene.settle();
    expect(await scene.comment(iid, isFinal)).toContain('1 created');
    const mail = await scene.world.mail.waitForMail(({ subject }) => subject.includes('webhook'), 30_000);
    expect(mail.subject).toBe('[aic-bot] The webhook of pin/pipelines does not work');
    expect(mail.text).toContain('There is no webhook for the bot');
  });

  it('takes the head of a branch that it never saw as the starting point, and deploys nothing', async () => {
    await scene.commit('develop', sqlFile('Sales', 'select 1'));
    await scene.start();
    await scene.settle();
    expect(scene.world.aic.writes).toEqual([]);
    const head = await scene.world.gitlab.commitId(scene.projectId, 'develop');
    expect(scene.rows(`select deployed_sha from branches where branch = 'develop'`)).toEqual([
      { deployed_sha: head },
    ]);
  });

  it('loses no merge whose webhooks come again after it saw the branch for the first time, in whatever order', async () => {
    const iids: number[] = [];
    for (const name of ['one', 'two', 'three']) {
      iids.push(await scene.open('develop', sqlFile(name, 'select 1')));
      await scene.merge(iids.at(-1) ?? 0);
    }
    const bot = await scene.start();
    await scene.settle();
    const [one, two, three] = iids;
    for (const iid of [two, one, two, three]) {
      await scene.deliver(bot, {
        object_kind: 'merge_request',
        object_attributes: { action: 'merge', iid, target_branch: 'develop', state: 'merged' },
      });
      await scene.settle();
    }
    expect([...scene.world.aic.pipelines(aicProject, 'PIN QA')].toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('costs one call for a project in which nothing moved, and one for the list of projects', async () => {
    await scene.start();
    await scene.settle();
    for (let pass = 1; pass <= 2; pass += 1) {
      const from = scene.world.gitlab.calls.length;
      await nextSweep();
      // What moves the clock is a delivery of a push to a branch that does not exist.
      const calls = callsSince(from).filter((call) => !/untouched|\/projects\/\d+$/.test(call));
      expect(calls).toEqual([
        'GET /api/v4/projects',
        `GET /api/v4/projects/${scene.projectId}/repository/branches`,
      ]);
    }
  });

  it('reads a mapping again that was changed while no webhook came', async () => {
    await scene.start();
    await scene.settle();
    await scene.silence();
    scene.world.aic.addWorkspace(aicProject, 'PIN NEW');
    await scene.addBranch('next', 'main');
    await scene.commit('main', {
      'branch_to_workspace.yaml': `mapping: { main: PIN PROD, develop: PIN QA, next: PIN NEW }\naic: { project: ${aicProject} }\n`,
    });
    await nextSweep();
    await until(
      'the new branch',
      () => (jobsOf('deploy').some(({ branch }) => branch === 'next') ? true : undefined),
      10_000,
    );
  });

  it('takes up what is pending of a branch that was not in the mapping for a while', async () => {
    const remove = scene.world.aic.inject({ fault: { kind: 'status', status: 503 } });
    await scene.start();
    await scene.settle();
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    expect(await scene.comment(iid, isFinal)).toContain('1 failed');
    await scene.commit('main', { 'branch_to_workspace.yaml': mapping.replace(/ {2}develop.*\n/, '') });
    await scene.settle();
    await scene.advance(hour);
    await scene.settle();
    remove();
    await scene.commit('main', { 'branch_to_workspace.yaml': mapping });
    await nextSweep();
    const live = () => scene.world.aic.pipelines(aicProject, 'PIN QA');
    await until('the deployment', () => (live().includes('Sales') ? true : undefined), 20_000);
  });

  it('goes on with the other projects where one does not answer', async () => {
    const { gitlab, bot } = scene.world;
    const other = await gitlab.addProject('pin/other', { defaultBranch: 'main' });
    gitlab.addMember(other.id, bot.id, 40);
    await gitlab.commitFiles(other.id, 'main', 'Begin', {
      'branch_to_workspace.yaml': `mapping: { main: PIN TEAM A }\naic: { project: ${aicProject} }\n`,
    });
    gitlab.inject({
      path: new RegExp(`projects/${scene.projectId}/repository`),
      fault: { kind: 'status', status: 500 },
    });
    await scene.start();
    await until(
      'the other project',
      () => (jobsOf('deploy').some(({ project }) => project === other.id) ? true : undefined),
      10_000,
    );
  });
});

describe('comments that came while the bot was down', () => {
  async function withHook(): Promise<{ readonly thread: Thread; readonly hook: number }> {
    const thread = await issue(scene);
    const bot = await scene.start();
    await scene.settle();
    await bot.stop();
    const [hook] = z
      .array(z.object({ id: z.number() }))
      .parse(await scene.maintainer.call('GET', `/projects/${scene.projectId}/hooks`));
    return { thread, hook: hook?.id ?? 0 };
  }

  it('are carried out, each once', async () => {
    const { thread } = await withHook();
    for (let number = 1; number <= 3; number += 1) await write(thread, `/aic status branch=b${number}`);
    await write(thread, 'no command');
    await scene.start();
    await scene.settle();
    const answers = await until(
      'three answers',
      async () => {
        const all = await answersIn(thread);
        return all.length >= 3 ? all : undefined;
      },
      15_000,
    );
    // They begin in their order; of branches of their own, none waits for another.
    expect(answers.map((body) => /`(b\d)`/.exec(body)?.[1]).toSorted()).toEqual(['b1', 'b2', 'b3']);
    await scene.settle();
    expect(await answersIn(thread)).toHaveLength(3);
  });

  it('are read where GitLab keeps no list of failed deliveries', async () => {
    const { thread } = await withHook();
    scene.world.gitlab.inject({ path: /hooks\/\d+\/events/, fault: { kind: 'status', status: 404 } });
    await write(thread, '/aic status branch=b1');
    await write(thread, '/aic help status');
    await scene.start();
    await scene.settle();
    await until(
      'two answers',
      async () => ((await answersIn(thread)).length >= 2 ? true : undefined),
      15_000,
    );
    expect(scene.world.gitlab.calls.some(({ path }) => path.endsWith('/resend'))).toBe(false);
    await scene.settle();
    expect(await answersIn(thread)).toHaveLength(2);
  });

  it('are read where the token may not see webhooks, and an edited one is not carried out', async () => {
    const { thread } = await withHook();
    scene.world.gitlab.addMember(scene.projectId, scene.world.bot.id, 30);
    await write(thread, '/aic help status');
    const edited = await scene.maintainer.call('POST', `${thread.path}/notes`, { body: 'hello' });
    const { id } = z.object({ id: z.number() }).parse(edited);
    await scene.maintainer.call('PUT', `${thread.path}/notes/${id}`, { body: '/aic help deploy' });
    await scene.start();
    await scene.settle();
    await until(
      'both answers',
      async () => ((await answersIn(thread)).length >= 2 ? true : undefined),
      15_000,
    );
    await scene.settle();
    expect((await answersIn(thread)).toSorted()).toEqual([
      expect.stringContaining('`/aic status`'),
      expect.stringContaining('the comment was changed after it was written'),
    ]);
  });

  it('older than a day are answered and not carried out', async () => {
    const { thread } = await withHook();
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 1'));
    await write(thread, '/aic push branch=develop\n/aic help', scene.now());
    await scene.advance(25 * hour);
    await scene.start();
    await scene.settle();
    const [answer, ...others] = await until(
      'an answer',
      async () => {
        const all = await answersIn(thread);
        return all.length > 0 ? all : undefined;
      },
      15_000,
    );
    expect(answer).toContain(late);
    expect(answer).toContain('Say it again if you still want it.');
    await scene.settle();
    expect(others).toEqual([]);
    expect(
      await scene.world.gitlab.readFile(scene.projectId, 'develop', 'config/Sales.json'),
    ).toBeUndefined();
  });
});

describe('a webhook', () => {
  const hooksPath = () => `/projects/${scene.projectId}/hooks`;
  const subjects = () => scene.world.mail.mails.map(({ subject }) => subject);
  const readyz = async (url: string): Promise<unknown> => (await fetch(`${url}/readyz`)).json();

  async function hookId(): Promise<number> {
    const all = await scene.maintainer.call('GET', hooksPath());
    return z.array(z.object({ id: z.number() })).parse(all)[0]?.id ?? 0;
  }

  it('that GitLab switched off is told of by mail, once, by /readyz and in the log, and comments are read', async () => {
    const thread = await issue(scene);
    const { gitlab } = scene.world;
    gitlab.disableFailingHooks(true);
    const bot = await scene.start();
    await scene.settle();
    await bot.stop();
    for (let number = 1; number <= 5; number += 1) await write(thread, `/aic help status`);
    const again = await scene.start();
    await scene.settle();
    expect(await answersIn(thread)).toHaveLength(5);
    expect(subjects()).toEqual(['[aic-bot] The webhook of pin/pipelines does not work']);
    expect(scene.world.mail.mails[0]?.text).toContain('GitLab has switched it off until');
    expect(again.log.join('\n')).toContain('webhook does not work');
    expect(await readyz(again.url)).toMatchObject({
      status: 'ready',
      warnings: [expect.stringContaining('aic-bot doctor')],
    });

    await scene.advance(61 * minute);
    await nextSweep();
    await scene.settle();
    expect(subjects()).toHaveLength(1);
  });

  it('that lacks an event is told of, and again only after it was whole in between', async () => {
    const bot = await scene.start();
    await scene.settle();
    const path = `${hooksPath()}/${await hookId()}`;
    const url = `${bot.url}/webhooks/gitlab`;
    const lookAgain = async () => {
      await scene.advance(61 * minute);
      await scene.settle();
    };
    for (const [isOn, mails] of [
      [false, 1],
      [false, 1],
      [true, 1],
      [false, 2],
    ] as const) {
      await scene.maintainer.call('PUT', path, { url, note_events: isOn });
      await lookAgain();
      expect(subjects()).toHaveLength(mails);
    }
    expect(scene.world.mail.mails[0]?.text).toContain('It does not tell the bot of: comments');
  });

  it('whose deliveries the bot refuses is told of, and not asked for all of them in vain', async () => {
    const bot = await scene.start();
    await scene.settle();
    const thread = await issue(scene);
    const url = `${bot.url}/webhooks/gitlab`;
    await scene.maintainer.call('PUT', `${hooksPath()}/${await hookId()}`, { url, token: 'another-secret' });
    await write(thread, '/aic help');
    await write(thread, '/aic help');
    await scene.advance(61 * minute);
    await nextSweep();
    await scene.settle();
    expect(scene.world.mail.mails[0]?.text).toContain('does not arrive, or the bot refuses it');
    const resent = scene.world.gitlab.calls.filter(({ path }) => path.endsWith('/resend'));
    expect(resent).toHaveLength(1);
  });

  it('has more than five deliveries sent again over several minutes, and none that the bot has no use for', async () => {
    const thread = await issue(scene);
    const bot = await scene.start();
    await scene.settle();
    await bot.stop();
    for (let number = 1; number <= 7; number += 1) await write(thread, `/aic help status`);
    for (let number = 1; number <= 3; number += 1) await write(thread, 'just talk');
    // Without this way out, only what GitLab sends again can be answered.
    scene.world.gitlab.inject({ path: /\/issues$/, method: 'GET', fault: { kind: 'status', status: 403 } });
    await scene.start();
    const answers = (count: number) =>
      until(
        `${count} answers`,
        async () => ((await answersIn(thread)).length === count ? true : undefined),
        15_000,
      );
    await answers(5);
    await scene.advance(62_000);
    // GitLab counts by its own clock.
    scene.world.gitlab.forgetResends();
    await answers(7);
    await scene.settle();
    const resent = scene.world.gitlab.calls.filter(({ path }) => path.endsWith('/resend'));
    expect(resent.length).toBeLessThanOrEqual(8);
  });
});

interface JobRow {
  readonly project: number;
  readonly branch: string;
}

function jobsOf(kind: string): readonly JobRow[] {
  const row = z.object({ project: z.number(), branch: z.string() });
  return z.array(row).parse(
    scene.rows(
      `select job_json ->> 'projectId' as project, job_json ->> 'branch' as branch from jobs
          where job_json ->> 'kind' = '${kind}'`,
    ),
  );
}

async function nextSweep(): Promise<void> {
  const before = sweepDue();
  await scene.advance(12 * minute);
  await until('the next sweep', () => (sweepDue() > before ? true : undefined), 10_000);
}

function sweepDue(): number {
  const rows = scene.rows(`select due_at from jobs where key = 'sweep' and status = 'waiting'`);
  return z.array(z.object({ due_at: z.number() })).parse(rows)[0]?.due_at ?? 0;
}
