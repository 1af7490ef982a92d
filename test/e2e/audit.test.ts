import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { personAt } from '../../demo/person.ts';
import { runCli } from './cli.ts';
import { aicProject, isFinal, setScene, sqlContent, sqlFile, type Scene } from './scene.ts';
import { issue, onMergeRequest, say } from './thread.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await setScene();
});
afterEach(() => scene.close());

const row = z.object({
  id: z.number(),
  at: z.string(),
  kind: z.string(),
  project: z.number(),
  who: z.array(z.object({ id: z.number().optional(), name: z.string().optional() })),
  what: z.string(),
  where: z.string(),
  reason: z.string().optional(),
  result: z.string(),
  items: z.array(
    z.object({
      pipeline: z.string(),
      before: z.string().optional(),
      after: z.string().optional(),
      result: z.string(),
    }),
  ),
  deliveries: z.array(z.string()),
  previous: z.string(),
  hash: z.string(),
});

function cli(...args: readonly string[]) {
  return runCli(scene.world.settings, scene.world.folder, args);
}

async function exported(...args: readonly string[]) {
  const { stdout, code } = await cli('audit', 'export', ...args);
  expect(code).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => row.parse(JSON.parse(line)));
}

async function verify(...args: readonly string[]) {
  const { stdout, code } = await cli('audit', 'verify', ...args);
  return { stdout, code };
}

async function mergeSales(query: string): Promise<number> {
  const iid = await scene.open('develop', sqlFile('Sales', query));
  await scene.merge(iid);
  await scene.comment(iid, isFinal);
  return iid;
}

describe('the audit log', () => {
  it('has who merged what, and what the workspace held before and after', async () => {
    await scene.start();
    await mergeSales('select 1');
    await mergeSales('select 2');
    const all = await exported();
    expect(all).toMatchObject([
      {
        kind: 'deployment',
        project: scene.projectId,
        who: [{ id: expect.any(Number), name: 'omar' }],
        what: 'deployment 1',
        where: expect.stringMatching(/^develop at [0-9a-f]{40}, workspace PIN QA \(prod\)$/),
        result: 'succeeded',
        items: [{ pipeline: 'Sales', result: 'created' }],
      },
      { what: 'deployment 2', items: [{ pipeline: 'Sales', result: 'updated' }] },
    ]);
    const [first, second] = all.map(({ items }) => items[0]);
    expect(first?.before).toBeUndefined();
    expect(first?.after).toMatch(/^[0-9a-f]{64}$/);
    expect(second?.before).toBe(first?.after);
    expect(second?.after).not.toBe(second?.before);
    const kept = new Set(
      z
        .array(z.object({ id: z.string() }))
        .parse(scene.rows('select id from deliveries'))
        .map(({ id }) => id),
    );
    expect(all[0]?.deliveries.length).toBeGreaterThan(0);
    expect(all.flatMap(({ deliveries }) => deliveries).every((id) => kept.has(id))).toBe(true);
  });

  it('has what was overwritten by right, why, and by which comment', async () => {
    await scene.start();
    const iid = await mergeSales('select 1');
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select by hand'));
    await say(scene, onMergeRequest(scene, iid), '/aic deploy Sales force reason="restore after test"');
    const all = await exported();
    expect(all.map(({ kind }) => kind)).toEqual(['deployment', 'deployment', 'override', 'command']);
    const [first, , override, command] = all;
    expect(override).toMatchObject({
      who: [{ name: 'omar', id: expect.any(Number) }],
      reason: 'restore after test',
      what: 'deployment 2 overwrote a change made by hand in Sales',
      deliveries: expect.arrayContaining(command?.deliveries ?? ['none']),
    });
    expect(override?.items[0]?.before).not.toBe(first?.items[0]?.after);
    expect(override?.items[0]?.after).toBe(first?.items[0]?.after);
    expect(command).toMatchObject({
      what: '/aic deploy Sales force reason="restore after test"',
      reason: 'restore after test',
      result: expect.stringMatching(/^done: /),
      deliveries: [expect.any(String)],
    });
  });

  it('has refused commands of members and refused merges', async () => {
    const { gitlab } = scene.world;
    const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
    gitlab.addMember(scene.projectId, dev.id, 30);
    await scene.start();
    const thread = await issue(scene);
    await say(scene, thread, '/aic deploy branch=develop', personAt(gitlab.url, dev.token));
    await say(scene, thread, '/aic deplyo');
    await scene.commit('main', { 'branch_to_workspace.yaml': 'mapping: [' });
    const iid = await scene.open('develop', sqlFile('Sales', 'select 1'));
    await scene.merge(iid);
    await scene.comment(iid, () => true);
    const all = await exported();
    expect(all).toMatchObject(
      [
        { kind: 'refusal', who: [{ id: dev.id, name: 'dev' }], what: '/aic deploy branch=develop' },
        { kind: 'refusal', who: [{ name: 'omar' }], what: '/aic deplyo', result: /^refused: / },
        { kind: 'refusal', what: `merge of !${iid}`, result: 'refused: the mapping is invalid' },
      ].map((one) => ({
        ...one,
        ...('result' in one && one.result instanceof RegExp
          ? { result: expect.stringMatching(one.result) }
          : {}),
      })),
    );
  });

  it('has pushes with what was recorded before and holds after, promotions, and operators’ commands', async () => {
    scene.world.aic.putPipeline(aicProject, 'PIN QA', 'Sales', sqlContent('select 1'));
    await scene.start();
    const thread = await issue(scene);
    await say(scene, thread, '/aic push branch=develop');
    await say(scene, thread, '/aic release 2026-11 Sales');
    await cli('status', 'pin/pipelines');
    const all = await exported();
    expect(all.map(({ kind }) => kind)).toEqual(['push', 'command', 'promotion', 'command']);
    expect(all[0]).toMatchObject({
      what: 'push of PIN QA',
      where: 'develop',
      result: expect.stringMatching(/^written as [0-9a-f]{40}$/),
      items: [{ pipeline: 'Sales', after: expect.any(String), result: 'new' }],
    });
    expect(all[0]?.deliveries).toHaveLength(1);
    expect(all[0]?.deliveries).toEqual(all[1]?.deliveries);
    expect(all[3]).toMatchObject({ what: 'status', where: 'the command line' });
    expect(all[3]?.who[0]?.id).toBeUndefined();
  });

  it('is verified, and names the row that somebody changed', async () => {
    await scene.start();
    await mergeSales('select 1');
    await mergeSales('select 2');
    const whole = await verify();
    expect(whole.stdout).toMatch(/^✓ The audit log is whole: 2 rows, the last with the hash "?[0-9a-f]{64}/);
    expect(whole.code).toBe(0);
    const last = /[0-9a-f]{64}/.exec(whole.stdout)?.[0] ?? '';
    expect(await verify('--expect', last)).toMatchObject({ code: 0 });
    expect(await verify('--expect', '0'.repeat(64))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('rows were cut off'),
    });

    const file = new DatabaseSync(join(scene.world.folder, 'aic-bot.db'));
    const forge = `update audit set entry = replace(entry, 'omar', 'mallory') where id = 1`;
    expect(() => file.exec(forge)).toThrow('the audit log is only added to');
    expect(() => file.exec('delete from audit')).toThrow('the audit log is only added to');
    file.exec(`drop trigger audit_no_update; ${forge}`);
    file.close();
    expect(await verify('--json')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Row 1 of the audit log was changed after it was written.'),
    });
  });

  it('is exported from a moment on, and refuses what is no moment', async () => {
    await scene.start();
    await mergeSales('select 1');
    await scene.advance(3 * 24 * 60 * 60_000);
    await mergeSales('select 2');
    const since = new Date(scene.now() - 24 * 60 * 60_000).toISOString();
    expect((await exported('--since', since)).map(({ what }) => what)).toEqual(['deployment 2']);
    expect(await exported('--since', since.slice(0, 10))).toHaveLength(1);
    const wrong = await cli('audit', 'export', '--since', 'yesterday');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('2026-11-01');
  });

  it('that is not there is said to be so', async () => {
    const { code, stdout } = await verify();
    expect(code).toBe(1);
    expect(stdout).toContain('there is no such file');
  });
});

describe('what is old', () => {
  it('is dropped after its time: bodies and snapshots, and no row of the audit log', async () => {
    const day = 24 * 60 * 60_000;
    const bot = await scene.start({ KEEP_DELIVERIES_DAYS: '2', KEEP_SNAPSHOTS_DAYS: '4' });
    // The body of what could not be read is the only one that is kept.
    await scene.deliver(bot, { object_kind: 'push' });
    await mergeSales('select 1');
    await mergeSales('select 2');
    await scene.settle();
    const counts = () =>
      scene.rows(
        `select (select count(*) from deliveries where body <> '') as bodies, (select count(*) from deliveries) > 3 as deliveries,
          (select count(*) from snapshots) as snapshots, (select count(*) from audit) as audit`,
      )[0];
    expect(counts()).toEqual({ bodies: 1, deliveries: 1, snapshots: 1, audit: 2 });
    const bodies = () => scene.rows(`select 1 from deliveries where body <> ''`).length;
    await scene.advance(3 * day);
    await scene.settle();
    expect(bodies()).toBe(0);
    expect(counts()).toMatchObject({ deliveries: 1, snapshots: 1, audit: 2 });
    await scene.advance(2 * day);
    await scene.settle();
    expect(counts()).toMatchObject({ snapshots: 0, audit: 2 });
  });
});
