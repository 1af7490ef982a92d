import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { probeDatabase } from '../../../../src/adapters/store/engines/probe.ts';
import { openSqlite } from '../../../../src/adapters/store/engines/sqlite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'probe-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('makes no file where there is none', async () => {
  const file = join(folder, 'deeper', 'aic-bot.db');
  expect(await probeDatabase(`file:${file}`)).toEqual({ ok: true, value: 'new' });
  expect(existsSync(join(folder, 'deeper'))).toBe(false);
});

it('finds a database usable while a bot has it open', async () => {
  const url = `file:${join(folder, 'aic-bot.db')}`;
  const db = await openSqlite(url);
  expect(await probeDatabase(url)).toEqual({ ok: true, value: 'usable' });
  await db.destroy();
});

it('tells that a newer version wrote the file', async () => {
  const path = join(folder, 'aic-bot.db');
  await (await openSqlite(`file:${path}`)).destroy();
  {
    using file = new DatabaseSync(path);
    file.exec(`insert into kysely_migration values ('9999-later', '2999-01-01T00:00:00.000Z')`);
  }
  expect(await probeDatabase(`file:${path}`)).toEqual({
    ok: false,
    failure: expect.stringContaining('written by a newer version of aic-bot: start that version'),
  });
});

it('leaves a file that is no database as it is', async () => {
  const file = join(folder, 'notes.txt');
  writeFileSync(file, 'These are my notes, and they are no database at all.\n'.repeat(50));
  const before = readFileSync(file);
  expect(await probeDatabase(`file:${file}`)).toMatchObject({
    ok: false,
    failure: expect.stringContaining('not a database'),
  });
  expect(readFileSync(file)).toEqual(before);
});
