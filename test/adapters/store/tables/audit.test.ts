import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { readAudit } from '../../../../src/adapters/store/tools/audit-reader.ts';
import { guardOf, LeaseLost } from '../../../../src/adapters/store/engines/fence.ts';
import type { Tables } from '../../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../../src/adapters/store/store.ts';
import { verifyAudit, type AuditEntry } from '../../../../src/domain/audit/audit-log.ts';
import { exportedRow } from '../../../../src/domain/audit/audit-report.ts';
import type { ProjectId } from '../../../../src/domain/shared/ids.ts';
import { deployJob } from '../../../../src/domain/jobs/job.ts';

let folder: string;
let path: string;
let db: Kysely<Tables>;
const clock = { now: () => 1_000_000 };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-audit-'));
  path = join(folder, 'bot.db');
  db = await openSqlite(`file:${path}`);
});

afterEach(async () => {
  await db.destroy();
  await rm(folder, { recursive: true, force: true });
});

const storeOf = () => createStore(db, clock, () => {});

const entry = (what: string, key?: string): AuditEntry => ({
  key,
  kind: 'command',
  project: 7 as ProjectId,
  who: [{ id: undefined, name: 'omar' }],
  what,
  where: 'here',
  reason: undefined,
  result: 'done',
  items: [],
  deliveries: [],
});

const read = () => readAudit(`file:${path}`, 0, (rows) => Array.fromAsync(rows));
const verify = () => readAudit(`file:${path}`, 0, (rows) => verifyAudit(rows));

const refusal = 'the audit log is only added to';

describe('an audit log on SQLite', () => {
  test('has an entry of one key once, and the jobs that came with it', async () => {
    const store = storeOf();
    await store.record([entry('a', 'k'), entry('b')], []);
    await store.record([entry('again', 'k'), entry('b')], []);
    const rows = await read();
    expect(rows.ok && rows.value.map((row) => exportedRow(row)['what'])).toEqual(['a', 'b', 'b']);
    expect(await verify()).toMatchObject({ value: { kind: 'whole', rows: 3 } });
  });

  test('gets no row where what it tells of is not written', async () => {
    const at = { key: { projectId: 7 as ProjectId, branch: 'main' } };
    const lost = createStore(db, clock, () => {}, guardOf(99));
    const job = { job: deployJob(7 as ProjectId, 'main'), dueAt: 1 };
    const closing = { ...at, deliveries: [], state: undefined, deployment: undefined };
    await expect(lost.record([entry('a')], [job])).rejects.toThrow(LeaseLost);
    await expect(lost.close({ ...closing, jobs: [job], audit: [entry('a')] })).rejects.toThrow(LeaseLost);
    expect(await read()).toEqual({ ok: true, value: [] });
  });

  test('lets nobody change, delete or replace a row', async () => {
    await storeOf().record([entry('a', 'k')], []);
    using file = new DatabaseSync(path);
    const columns = '(id, at, key, entry, previous, hash)';
    for (const statement of [
      `update audit set entry = 'x'`,
      `update or replace audit set at = 1`,
      'delete from audit',
      `insert or replace into audit ${columns} values (1, 1, null, 'x', 'x', 'x')`,
      `insert or replace into audit ${columns} values (2, 1, 'k', 'x', 'x', 'x')`,
    ])
      expect(() => file.exec(statement)).toThrow(refusal);
    expect(await verify()).toMatchObject({ value: { kind: 'whole', rows: 1 } });
  });

  test.each([
    ['another moment to be found by', `update audit set at = at + 1 where id = 2`, 2],
    ['bytes for text', `update audit set entry = x'ff00ff' where id = 2`, 2],
    ['text for a moment', `update audit set at = 'soon' where id = 2`, 2],
    ['no JSON', `update audit set entry = 'ö' where id = 2`, 2],
    ['the place of another', `update audit set id = 9 where id = 1`, 2],
  ])('tells the row that was given %s, and prints it all the same', async (_what, harm, id) => {
    await storeOf().record([entry('a'), entry('b'), entry('c')], []);
    using file = new DatabaseSync(path);
    file.exec(`drop trigger audit_no_update; ${harm}`);
    expect(await verify()).toMatchObject({ value: { kind: 'broken', id } });
    const rows = await read();
    expect(rows.ok && rows.value.map(exportedRow)).toHaveLength(3);
  });

  test('that holds what no row can hold is said to be unreadable', async () => {
    await storeOf().record([entry('a')], []);
    using file = new DatabaseSync(path);
    file.exec(`drop trigger audit_no_update; update audit set at = ${2n ** 62n}`);
    expect(await verify()).toEqual({ ok: false, failure: expect.stringContaining('too large') });
  });

  test('that several processes write at once is one chain', { timeout: 60_000 }, async () => {
    const [names, count] = [['one', 'two', 'three'], 40];
    const codes = await Promise.all(names.map((name) => run(path, name, String(count))));
    expect(codes).toEqual([0, 0, 0]);
    expect(await verify()).toMatchObject({ value: { kind: 'whole', rows: names.length * count } });
    const rows = await read();
    const who = rows.ok ? rows.value.map((row) => /"name":"(\w+)"/.exec(row.entry)?.[1]) : [];
    for (const name of names) expect(who.filter((each) => each === name)).toHaveLength(count);
  });
});

async function run(...args: readonly string[]): Promise<number | null> {
  const program = fileURLToPath(new URL('./audit-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve) => child.once('close', resolve));
}
