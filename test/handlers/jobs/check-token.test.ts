import * as fc from 'fast-check';
import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Tables } from '../../../src/adapters/store/tables/schema.ts';
import { openSqlite } from '../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../src/adapters/store/store.ts';
import type { GitLabResult } from '../../../src/domain/gitlab/project.ts';
import type { MailSettings } from '../../../src/domain/report/mail.ts';
import { fail, ok } from '../../../src/domain/shared/result.ts';
import type { Token } from '../../../src/domain/gitlab/access-token.ts';
import type { UpstreamReason } from '../../../src/domain/shared/upstream-failure.ts';
import { checkToken } from '../../../src/handlers/jobs/check-token.ts';
import { mail } from '../../domain/samples.ts';

const day = 24 * 60 * 60_000;
const now = Date.UTC(2026, 10, 25, 12);
const clock = { now: () => now };

let db: Kysely<Tables>;
beforeEach(async () => {
  db = await openSqlite('file::memory:');
});
afterEach(() => db.destroy());

const jobs = async () => {
  const rows = await db.selectFrom('jobs').select(['key', 'due_at']).orderBy('id').execute();
  return rows.map(({ key, due_at: dueAt }) => ({ key, dueAt }));
};

function tokenThatEnds(expiresAt: number | undefined): GitLabResult<Token> {
  return ok({ name: 'aic-bot', scopes: ['api'], expiresAt });
}

function failing(reason: UpstreamReason): GitLabResult<Token> {
  const asked = 'GET /personal_access_tokens/self';
  return fail({ system: 'GitLab', reason, status: 400, asked, said: 'no' });
}

/** Looks at a token, in a process that dies when it writes for the given time. */
function look(token: GitLabResult<Token>, diesAt = Infinity, settings: MailSettings = mail) {
  const store = createStore(db, clock, () => {});
  let writes = 0;
  const dying = async <Value>(write: () => Promise<Value>): Promise<Value> => {
    writes += 1;
    if (writes === diesAt) throw new Error('killed');
    return write();
  };
  return checkToken({
    gitlab: { token: () => Promise.resolve(token) },
    store: {
      giveNotice: (id, due) => dying(() => store.giveNotice(id, due)),
      forgetNotice: (id) => dying(() => store.forgetNotice(id)),
    },
    jobs: { add: (...due) => dying(() => store.add(...due)) },
    clock,
    settings,
  });
}

describe('a look at the token', () => {
  test('leaves the next one behind, in a day', async () => {
    expect(await look(tokenThatEnds(undefined))).toEqual({ kind: 'done' });
    expect(await jobs()).toEqual([{ key: 'check-token', dueAt: now + day }]);
  });

  test('leaves it for the moment of the next threshold where that is sooner', async () => {
    const end = now + 7 * day + 3_600_000;
    expect(await look(tokenThatEnds(end))).toEqual({ kind: 'done' });
    expect(await jobs()).toMatchObject([
      { key: expect.stringMatching(/^mail:/) },
      { dueAt: now + 3_600_000 },
    ]);
  });

  test.each<readonly [UpstreamReason, string]>([
    ['passing', 'again'],
    ['denied', 'again'],
    ['missing', 'again'],
    ['conflict', 'again'],
    ['refused', 'again'],
    ['too-large', 'again'],
    ['stopped', 'stopped'],
  ])('that fails is never the last one: %s', async (reason, outcome) => {
    expect(await look(failing(reason))).toMatchObject({ kind: outcome });
    expect((await jobs()).map(({ key }) => key)).toEqual(
      reason === 'denied' ? [`mail:token-denied-${now}@bot.example`] : [],
    );
  });

  test.each([
    ['the end', tokenThatEnds(now + 2 * day), 'mail:token-expires-2026-11-27-3@bot.example'],
    ['a denial', failing('denied'), `mail:token-denied-${now}@bot.example`],
  ])('tells of %s that nobody could be told of before, once somebody can be', async (_what, token, key) => {
    await look(token, Infinity, { ...mail, mailTo: [] });
    expect((await jobs()).filter((job) => job.key.startsWith('mail:'))).toEqual([]);
    await look(token);
    expect(await jobs()).toContainEqual({ key, dueAt: now });
  });

  test('mails once, and leaves one next look, whenever the process dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }), async (deaths) => {
        await db.deleteFrom('jobs').execute();
        await db.deleteFrom('notices').execute();
        for (const diesAt of deaths) await look(tokenThatEnds(now + 2 * day), diesAt).catch(() => undefined);
        await look(tokenThatEnds(now + 2 * day));
        expect((await jobs()).map(({ key }) => key).toSorted()).toEqual([
          'check-token',
          'mail:token-expires-2026-11-27-3@bot.example',
        ]);
      }),
      { numRuns: 50 },
    );
  });
});
