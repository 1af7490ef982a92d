import { createLog } from '../../src/adapters/log.ts';
import { createInbox } from '../../src/adapters/store/tables/inbox.ts';
import { openSqlite } from '../../src/adapters/store/engines/sqlite.ts';
import { createApp } from '../../src/http/app.ts';

const secret = 'the-webhook-secret';

/** The bot's routes over a real inbox in memory. */
export async function createRoutes(signingToken?: string) {
  const db = await openSqlite('file::memory:');
  const clock = { now: () => Date.now() };
  const app = createApp({
    inbox: createInbox(db, clock, () => {}),
    clock,
    log: createLog({ level: 'debug', clock, mask: (text) => text, write: () => {} }),
    serves: () => true,
    secrets: { tokens: [secret], signingToken },
    readiness: () => Promise.resolve({ missing: [], warnings: [] }),
  });
  let posted = 0;
  return {
    post: async (body: string, headers: Readonly<Record<string, string>>, token = secret) => {
      posted += 1;
      // What waits is no part of what is tried, and would only fill the memory.
      if (posted % 500 === 0) {
        await db.deleteFrom('jobs').execute();
        await db.deleteFrom('deliveries').execute();
      }
      const answer = await app.request('/webhooks/gitlab', {
        method: 'POST',
        headers: { ...headers, 'x-gitlab-token': token },
        body,
      });
      await answer.json();
      return answer;
    },
    close: () => db.destroy(),
  };
}
