import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Hono, type Context } from 'hono';
import { applyActions, readContent, type CommitAction } from './commit-actions.ts';
import { commitAs } from './commit-service.ts';
import { lastChange } from './commits.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { readParams, type Params } from './params.ts';
import { accessLevel, accessLevels, canPush, type Project } from './project.ts';
import { badParameter, notFound, refused } from './refusal.ts';
import { entryAt } from './trees.ts';

const file = '/projects/:id/repository/files/:path';

export function fileRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get(file, async (c) => {
    const ref = c.req.query('ref');
    if (ref === undefined) throw badParameter('ref is missing');
    if (ref === '') throw badParameter('ref is empty');
    const { content, facts } = await readFile(c.var.project, c.req.param('path'), ref);
    return c.json({ ...facts, content: content.toString('base64') }, 200, fileHeaders(facts));
  });

  app.get(`${file}/raw`, async (c) => {
    const { project } = c.var;
    const ref = c.req.query('ref') ?? 'HEAD';
    const { content, facts } = await readFile(project, c.req.param('path'), ref);
    return c.body(Uint8Array.from(content), 200, { ...fileHeaders(facts), 'content-type': 'text/plain' });
  });

  async function write(
    c: Context<ApiEnv>,
    path: string,
    action: 'create' | 'update' | 'delete',
  ): Promise<{ file_path: string; branch: string }> {
    const { project, user } = c.var;
    const params = await readParams(c);
    const branch = params.required('branch', 'filled');
    const message = params.required('commit_message', 'filled');
    const change = readChange(params, path, action);
    if (accessLevel(project, user) < accessLevels.developer) throw refused(403, '403 Forbidden');
    if (!canPush(project, user, branch)) throw refused(400, 'You are not allowed to push into this branch');
    const name = params.text('author_name');
    const email = params.text('author_email');
    await commitAs(instance, project, user, {
      branch,
      message,
      startBranch: params.text('start_branch'),
      author: { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) },
      changes: async (parent) => {
        const changes = await applyActions(project, parent, [change]);
        if (action === 'update' && (await isSame(project, parent, change)))
          throw refused(400, 'Failed to update the file: the commit would be empty');
        return changes;
      },
    });
    return { file_path: path, branch };
  }

  app.post(file, async (c) => c.json(await write(c, c.req.param('path'), 'create'), 201));
  app.put(file, async (c) => c.json(await write(c, c.req.param('path'), 'update')));
  app.delete(file, async (c) => {
    await write(c, c.req.param('path'), 'delete');
    return c.body(null, 204);
  });

  return app;
}

function readChange(params: Params, path: string, action: 'create' | 'update' | 'delete'): CommitAction {
  if (action !== 'delete' && !params.has('content')) throw badParameter('content is missing');
  return {
    action,
    path,
    previousPath: undefined,
    content: action === 'delete' ? undefined : readContent(params),
    executable: params.flag('execute_filemode'),
    lastCommit: params.text('last_commit_id'),
  };
}

async function isSame(project: Project, parent: string | undefined, change: CommitAction): Promise<boolean> {
  if (parent === undefined || change.executable !== undefined) return false;
  const old = await project.repository.objects.read(`${parent}:${change.path}`);
  return old !== undefined && change.content !== undefined && old.content.equals(change.content);
}

/** What the headers and the answer say of a file. */
interface FileFacts {
  readonly file_name: string;
  readonly file_path: string;
  readonly size: number;
  readonly encoding: 'base64';
  readonly content_sha256: string;
  readonly ref: string;
  readonly blob_id: string;
  readonly commit_id: string;
  readonly last_commit_id: string;
  readonly execute_filemode: boolean;
}

async function readFile(
  { repository }: Project,
  path: string,
  ref: string,
): Promise<{ readonly content: Buffer; readonly facts: FileFacts }> {
  const commit = await repository.resolve(ref);
  if (commit === undefined) throw notFound('Commit');
  const entry = await entryAt(repository.objects, commit, path);
  const blob = entry?.type === 'blob' ? await repository.objects.read(entry.id) : undefined;
  if (entry === undefined || blob === undefined) throw notFound('File');
  const last = await lastChange(repository.objects, commit, path);
  const facts: FileFacts = {
    file_name: posix.basename(path),
    file_path: path,
    size: blob.content.length,
    encoding: 'base64',
    content_sha256: createHash('sha256').update(blob.content).digest('hex'),
    ref,
    blob_id: entry.id,
    commit_id: commit,
    last_commit_id: last,
    execute_filemode: entry.mode === '100755',
  };
  return { content: blob.content, facts };
}

/** `X-Gitlab-File-Name` and so on. A header can't hold every letter: those that it can't are percent-encoded. */
function fileHeaders(facts: FileFacts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      `x-gitlab-${name.replaceAll('_', '-')}`,
      String(value).replaceAll(/[^\u{20}-\u{7e}]+/gu, (letters) => encodeURIComponent(letters)),
    ]),
  );
}
