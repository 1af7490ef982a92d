import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { expect } from 'vitest';

import type { Tables } from '../../src/adapters/store/tables/schema.ts';
import type { IssueIid, NoteId, ProjectId } from '../../src/domain/shared/ids.ts';
import { keyOf, laneOf, noteJob } from '../../src/domain/jobs/job.ts';

const since = '0016-announced';
const on = { kind: 'issue', iid: 3 as IssueIid } as const;
const command = (note: number, begun: boolean, delivery?: string) => ({
  kind: 'command',
  projectId: 7,
  origin: { on, note, discussion: 'd', author: 9 },
  lines: ['/aic deploy force'],
  ...(delivery === undefined ? {} : { delivery }),
  writtenAt: 1,
  next: 0,
  failed: false,
  begun,
});

/** Two commands that were not begun become announcements, one that was begun goes on. */
export async function commandsOfEarlierVersion(
  db: Kysely<Tables>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  expect(Object.keys(migrations)).toContain(since);
  const commands = [command(5, false, 'one'), command(6, true, 'two'), command(8, false)];
  for (const [index, job] of commands.entries()) {
    const key = `note:7:${job.origin.note}`;
    const row = { lane: key, key, job_json: JSON.stringify(job), due_at: 1, tries: 0, added_at: 1 };
    await db
      .insertInto('jobs')
      .values({ ...row, status: index === 2 ? 'running' : 'waiting' })
      .execute();
    await db.insertInto('requests').values({ id: key, received_at: 1 }).execute();
  }
  // Later versions stay as they are: this one changes rows alone.
  await migrations[since]?.up(db);
  const rows = await db.selectFrom('jobs').select(['lane', 'key', 'job_json']).orderBy('id').execute();
  const announced = (note: number, delivery: string | undefined) => {
    const comment = { projectId: 7 as ProjectId, on, note: note as NoteId, discussion: undefined };
    const job = noteJob(comment, delivery);
    return { lane: laneOf(job), key: keyOf(job), job };
  };
  expect(rows.map(({ job_json: json, ...row }) => ({ ...row, job: JSON.parse(json) as unknown }))).toEqual([
    announced(5, 'one'),
    { lane: 'note:7:6', key: 'note:7:6', job: command(6, true, 'two') },
    announced(8, undefined),
  ]);
  expect(await db.selectFrom('requests').select('id').execute()).toEqual([{ id: 'note:7:6' }]);
  await db.destroy();
}
