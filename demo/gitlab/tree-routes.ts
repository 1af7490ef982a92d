import { posix } from 'node:path';
import { Hono } from 'hono';
import type { ApiEnv, Instance } from './instance.ts';
import type { GitObject, ObjectReader } from './object-reader.ts';
import { link, pageOf, readPage } from './paging.ts';
import type { Project } from './project.ts';
import { badParameter, notFound } from './refusal.ts';
import { entryAt, listTree, type TreeEntry } from './trees.ts';

const repository = '/projects/:id/repository';

/** The tree and the blobs. */
export function treeRoutes(_instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get(`${repository}/tree`, async (c) => {
    const { project } = c.var;
    const recursive = c.req.query('recursive') === 'true' ? 'recursive' : 'flat';
    const folder = (c.req.query('path') ?? '').replace(/^\/+|\/+$/g, '');
    const commit = await project.repository.resolve(c.req.query('ref') ?? project.defaultBranch);
    if (commit === undefined) throw notFound('Tree');
    const tree = folder === '' ? commit : await folderAt(project.repository.objects, commit, folder);
    if (tree === undefined) throw notFound('invalid revision or path');
    const entries = (await listTree(project.repository.directory, tree, recursive))
      .map((entry) => (folder === '' ? entry : { ...entry, path: `${folder}/${entry.path}` }))
      .toSorted(foldersFirst);

    switch (c.req.query('pagination') ?? 'legacy') {
      case 'none':
        if (recursive === 'flat')
          throw badParameter('pagination cannot be "none" unless "recursive" is true');
        return c.json(entries.map(entryJson));
      case 'keyset': {
        const { perPage } = readPage(c);
        const start = afterToken(entries, c.req.query('page_token'));
        const shown = entries.slice(start, start + perPage);
        const last = shown.at(-1);
        const more = last !== undefined && start + perPage < entries.length;
        const next = more ? { link: link(c, { page_token: tokenOf(last) }, 'next') } : {};
        return c.json(shown.map(entryJson), 200, next);
      }
      case 'legacy':
        return pageOf(c, entries, entryJson);
      default:
        throw badParameter('pagination does not have a valid value');
    }
  });

  app.get(`${repository}/blobs/:sha`, async (c) => {
    const blob = await blobIn(c.var.project, c.req.param('sha'));
    return c.json({
      size: blob.content.length,
      encoding: 'base64',
      content: blob.content.toString('base64'),
      sha: blob.id,
    });
  });

  app.get(`${repository}/blobs/:sha/raw`, async (c) => {
    const blob = await blobIn(c.var.project, c.req.param('sha'));
    return c.body(Uint8Array.from(blob.content), 200, { 'content-type': 'text/plain' });
  });

  return app;
}

async function blobIn({ repository: { objects } }: Project, id: string): Promise<GitObject> {
  const object = /^[0-9a-f]{4,40}$/.test(id) ? await objects.read(id) : undefined;
  if (object?.type !== 'blob') throw notFound('Blob');
  return object;
}

async function folderAt(objects: ObjectReader, commit: string, folder: string): Promise<string | undefined> {
  const entry = await entryAt(objects, commit, folder);
  return entry?.type === 'tree' ? entry.id : undefined;
}

function foldersFirst(one: TreeEntry, other: TreeEntry): number {
  const rank = ({ type }: TreeEntry): number => ['tree', 'blob', 'commit'].indexOf(type);
  return rank(one) - rank(other);
}

function entryJson({ id, type, path, mode }: TreeEntry): object {
  return { id, name: posix.basename(path), type, path, mode };
}

/** Opaque to the clients: they follow the Link header. */
function tokenOf({ path }: TreeEntry): string {
  return Buffer.from(path).toString('base64url');
}

function afterToken(entries: readonly TreeEntry[], token: string | undefined): number {
  if (token === undefined || token === '') return 0;
  const at = entries.findIndex((entry) => tokenOf(entry) === token);
  if (at < 0) throw badParameter('page_token is invalid');
  return at + 1;
}
