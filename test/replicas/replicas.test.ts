import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { startBotProcess, type BotProcess } from '../../demo/bot-process.ts';
import { until } from '../../demo/person.ts';
import { startWorld, type World } from '../../demo/world.ts';
import { createPool, databaseOn } from '../../src/adapters/store/engines/postgres.ts';
import { verifyAudit } from '../../src/domain/audit/audit-log.ts';
import { startPostgres } from '../postgres.ts';
import { deeds, moments } from '../soak/load.ts';
import { buildTown, townWorkspaces } from '../soak/town.ts';
import { startRoundRobin } from './round-robin.ts';

const projects = 4;
const seconds = 20;
const deedCount = 40;
/** Deliveries besides those that GitLab sends; each comes twice. */
const knocks = 1_000;

/** The same address, written in three ways: AIC's log shows which replica called. */
const spellings = ['/apis/core/v1', '/apis/core/v%31', '/apis/cor%65/v1'];

/**
 * Three replicas behind a round-robin that sends each delivery twice and in any order. While people work, replicas are killed and started again, from the middle
 * on in a version that changes the tables, the database is started anew and connections are cut.
 */
test('replicas lose nothing, do nothing twice, and work in a workspace one at a time', async () => {
  const [world, postgres] = await Promise.all([startWorld(), startPostgres()]);
  const url = await postgres.newDatabase();
  const door = await startRoundRobin();
  const pool = createPool(url, 3);
  const db = databaseOn(pool);
  const replicas = new Map<number, BotProcess>();
  const start = async (index: number, isLater: boolean) => {
    const settings = {
      ...world.settings,
      AIC_WORKSPACES: townWorkspaces,
      DATABASE_URL: url,
      SWEEP_MINUTES: '0.2',
      DRIFT_MINUTES: '0',
      AIC_URL: `${world.aic.url}${spellings[index] ?? ''}`,
    };
    const flags = isLater ? ['--import', join(import.meta.dirname, 'newer.ts')] : [];
    replicas.set(index, await startBotProcess(settings, world.folder, flags));
    door.use([...replicas.values()].map((replica) => replica.url));
  };
  const kill = async (index: number) => {
    const replica = replicas.get(index);
    replicas.delete(index);
    door.use([...replicas.values()].map((one) => one.url));
    await replica?.end('SIGKILL');
  };
  try {
    const town = await buildTown(world, projects);
    await Promise.all(spellings.map((_, index) => start(index, false)));
    await town.connect(door.url);
    const plan = deeds(deedCount, projects, 7);
    const starts = moments(deedCount, seconds * 1_000);
    const began = performance.now();
    const at = (share: number) => pause(Math.max(0, began + share * seconds * 1_000 - performance.now()));
    const working = plan.map(async (deed, index) => {
      await at((starts[index] ?? 0) / (seconds * 1_000));
      await town.act(deed, index);
    });
    const sent = new Set<string>();
    const knocking = Array.from({ length: knocks }, async (_, index) => {
      await at(index / knocks);
      const house = town.houses[index % town.houses.length];
      const id = `knock-${index}`;
      const headers = {
        'x-gitlab-token': world.webhookSecret,
        'x-gitlab-event': 'Push Hook',
        'webhook-id': id,
      };
      const body = JSON.stringify({
        object_kind: 'push',
        ref: 'refs/heads/develop',
        before: '1'.repeat(40),
        after: '2'.repeat(40),
        project: { id: house?.id, path_with_namespace: house?.path },
      });
      if ((await door.send(headers, body)) === 202) sent.add(id);
    });
    const troubles = (async () => {
      await at(0.2);
      await kill(0);
      await at(0.3);
      await start(0, false);
      await at(0.4);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
      await at(0.5);
      await kill(1);
      await start(1, true);
      await at(0.65);
      await postgres.restart();
      await at(0.75);
      await kill(2);
      await start(2, true);
      await at(0.85);
      await kill(0);
      await start(0, true);
    })();
    await Promise.all([...working, ...knocking, troubles]);
    await world.gitlab.deliveriesSettled();
    await until(
      'the end of all work',
      async () => ((await unfinished(db)).length === 0 ? true : undefined),
      120_000,
    ).catch(async (error: unknown) => {
      throw new Error(JSON.stringify(await unfinished(db)), { cause: error });
    });

    expect(await town.audit()).toEqual([]);
    expect(interleaved(world)).toEqual([]);
    for (const spelling of spellings)
      expect(world.aic.calls.filter(({ path }) => path.startsWith(`${spelling}/`))).not.toEqual([]);
    const kept = await db.selectFrom('deliveries').select(['id', 'status']).execute();
    const known = new Map(kept.map(({ id, status }) => [id, status]));
    expect([...sent].filter((id) => known.get(id) !== 'finished')).toEqual([]);
    expect(kept.filter(({ status }) => status === 'waiting')).toEqual([]);
    expect(door.accepted()).toBeGreaterThan(2 * knocks);
    const audit = await db.selectFrom('audit').selectAll().orderBy('id').execute();
    expect(await verifyAudit(audit, undefined)).toMatchObject({ kind: 'whole' });
    const given = await db
      .selectFrom('jobs')
      .select(['key', 'reason'])
      .where('status', '=', 'given-up')
      .execute();
    expect(given).toEqual([]);
    expect(
      await sql`select locked_by from graphile_worker.jobs where locked_at < now() - interval '1 minute'`.execute(
        db,
      ),
    ).toMatchObject({
      rows: [],
    });
  } finally {
    await Promise.all([...replicas.keys()].map((index) => kill(index)));
    await door.close();
    await db.destroy();
    await postgres.stop();
    await world.close();
  }
}, 240_000);

function unfinished(db: ReturnType<typeof databaseOn>) {
  return db
    .selectFrom('jobs')
    .select(['key', 'status', 'tries', 'due_at', 'reason'])
    .where('status', '<>', 'given-up')
    .where('key', 'not in', ['check-token', 'sweep', 'clean-up'])
    .where('key', 'not like', 'catch-up:%')
    .execute();
}

/** Writes of a pipeline between which another replica had written it: the second of them knew nothing of that. */
function interleaved(world: World): readonly string[] {
  const looked = new Map<string, Map<string, number>>();
  const written = new Map<string, { readonly by: string; readonly at: number }>();
  const problems: string[] = [];
  const ends = world.aic.calls.flatMap((call) => {
    const by = spellings.find((spelling) => call.path.startsWith(`${spelling}/`));
    return by === undefined ? [] : [{ ...call, by, pipeline: call.path.slice(by.length) }];
  });
  for (const { by, pipeline, method, at } of ends.filter(({ pipeline: path }) =>
    /\/jobs\/[^/]+$/.test(path),
  )) {
    const known = looked.get(pipeline) ?? new Map<string, number>();
    looked.set(pipeline, known);
    if (method === 'GET') known.set(by, at);
    else {
      const last = written.get(pipeline);
      if (last !== undefined && last.by !== by && (known.get(by) ?? 0) < last.at)
        problems.push(`${by} wrote ${pipeline} without a look at what ${last.by} had written`);
      written.set(pipeline, { by, at });
    }
  }
  return problems;
}
