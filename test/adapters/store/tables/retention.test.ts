import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { createQueryId, type Kysely, type RootOperationNode } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { createRetention } from '../../../../src/adapters/store/tables/retention.ts';
import type { Tables } from '../../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../../src/adapters/store/engines/sqlite.ts';
import type { Retention } from '../../../../src/domain/store/retention.ts';

let folder: string;
let path: string;
let db: Kysely<Tables>;
let retention: Retention;
/** What the retention asked of the database. */
let asked: RootOperationNode[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-retention-'));
  path = join(folder, 'bot.db');
  db = await openSqlite(`file:${path}`);
  asked = [];
  const watched = db.withPlugin({
    transformQuery: ({ node }) => {
      // Parts of a statement come here, too.
      if (node.kind === 'SelectQueryNode' && 'limit' in node) asked.push(node);
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  });
  retention = createRetention((work) => watched.transaction().execute(work));
});

afterEach(async () => {
  await db.destroy();
  await rm(folder, { recursive: true, force: true });
});

function withFile<Found>(use: (file: DatabaseSync) => Found): Found {
  using file = new DatabaseSync(path);
  return use(file);
}

const numbers = (to: number) =>
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${to})`;

describe('what is old', () => {
  test('of deliveries is the body, of those that are no longer waited for; the rows stay', async () => {
    withFile((file) =>
      file.exec(`insert into deliveries (id, received_at, event_name, body, status) values
        ('old', 1, 'x', 'b', 'finished'), ('odd', 1, 'x', 'b', 'rejected'), ('waits', 1, 'x', 'b', 'waiting'), ('new', 9, 'x', 'b', 'finished')`),
    );
    expect(await retention.dropBodies(9)).toBe(2);
    expect(await retention.dropBodies(9)).toBe(0);
    const rows = withFile((file) => file.prepare('select id, body from deliveries order by rowid').all());
    expect(rows.map(({ id, body }) => [id, body])).toEqual([
      ['old', ''],
      ['odd', ''],
      ['waits', 'b'],
      ['new', 'b'],
    ]);
  });

  test('of jobs goes what was given up', async () => {
    withFile((file) =>
      file.exec(`insert into jobs (lane, key, job_json, due_at, status, tries, added_at) values
        ('a', 'old', '{}', 1, 'given-up', 0, 1), ('a', 'new', '{}', 9, 'given-up', 0, 1), ('a', 'waits', '{}', 1, 'waiting', 0, 1)`),
    );
    expect(await retention.dropGivenUp(9)).toBe(1);
    const rows = withFile((file) => file.prepare('select key from jobs order by id').all());
    expect(rows.map(({ key }) => key)).toEqual(['new', 'waits']);
  });

  test('of snapshots goes, but for those of a deployment that is running', async () => {
    withFile((file) =>
      file.exec(`insert into deployments (id, project_id, branch, environment, aic_project, workspace, head_sha, status, started_at) values
          (1, 7, 'b', 'prod', 'p', 'w', 'h', 'succeeded', 1), (2, 7, 'b', 'prod', 'p', 'w', 'h', 'running', 1);
        insert into snapshots (deployment_id, pipeline, fingerprint, config, taken_at) values
          (1, 'old', 'f', 'c', 1), (1, 'new', 'f', 'c', 9), (2, 'old', 'f', 'c', 1)`),
    );
    expect(await retention.dropSnapshots(9)).toBe(1);
    const rows = withFile((file) => file.prepare('select * from snapshots order by rowid').all());
    expect(rows).toMatchObject([
      { deployment_id: 1, pipeline: 'new' },
      { deployment_id: 2, pipeline: 'old' },
    ]);
  });

  test('goes some hundreds at a time', async () => {
    withFile((file) =>
      file.exec(`insert into deliveries (id, received_at, event_name, body, status)
        ${numbers(1_200)} select i, i, 'x', 'b', 'finished' from n`),
    );
    const dropped: number[] = [];
    while (dropped.at(-1) !== 0) dropped.push(await retention.dropBodies(1_201));
    expect(dropped).toEqual([500, 500, 200, 0]);
  });

  test('is found by an index: no table is read from end to end', async () => {
    await retention.dropBodies(9);
    await retention.dropGivenUp(9);
    await retention.dropPushes(9);
    await retention.dropSnapshots(9);
    expect(asked).toHaveLength(4);
    for (const node of asked) {
      const { sql, parameters } = db.getExecutor().compileQuery(node, createQueryId());
      const steps = withFile((file) =>
        file
          .prepare(`explain query plan ${sql}`)
          .all(...parameters.map((each) => (typeof each === 'number' ? each : String(each)))),
      );
      expect(steps.map(({ detail }) => String(detail)).join('\n')).not.toMatch(/^SCAN/m);
    }
  });
});
