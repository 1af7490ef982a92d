import type { Transaction } from 'kysely';

import { auditHash, auditText, noHash, type AuditEntry } from '../../domain/audit.ts';
import type { Tables } from './schema.ts';

/**
 * Adds entries behind the last one. The transaction has the write lock from its beginning, so the last row is the last one of all processes.
 * An entry whose key is there already is not added again.
 */
export async function addAudit(
  transaction: Transaction<Tables>,
  entries: readonly AuditEntry[],
  now: number,
): Promise<void> {
  for (const entry of entries) {
    if (entry.key !== undefined) {
      const known = transaction.selectFrom('audit').select('id').where('key', '=', entry.key);
      if ((await known.executeTakeFirst()) !== undefined) continue;
    }
    const last = await transaction
      .selectFrom('audit')
      .select('hash')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst();
    const previous = last?.hash ?? noHash;
    const text = auditText(entry, now);
    const row = { at: now, key: entry.key ?? null, entry: text, previous };
    await transaction
      .insertInto('audit')
      .values({ ...row, hash: await auditHash(previous, text) })
      .execute();
  }
}
