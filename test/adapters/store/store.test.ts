import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createInbox } from '../../../src/adapters/store/tables/inbox.ts';
import { migrations } from '../../../src/adapters/store/migrations/sqlite.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import type { Clock } from '../../../src/domain/shared/clock.ts';
import type { ProjectId } from '../../../src/domain/shared/ids.ts';
import type { Delivery } from '../../../src/domain/jobs/inbox.ts';
import { commandsOfEarlierVersion } from '../commands-of-earlier-version.ts';
import { openStore } from '../open-store.ts';
import { storeContract, type OpenStore } from '../store-contract.ts';

const clock: Clock = { now: () => 1_000_000 };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-store-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('SQLite files', () => {
  storeContract(async () => ({
    open: (time) => open(join(folder, 'new', 'bot.db'), time),
    remove: async () => {},
  }));
});

describe('SQLite in memory', () => {
  test('takes deliveries like a file', async () => {
    const db = await openSqlite('file::memory:');
    const inbox = createInbox(db, clock, () => {});
    expect(await inbox.accept(delivery, [])).toEqual({ ok: true, value: 'new' });
    await db.destroy();
  });
});

const delivery: Delivery = {
  id: 'one',
  receivedAt: 1,
  eventName: 'Push Hook',
  digest: 'of one',
  content: { kind: 'rejected', reason: 'odd', body: '{}' },
};

describe('a SQLite file', () => {
  const path = () => join(folder, 'bot.db');

  test('makes each commit outlive a crash of the machine: WAL, written through', async () => {
    const db = await openSqlite(`file:${path()}`);
    const read = async (pragma: string) => {
      const { rows } = await db.executeQuery<Record<string, unknown>>({
        ...db.selectNoFrom([]).compile(),
        sql: `PRAGMA ${pragma}`,
      });
      return Object.values(rows[0] ?? {})[0];
    };
    expect(await read('journal_mode')).toBe('wal');
    expect(await read('synchronous')).toBe(2);
    expect(await read('foreign_keys')).toBe(1);
    await db.destroy();
  });

  test('of a newer version is refused', async () => {
    await (await openSqlite(`file:${path()}`)).destroy();
    using file = new DatabaseSync(path());
    file.exec(`insert into kysely_migration values ('9999-future', '2999-01-01T00:00:00.000Z')`);
    await expect(openSqlite(`file:${path()}`)).rejects.toThrow('written by a newer version of aic-bot');
  });

  test('that is no database is refused, and left as it is', async () => {
    await writeFile(path(), 'not a database, but longer than a header of one hundred bytes'.repeat(20));
    await expect(openSqlite(`file:${path()}`)).rejects.toThrow('file is not a database');
  });

  test('in a place that cannot be written is refused', async () => {
    await writeFile(path(), '');
    await expect(openSqlite(`file:${path()}/below/bot.db`)).rejects.toThrow(/ENOTDIR|EEXIST/);
    await expect(openSqlite(`file:${folder}`)).rejects.toThrow('unable to open database file');
  });

  test('that fails makes the inbox unavailable, which tells nobody of jobs', async () => {
    const db = await openSqlite(`file:${path()}`);
    let woken = 0;
    const inbox = createInbox(db, clock, () => void (woken += 1));
    {
      using other = new DatabaseSync(path());
      other.exec('drop table deliveries');
    }
    expect(await inbox.accept(delivery, [])).toEqual({
      ok: false,
      failure: { reason: 'unavailable', said: expect.stringContaining('no such table') },
    });
    await db.destroy();
    expect(await inbox.accept(delivery, [])).toMatchObject({ failure: { reason: 'unavailable' } });
    expect(woken).toBe(0);
  });

  test('that is locked for a moment is waited for no longer than told, and works again', async () => {
    const db = await openSqlite(`file:${path()}`);
    const inbox = createInbox(db, clock, () => {});
    await db.executeQuery({ ...db.selectNoFrom([]).compile(), sql: 'PRAGMA busy_timeout = 0' });
    using other = new DatabaseSync(path());
    other.exec('begin immediate');
    expect(await inbox.accept(delivery, [])).toMatchObject({
      failure: { said: expect.stringContaining('locked') },
    });
    other.exec('rollback');
    expect(await inbox.accept(delivery, [])).toMatchObject({ value: 'new' });
    await db.destroy();
  });
});

async function open(path: string, time: Clock): Promise<OpenStore> {
  const db = await openSqlite(`file:${path}`);
  const other = await openSqlite(`file:${path}`);
  return openStore(db, other, time, async () => {
    await db.destroy();
    await other.destroy();
  });
}

describe('a file of the first version', () => {
  test('keeps its deployments, what is pending and the comments that wait', async () => {
    const path = join(folder, 'old.db');
    await (await openSqlite(`file:${path}`)).destroy();
    const old = new DatabaseSync(path);
    old.exec(`
      delete from kysely_migration where name >= '0002';
      drop index jobs_lane;
      drop index jobs_broken;
      alter table jobs drop column broke;
      alter table deliveries drop column digest;
      drop table askers;
      drop table own_commits;
      drop index deployments_running;
      drop table leases;
      drop table requests;
      drop table notices;
      drop table projects;
      drop table audit;
      drop table pushes;
      drop table plans;
      drop table holds;
      drop index items_pipeline;
      alter table deployments drop column rolls_back;
      alter table deployments drop column scope_json;
      alter table items drop column provenance_json;
      alter table pending drop column provenance_json;
      alter table pending drop column held;
      drop table drift;
      drop table drift_checks;
      alter table deployments drop column record;
      alter table branches drop column gated;
      drop index deployments_request;
      alter table deployments drop column told;
      alter table deployments drop column request;
      drop index deliveries_old;
      drop index snapshots_old;
      alter table pending drop column paused;
      alter table baselines drop column blob;
      alter table deployments drop column places_json;
      alter table deployments drop column ordered_by;
      alter table deployments drop column reason;
      alter table deployments drop column cancelled_by;
      alter table deployments add column merge_requests_json text not null default '[]';
      insert into deliveries (id, received_at, event_name, body, status, project_id, event_json) values
        ('d', 5, 'Push Hook', '{"user_email":"a@b"}', 'waiting', 7, '{"kind":"pushed"}'),
        ('e', 4, 'Note Hook', '{"note":"x"}', 'finished', 7, '{"kind":"commanded","lines":["/aic help"]}'),
        ('f', 6, 'x', '{"odd":1}', 'rejected', null, null);
      insert into pending (project_id, branch, pipeline, path, base_sha) values (7, 'main', 'p', 'config/p.json', 'b');
      insert into deployments (project_id, branch, environment, aic_project, workspace, head_sha, merge_requests_json, status, started_at)
        values (7, 'main', 'prod', 'A', 'W', 'c', '[3,5]', 'failed', 1), (7, 'develop', 'prod', 'A', 'W', 'c', '[]', 'failed', 1);
      insert into jobs (lane, key, job_json, due_at, status, tries, added_at) values
        ('a', 'a', '{"kind":"merge-request-comment","projectId":7,"mergeRequest":3,"marker":"m","body":"b"}', 1, 'waiting', 0, 1),
        ('b', 'b', '{"kind":"commit-comment","projectId":7,"commit":"cc","marker":"m","body":"b"}', 1, 'waiting', 0, 1),
        ('c', 'c', '{"kind":"deploy","projectId":7,"branch":"main","mappingKey":"main"}', 1, 'waiting', 0, 1);
    `);
    old.close();
    const db = await openSqlite(`file:${path}`);
    const store = createStore(db, clock, () => {});
    const key = { projectId: 7 as ProjectId, branch: 'main' };
    expect(await store.pending(key)).toMatchObject([
      { pipeline: 'p', paused: false, held: false, provenance: { isUnknown: true } },
    ]);
    expect(await store.lastDeployment(key)).toMatchObject({
      deployment: {
        places: [
          { kind: 'merge-request', iid: 3 },
          { kind: 'merge-request', iid: 5 },
        ],
      },
    });
    expect(await store.lastDeployment({ ...key, branch: 'develop' })).toMatchObject({
      deployment: { places: [] },
    });
    expect(await store.projects()).toEqual([
      { id: 7, heardAt: 4, caughtUpAt: undefined, hookProblem: undefined },
    ]);
    const deliveries = db.selectFrom('deliveries').select(['id', 'body', 'event_json', 'digest']);
    expect(await deliveries.orderBy('id').execute()).toEqual([
      { id: 'd', body: '', event_json: '{"kind":"pushed"}', digest: '' },
      { id: 'e', body: '', event_json: null, digest: '' },
      { id: 'f', body: '{"odd":1}', event_json: null, digest: '' },
    ]);
    const jobs = await db.selectFrom('jobs').select('job_json').orderBy('id').execute();
    expect(jobs.map((row): unknown => JSON.parse(row.job_json))).toEqual([
      { kind: 'comment', projectId: 7, place: { kind: 'merge-request', iid: 3 }, marker: 'm', body: 'b' },
      { kind: 'comment', projectId: 7, place: { kind: 'commit', commit: 'cc' }, marker: 'm', body: 'b' },
      { kind: 'deploy', projectId: 7, branch: 'main', mappingKey: 'main' },
    ]);
    await db.destroy();
  });
});

test('commands that an earlier version had not begun wait for GitLab to confirm them', async () => {
  const path = `file:${join(folder, 'earlier.db')}`;
  await commandsOfEarlierVersion(await openSqlite(path), migrations);
});
