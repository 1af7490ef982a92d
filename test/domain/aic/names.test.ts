import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { ListedPipeline } from '../../../src/domain/aic/aic.ts';
import { backupFiles, backupFolder } from '../../../src/domain/aic/backup.ts';
import { choosePipelines } from '../../../src/domain/aic/select-pipelines.ts';
import { pipelineName } from '../../../src/domain/pipeline/config-path.ts';
import type { Dataset } from '../../../src/domain/aic/datasets.ts';
import type { Drive } from '../../../src/domain/aic/drives.ts';
import { findDataset } from '../../../src/domain/aic/find-dataset.ts';
import { findDrive } from '../../../src/domain/aic/find-drive.ts';
import type { PipelineId } from '../../../src/domain/shared/ids.ts';
import { dayStamp, secondStamp } from '../../../src/domain/shared/timestamps.ts';
import { hostile } from '../hostile.ts';

const drives = (...names: readonly string[]) =>
  names.map((name, index): Drive => ({ id: String(index) as Drive['id'], name }));
const datasets = (...names: readonly string[]) =>
  names.map((name, index): Dataset => ({ id: `id-${index}` as Dataset['id'], name }));

describe('a drive', () => {
  it('is found whatever the case, and exactly where several differ by it', () => {
    expect(findDrive(drives('Other', 'Backups'), 'BACKUPS')).toMatchObject({ value: { name: 'Backups' } });
    expect(findDrive(drives('BACKUPS', 'backups'), 'backups')).toMatchObject({ value: { id: '1' } });
    expect(findDrive(drives('BACKUPS', 'Backups'), 'backups')).toEqual({
      ok: false,
      failure: { kind: 'ambiguous-drive', wanted: 'backups', drives: ['BACKUPS', 'Backups'] },
    });
    expect(findDrive(drives('same', 'same'), 'same')).toMatchObject({ ok: false });
  });

  it('that is not there is told with the nearest', () => {
    expect(findDrive(drives('Backups', 'Other'), 'bakcups')).toEqual({
      ok: false,
      failure: { kind: 'unknown-drive', wanted: 'bakcups', nearest: ['Backups'] },
    });
    expect(findDrive([], 'backups')).toMatchObject({ failure: { nearest: [] } });
  });
});

describe('a dataset', () => {
  it('is found by its exact name, or by its id', () => {
    const all = datasets('SALES', 'TWICE', 'TWICE');
    expect(findDataset(all, 'SALES')).toMatchObject({ value: { id: 'id-0' } });
    expect(findDataset(all, 'id-2')).toMatchObject({ value: { name: 'TWICE' } });
    expect(findDataset(all, 'TWICE')).toMatchObject({ failure: { ids: ['id-1', 'id-2'] } });
    expect(findDataset(all, 'sales')).toMatchObject({ failure: { nearest: ['SALES'] } });
  });
});

describe('choosing pipelines', () => {
  const listed = fc.array(
    fc.record({
      id: fc.uuid().map((id) => id as PipelineId),
      title: fc.oneof(fc.constantFrom('', 'a', 'b', '__proto__', 'constructor'), hostile),
    }),
  );

  it('takes each title once, or says that it is doubled, in the order of their names', () => {
    fc.assert(
      fc.property(listed, (all: readonly ListedPipeline[]) => {
        const choice = choosePipelines(all, []);
        if (!choice.ok) throw new Error('Nothing was asked for.');
        const { chosen, failed, titles } = choice.value;
        const names = [...chosen, ...failed].map(({ name }) => name);
        const expected = [...new Set(all.map(({ title }) => title))].filter((title) => title !== '');
        expect(names.toSorted()).toEqual(expected.toSorted());
        expect([...titles].toSorted()).toEqual([...new Set(all.map(({ title }) => title))].toSorted());
        for (const { name, id } of chosen) {
          expect(all.filter(({ title }) => title === name)).toEqual([{ id, title: name }]);
        }
        const order = chosen.map(({ name }) => name);
        expect(order).toEqual(order.toSorted((one, other) => (one < other ? -1 : 1)));
      }),
    );
  });

  it('takes what is named and nothing else, or names what is not there', () => {
    fc.assert(
      fc.property(listed, fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }), (all, wanted) => {
        const choice = choosePipelines(all, wanted);
        const known = new Set(all.map(({ title }) => title));
        const unknown = [...new Set(wanted)].filter((name) => !known.has(name));
        if (choice.ok) {
          const names = [...choice.value.chosen, ...choice.value.failed].map(({ name }) => name);
          expect(names.toSorted()).toEqual([...new Set(wanted)].toSorted());
        } else {
          expect(choice.failure.unknown.map(({ name }) => name)).toEqual(unknown);
        }
        expect(choice.ok).toBe(unknown.length === 0);
      }),
    );
  });
});

describe('stamps and files of a backup', () => {
  it('are of UTC and sort by time', () => {
    expect(backupFolder(Date.UTC(2026, 0, 31, 23, 59, 59, 999))).toBe('20260131');
    expect(secondStamp(0)).toBe('19700101000000');
    const moment = fc.date({
      min: new Date(0),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moment, moment, (one, other) => {
        expect(secondStamp(one.getTime())).toMatch(/^\d{14}$/);
        expect(secondStamp(one.getTime()).startsWith(dayStamp(one.getTime()))).toBe(true);
        if (one < other) expect(secondStamp(one.getTime()) <= secondStamp(other.getTime())).toBe(true);
      }),
    );
  });

  it('are names of files that tell the pipeline again', () => {
    fc.assert(
      fc.property(
        hostile.filter((name) => name !== ''),
        (name) => {
          const { first, next } = backupFiles(name, 0);
          expect(pipelineName(`config/${first}`)).toBe(name);
          for (const file of [first, next]) expect(file).not.toMatch(/[/\p{Cc}]/u);
          expect(next).toBe(`${first.slice(0, -5)}.000000.json`);
        },
      ),
    );
  });
});
