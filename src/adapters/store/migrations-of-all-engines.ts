import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { z } from 'zod';

import type { Tables } from './schema.ts';

/** The versions that are the same on each engine. One that has been released is never changed. */
export const common: Record<string, Migration> = {
  '0015-lanes': { up: lanes },
  '0016-announced': { up: announced },
};

/** The oldest job of one lane is found without a look at those of others. */
async function lanes(db: Kysely<never>): Promise<void> {
  await db.schema
    .createIndex('jobs_lane')
    .on('jobs')
    .columns(['lane', 'id'])
    .where(sql<boolean>`status = 'waiting'`)
    .execute();
}

/**
 * Commands that wait to be begun hold what a webhook said. They become announcements, which GitLab has to confirm, and their requests are none before that.
 */
async function announced(db: Kysely<Pick<Tables, 'jobs' | 'requests'>>): Promise<void> {
  const waiting = db
    .selectFrom('jobs')
    .select(['id', 'job_json'])
    .where('status', 'in', ['waiting', 'running']);
  const commands = waiting.where('job_json', 'like', '%"kind":"command"%');
  for (const { id, job_json: json } of await commands.execute()) {
    const command = waitingCommand.safeParse(JSON.parse(json)).data;
    if (command === undefined) continue;
    const { projectId, origin, delivery } = command;
    const lane = `announced:${projectId}:${origin.on.kind === 'issue' ? '#' : '!'}${origin.on.iid}`;
    const job = { kind: 'note', projectId, on: origin.on, note: origin.note, delivery };
    const key = `${lane}:${origin.note}`;
    await db
      .updateTable('jobs')
      .set({ lane, key, job_json: JSON.stringify(job) })
      .where('id', '=', id)
      .execute();
    await db.deleteFrom('requests').where('id', '=', `note:${projectId}:${origin.note}`).execute();
  }
}

const waitingCommand = z.object({
  kind: z.literal('command'),
  projectId: z.number(),
  origin: z.object({ on: z.object({ kind: z.string(), iid: z.number() }), note: z.number() }),
  delivery: z.string().optional(),
  next: z.literal(0),
  begun: z.literal(false),
});
