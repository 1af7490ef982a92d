import type { Transaction } from 'kysely';

import { auditHash, auditText, noHash, type AuditEntry } from '../../../domain/audit/audit-log.ts';
import type { Tables } from './schema.ts';
import { alone } from '../engines/transact.ts';

/**
 * Adds entries behind the last one. Nobody else adds any until the transaction ends, so the last row is the last one of all processes.
 * An entry whose key is there already is not added again.
 */
export async function addAudit(
  transaction: Transaction<Tables>,
  entries: readonly AuditEntry[],
  now: number,
): Promise<void> {
  if (entries.length === 0) return;
  await alone(transaction, 'audit');
  const last = await transaction
    .selectFrom('audit')
    .select('hash')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  let previous = last?.hash ?? noHash;
  const known = new Set<string>();
  for (const entry of entries) {
    if (entry.key !== undefined) {
      if (known.has(entry.key)) continue;
      known.add(entry.key);
      const before = transaction.selectFrom('audit').select('id').where('key', '=', entry.key);
      if ((await before.executeTakeFirst()) !== undefined) continue;
    }
    const text = auditText(entry, now);
    const hash = await auditHash(previous, text);
    await transaction
      .insertInto('audit')
      .values({ at: now, key: entry.key ?? null, entry: text, previous, hash })
      .execute();
    previous = hash;
  }
}
