import process, { argv } from 'node:process';

import { openSqlite } from '../../../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../../../src/adapters/store/store.ts';
import type { ProjectId } from '../../../../src/domain/shared/ids.ts';

/* Adds so many entries to the audit log as a process of its own, for tests: `audit-process.ts <database> <name> <count>`. */

const [, , database = '', name = '', count = ''] = argv;
const db = await openSqlite(`file:${database}`);
const store = createStore(db, { now: () => Date.now() }, () => {});
process.stdout.write('open\n');
for (let number = 1; number <= Number(count); number += 1) {
  const entry = {
    key: `${name}:${number}`,
    kind: 'command',
    project: 7 as ProjectId,
    who: [{ id: undefined, name }],
    what: String(number),
    where: 'here',
    reason: undefined,
    result: 'done',
    items: [],
    deliveries: [],
  } as const;
  // Twice at once, as by a run that is repeated.
  await Promise.all([store.record([entry], []), store.record([entry], [])]);
}
await db.destroy();
