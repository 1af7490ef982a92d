import { z } from 'zod';

import type { DriveId, Drives, GsPath } from '../../domain/aic/drives.ts';
import { ok } from '../../domain/shared/result.ts';
import type { Calls } from './calls.ts';
import { namedIn } from './named-list.ts';

const listing = z.object({
  items: z.array(z.object({ gsPath: z.string().transform((path) => path as GsPath) })),
});

/** The drives of the workspace at the path. */
export function drivesAt(calls: Calls, path: string): Drives {
  const at = (drive: DriveId) => `${path}/drives/${encodeURIComponent(drive)}`;
  return {
    drives: () =>
      calls.ask({ method: 'GET', path: `${path}/drives` }, (body) =>
        namedIn(body).map(({ id, name }) => ({ id: id as DriveId, name })),
      ),
    createFolder: async (drive, folder) => {
      const made = await calls.order({
        method: 'POST',
        path: `${at(drive)}/create-folder`,
        content: { path: folder },
      });
      return !made.ok && made.failure.reason === 'conflict' ? ok(undefined) : made;
    },
    upload: (drive, { folder, name, bytes }) =>
      calls.order({
        method: 'POST',
        path: `${at(drive)}/upload-file`,
        query: { path: folder, fileName: name },
        bytes,
      }),
    files: (drive, { folder, pattern }) =>
      calls.ask(
        { method: 'GET', path: `${at(drive)}/files`, query: { path: folder, filePattern: pattern } },
        (body) => listing.parse(body).items.map(({ gsPath }) => gsPath),
      ),
    deleteFiles: (drive, files) =>
      calls.order({ method: 'POST', path: `${at(drive)}/delete-files`, content: { fileIds: files } }),
  };
}
