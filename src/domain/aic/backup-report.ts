import type { Backup, BackupItem } from './backup.ts';
import { remediesFor } from '../commands/remedies.ts';
import { counted } from '../report/count.ts';
import { phrase, words } from '../report/phrase.ts';
import { explain } from '../report/reason.ts';
import type { Report } from '../report/report.ts';

/** What a backup stored, and what it could not. */
export function backupReport(
  { drive, folder, items }: Backup,
  { workspace, by }: { readonly workspace: string; readonly by: string },
): Report {
  const failed = items.flatMap((item) => (item.kind === 'failed' ? [item] : []));
  const stored = items.length - failed.length;
  const place = phrase`the folder ${folder} of the drive ${drive}`;
  return {
    mood: failed.length === 0 ? 'done' : stored === 0 ? 'failed' : 'partly',
    outcome:
      items.length === 0
        ? phrase`Nothing was backed up: ${workspace} has no pipeline`
        : [
            failed.length === 0
              ? `Backed up ${counted(stored, 'pipeline')}`
              : `Backed up ${stored} of ${counted(items.length, 'pipeline')}`,
            ...phrase` of ${workspace} to ${place}`,
          ],
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: [...failed, ...items.filter(({ kind }) => kind === 'stored')].map(rowOf),
    },
    remedies: remediesFor(failed),
    facts: [phrase`workspace ${workspace}`, phrase`by ${by}`],
  };
}

function rowOf(item: BackupItem) {
  return item.kind === 'stored'
    ? [phrase`${item.pipeline}`, words('stored'), phrase`${item.file}`]
    : [phrase`${item.pipeline}`, words('failed'), explain(item.reason).what];
}
