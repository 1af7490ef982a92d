import type { Context, Hono } from 'hono';

import type { Drive, Project } from './catalog.ts';
import { fits, partsOf, problemOfName } from './drive-path.ts';
import { jsonFields } from './json-body.ts';
import { byId, placeOf, workspacePath } from './place.ts';
import { refusal } from './refusal.ts';

const path = `${workspacePath}/drives/:drive` as const;

/**
 * Drives and their files. Where nothing is known: a folder that exists is refused with a 409, and so is a file, unless the drive
 * overwrites; a folder that does not exist is a 404; an upload's content type is `application/octet-stream` or none.
 */
export function addDriveRoutes(app: Hono, projects: readonly Project[]): void {
  app.get(`${workspacePath}/drives`, (c) => {
    const place = placeOf(projects, c.req.param());
    if (place instanceof Response) return place;
    return Response.json(place.workspace.drives.map(({ id, name }) => ({ $id: id, name })));
  });

  app.post(`${path}/create-folder`, async (c) => {
    const fields = await jsonFields(c.req.raw, ['path']);
    const drive = driveOf(projects, c.req.param());
    if (drive instanceof Response) return drive;
    if (fields instanceof Response) return fields;
    const parts = typeof fields['path'] === 'string' ? partsOf(fields['path']) : '"path" must be a string';
    if (typeof parts === 'string') return refusal(400, parts);
    if (!drive.folders.has(parts.slice(0, -1).join('/'))) return refusal(404, 'Folder not found');
    const folder = parts.join('/');
    if (drive.folders.has(folder)) return refusal(409, `The folder "${folder}" already exists`);
    drive.folders.add(folder);
    return new Response(null, { status: 201 });
  });

  app.post(`${path}/upload-file`, async (c) => {
    const bytes = new Uint8Array(await c.req.raw.arrayBuffer());
    const drive = driveOf(projects, c.req.param());
    if (drive instanceof Response) return drive;
    const type = c.req.header('content-type');
    if (type !== undefined && type !== 'application/octet-stream') {
      return refusal(415, 'Content-Type must be application/octet-stream or absent');
    }
    const folder = folderIn(drive, c);
    if (folder instanceof Response) return folder;
    const name = c.req.query('fileName') ?? '';
    const problem = problemOfName(name);
    if (problem !== undefined) return refusal(400, problem);
    const file = folder === '' ? name : `${folder}/${name}`;
    if (drive.files.has(file) && !drive.overwrites) {
      return refusal(409, `The file "${file}" already exists`);
    }
    drive.files.set(file, bytes);
    return new Response(null, { status: 201 });
  });

  app.get(`${path}/files`, (c) => {
    const drive = driveOf(projects, c.req.param());
    if (drive instanceof Response) return drive;
    const folder = folderIn(drive, c);
    if (folder instanceof Response) return folder;
    const pattern = c.req.query('filePattern');
    if (pattern === undefined || pattern === '') return refusal(400, '"filePattern" is required');
    const begin = folder === '' ? '' : `${folder}/`;
    const items = [...drive.files].flatMap(([file, bytes]) => {
      const name = file.slice(begin.length);
      if (!file.startsWith(begin) || name.includes('/') || !fits(pattern, name)) return [];
      return [{ gsPath: gsPathOf(drive, file), size: bytes.byteLength }];
    });
    return Response.json({ items });
  });

  app.post(`${path}/delete-files`, async (c) => {
    const fields = await jsonFields(c.req.raw, ['fileIds']);
    const drive = driveOf(projects, c.req.param());
    if (drive instanceof Response) return drive;
    if (fields instanceof Response) return fields;
    const ids: unknown = fields['fileIds'];
    if (!Array.isArray(ids) || ids.length === 0) return refusal(400, '"fileIds" must be an array of ids');
    const known = new Map([...drive.files.keys()].map((file) => [gsPathOf(drive, file), file]));
    if (!ids.every((id) => known.has(id))) return refusal(404, 'File not found');
    for (const id of ids) drive.files.delete(known.get(id) ?? '');
    return Response.json({});
  });
}

function driveOf(
  projects: readonly Project[],
  ids: { readonly project: string; readonly workspace: string; readonly drive: string },
): Drive | Response {
  const place = placeOf(projects, ids);
  if (place instanceof Response) return place;
  return byId(place.workspace.drives, ids.drive) ?? refusal(404, 'Drive not found');
}

/** The folder that the query's `path` names, empty for the drive itself, or the refusal. */
function folderIn(drive: Drive, c: Context): string | Response {
  const parts = partsOf(c.req.query('path') ?? '');
  if (typeof parts === 'string') return refusal(400, parts);
  const folder = parts.join('/');
  return drive.folders.has(folder) ? folder : refusal(404, 'Folder not found');
}

function gsPathOf({ id }: Drive, file: string): string {
  return `gs://${id}/${file}`;
}
