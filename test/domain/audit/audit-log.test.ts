import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  auditHash,
  auditText,
  noHash,
  verifyAudit,
  type AuditEntry,
  type AuditRow,
} from '../../../src/domain/audit/audit-log.ts';
import type { ProjectId, UserId } from '../../../src/domain/shared/ids.ts';

const entry = (what: string): AuditEntry => ({
  key: undefined,
  kind: 'command',
  project: 7 as ProjectId,
  who: [{ id: 3 as UserId, name: 'omar' }],
  what,
  where: '!5',
  reason: undefined,
  result: 'done: yes',
  items: [],
  deliveries: ['d'],
});

async function logOf(texts: readonly string[]): Promise<readonly AuditRow[]> {
  const rows: AuditRow[] = [];
  for (const [index, text] of texts.entries()) {
    const previous = rows.at(-1)?.hash ?? noHash;
    const written = auditText(entry(text), index);
    rows.push({
      id: index + 1,
      at: index,
      entry: written,
      previous,
      hash: await auditHash(previous, written),
    });
  }
  return rows;
}

describe('an entry', () => {
  test('is canonical JSON with its moment, without what is not known', () => {
    expect(auditText(entry('/aic help'), 0)).toBe(
      '{"at":"1970-01-01T00:00:00.000Z","deliveries":["d"],"items":[],"kind":"command","project":7,"result":"done: yes","what":"/aic help","where":"!5","who":[{"id":3,"name":"omar"}]}',
    );
  });

  test('of any text is valid JSON of a bounded length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3_000 }), (text) => {
        const written = auditText(entry(text), 0);
        expect(written.length).toBeLessThan(8_000);
        expect(JSON.parse(written)).toMatchObject({ what: text.slice(0, 1_000).toWellFormed() });
      }),
    );
  });
});

describe('a log', () => {
  const texts = fc.array(fc.string(), { minLength: 2, maxLength: 8 });

  test('that nobody touched is whole, and tells its last hash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string(), { maxLength: 8 }), async (all) => {
        const rows = await logOf(all);
        const last = rows.at(-1)?.hash ?? noHash;
        expect(await verifyAudit(rows)).toEqual({ kind: 'whole', rows: all.length, last, expected: true });
      }),
    );
  });

  test('in which a row was changed, removed, moved or added is broken', async () => {
    const harm = fc.constantFrom('change', 'rehash', 'redate', 'remove', 'swap', 'add');
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), harm, async (all, at, kind) => {
        const rows = [...(await logOf(all))];
        // The last row may go without a trace: that is what the kept hash is for.
        const index = at % (rows.length - 1);
        const [row, next] = [rows[index], rows[index + 1]];
        if (row === undefined || next === undefined) throw new Error('no row');
        const other = auditText(entry(`${all[index]} forged`), index);
        if (kind === 'change') rows[index] = { ...row, entry: other };
        if (kind === 'rehash')
          rows[index] = { ...row, entry: other, hash: await auditHash(row.previous, other) };
        if (kind === 'redate') rows[index] = { ...row, at: row.at + 1 };
        if (kind === 'remove') rows.splice(index, 1);
        if (kind === 'swap') rows.splice(index, 2, next, row);
        if (kind === 'add') rows.splice(index, 0, row);
        expect(await verifyAudit(rows)).toMatchObject({ kind: 'broken' });
      }),
    );
  });

  test('that was cut off at its end lacks the hash that was kept', async () => {
    const rows = await logOf(['a', 'b', 'c']);
    const kept = rows.at(-1)?.hash ?? '';
    expect(await verifyAudit(rows, kept)).toMatchObject({ kind: 'whole', expected: true });
    expect(await verifyAudit(rows.slice(0, 2), kept)).toMatchObject({
      kind: 'whole',
      expected: false,
    });
  });
});
