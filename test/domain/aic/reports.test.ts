import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { backupReport } from '../../../src/domain/aic/backup-report.ts';
import { branchesActions } from '../../../src/domain/commands/command-table.ts';
import { branchesReport } from '../../../src/domain/aic/interactive-branch-list-report.ts';
import type { PipelineFailure } from '../../../src/domain/aic/select-pipelines.ts';
import { remediesFor } from '../../../src/domain/commands/remedies.ts';
import { datasetsReport, tablesReport } from '../../../src/domain/aic/datasets-report.ts';
import type { DatasetId } from '../../../src/domain/aic/datasets.ts';
import { describe as describeFailure, type Failure } from '../../../src/sdk/describe-failure.ts';
import { namingRefusal } from '../../../src/domain/aic/not-found-report.ts';
import { toComment } from '../../../src/domain/report/markdown.ts';
import { plain, toMailText } from '../../../src/domain/report/text.ts';
import type { Report } from '../../../src/domain/report/report.ts';
import type { UpstreamFailure, UpstreamReason } from '../../../src/domain/shared/upstream-failure.ts';
import { hostile } from '../hostile.ts';

const upstream = (reason: UpstreamReason, said = 'no', system: UpstreamFailure['system'] = 'AIC') => ({
  system,
  reason,
  status: 400,
  asked: 'GET /x',
  said,
});
const failed = (said: string): PipelineFailure => ({ kind: 'upstream', failure: upstream('refused', said) });
const where = { workspace: 'PIN QA', by: 'omar' };

/** Every report of the commands about a workspace, with the text in each place where one from outside stands. */
function reportsOf(text: string): readonly Report[] {
  const by = { workspace: text, by: text };
  const id = text as DatasetId;
  return [
    backupReport(
      {
        drive: text,
        folder: text,
        items: [
          { pipeline: text, kind: 'stored', file: text },
          { pipeline: text, kind: 'failed', reason: failed(text) },
        ],
      },
      by,
    ),
    ...branchesActions.flatMap((action) => [
      branchesReport(action, [{ pipeline: text, branches: [text, text], failure: failed(text) }], by),
      branchesReport(action, [{ pipeline: text, branches: [], failure: undefined }], by),
    ]),
    datasetsReport(text, [{ id, name: text }]),
    tablesReport({ workspace: text, dataset: text }, [{ id: text, name: text }]),
    namingRefusal({ kind: 'unknown-drive', wanted: text, nearest: [text] }, text),
    namingRefusal({ kind: 'ambiguous-drive', wanted: text, drives: [text, text] }, text),
    namingRefusal({ kind: 'unknown-dataset', wanted: text, nearest: [] }, text),
    namingRefusal({ kind: 'ambiguous-dataset', wanted: text, ids: [text] }, text),
  ];
}

/** The words of a report that are ours. */
function ownWords({ outcome, table, remedies, facts }: Report): readonly string[] {
  const phrases = [outcome, ...(table?.rows.flat() ?? []), ...remedies, ...facts];
  return phrases.flat().filter((part) => typeof part === 'string');
}

describe('reports about a workspace', () => {
  it('never mix text from outside with their own words', () => {
    const tame = reportsOf('x').map(ownWords);
    fc.assert(
      fc.property(hostile, (text) => {
        expect(reportsOf(text).map(ownWords)).toEqual(tame);
        for (const report of reportsOf(text)) toComment(report);
      }),
    );
  });

  it('tell a backup that stored some, pipelines that failed first', () => {
    const backup = {
      drive: 'Backups',
      folder: '20260131',
      items: [
        { pipeline: 'a', kind: 'stored', file: 'a.json' },
        { pipeline: 'b', kind: 'failed', reason: { kind: 'ambiguous-title', count: 2 } },
        { pipeline: 'c', kind: 'failed', reason: { kind: 'ambiguous-title', count: 3 } },
      ],
    } as const;
    expect(toMailText(backupReport(backup, where))).toMatchInlineSnapshot(`
      "Backed up 1 of 3 pipelines of "PIN QA" to the folder "20260131" of the drive "Backups"

      - b – failed – The workspace has 2 pipelines with this title, so it is unclear which one is meant.
      - c – failed – The workspace has 3 pipelines with this title, so it is unclear which one is meant.
      - a – stored – a.json

      What to do:
      - "b", "c": Rename or remove all but one of them in AIC, then write the command again.

      workspace "PIN QA"
      by "omar"
      "
    `);
  });

  it('tell the branches of each pipeline', () => {
    const items = [
      { pipeline: 'none', branches: [], failure: undefined },
      { pipeline: 'some', branches: ['PUSH_20260131235959', 'by hand'], failure: undefined },
      { pipeline: 'stuck', branches: ['gone'], failure: failed('it is open') },
    ];
    expect(toMailText(branchesReport('delete', items, where))).toMatchInlineSnapshot(`
      "Deleted 3 interactive branches in "PIN QA"; 1 pipeline failed

      - stuck – gone – Failed. AIC answered "400 it is open" to "GET /x".
      - some – "PUSH_20260131235959", "by hand"
      - none – none

      What to do:
      - "stuck": Mend in AIC what the answer tells; then write the command again.

      workspace "PIN QA"
      by "omar"
      "
    `);
    expect(plain(branchesReport('list', items.slice(0, 1), where).outcome)).toBe(
      'There is no interactive branch in "PIN QA"',
    );
    expect(
      plain(branchesReport('list', [{ pipeline: 'p', branches: ['b'], failure: undefined }], where).outcome),
    ).toBe('There is 1 interactive branch in "PIN QA"');
  });
});

describe('remedies of a command', () => {
  it('say to write it again, for nobody else does', () => {
    const reasons: readonly UpstreamReason[] = [
      'passing',
      'stopped',
      'missing',
      'conflict',
      'denied',
      'refused',
    ];
    for (const system of ['AIC', 'GitLab'] as const) {
      for (const reason of reasons) {
        const failure = upstream(reason, 'no', system);
        const [remedy = []] = remediesFor([{ pipeline: 'p', reason: { kind: 'upstream', failure } }]);
        expect(plain(remedy)).toMatch(/^"p": .*rite the command again/);
        expect(plain(remedy)).not.toContain('by itself');
      }
    }
  });

  it('are told once for all pipelines that need the same', () => {
    const same = ['a', 'b', 'c'].map((pipeline) => ({ pipeline, reason: failed('no') }));
    expect(remediesFor(same).map(plain)).toEqual([
      '"a", "b", "c": Mend in AIC what the answer tells; then write the command again.',
    ]);
  });
});

describe('a failure in words', () => {
  it.each<[string, Failure]>([
    ['AIC answered "400 no" to "GET /x".', upstream('refused')],
    [
      'The workspace has no pipeline "a". Did you mean "b"? The workspace has no pipeline "c".',
      {
        kind: 'unknown-pipelines',
        unknown: [
          { name: 'a', nearest: ['b'] },
          { name: 'c', nearest: [] },
        ],
      },
    ],
    [
      'The workspace has no drive "a". Did you mean "b"?',
      { kind: 'unknown-drive', wanted: 'a', nearest: ['b'] },
    ],
    [
      'The workspace has several drives that "a" may mean: "A", "a".',
      { kind: 'ambiguous-drive', wanted: 'a', drives: ['A', 'a'] },
    ],
    ['The workspace has no dataset "a".', { kind: 'unknown-dataset', wanted: 'a', nearest: [] }],
    [
      'Several datasets are named "a": "1", "2".',
      { kind: 'ambiguous-dataset', wanted: 'a', ids: ['1', '2'] },
    ],
    ['The bot has no key for the "qa" environment of AIC.', { kind: 'no-key', environment: 'qa' }],
  ])('is %s', (expected, failure) => {
    expect(describeFailure(failure)).toBe(expected);
  });
});
