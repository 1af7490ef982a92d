import { Hono } from 'hono';
import { commitJson } from './commit-json.ts';
import { mergeBase, readCommit } from './commits.ts';
import { gitText } from './git.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { accessLevel, accessLevels, canPush, isProtected, type Project } from './project.ts';
import { afterPush } from './pushes.ts';
import { moveBranch } from './commit-writer.ts';
import { rulesFor, type ProtectedBranch } from './protected-branch.ts';
import { badParameter, notFound, refused } from './refusal.ts';
import { isBranchName } from './repository.ts';
import type { User } from './users.ts';

const branches = '/projects/:id/repository/branches';

export function branchRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get(branches, async (c) => {
    const { project, user } = c.var;
    const search = c.req.query('search') ?? '';
    const regex = c.req.query('regex');
    const pattern = regex === undefined ? undefined : patternOf(regex);
    const found = (await project.repository.branches()).filter(
      ({ name }) => matches(name, search) && (pattern === undefined || pattern.test(name)),
    );
    const merged = await mergedBranches(project);
    const rows = await Promise.all(
      found.map((branch) =>
        branchJson(branch, { project, user, isMerged: merged.has(branch.name), url: instance.url() }),
      ),
    );
    return pageOf(c, rows, (row) => row);
  });

  app.post(branches, async (c) => {
    const { project, user } = c.var;
    const params = await readParams(c);
    const name = params.required('branch', 'filled');
    const ref = params.required('ref', 'filled');
    if (accessLevel(project, user) < accessLevels.developer) throw refused(403, '403 Forbidden');
    const { repository } = project;
    const head = await repository.exclusive(async () => {
      if (!(await isBranchName(repository.directory, name)))
        throw refused(400, `Branch name is invalid: '${name}'`);
      if ((await repository.head(name)) !== undefined) throw refused(400, 'Branch already exists');
      const start = await repository.resolve(ref);
      if (start === undefined) throw refused(400, `Invalid reference name: ${ref}`);
      if (!canPush(project, user, name))
        throw refused(400, 'You are not allowed to create protected branches');
      try {
        await moveBranch(repository.directory, name, undefined, start);
      } catch {
        // `a` can't be a branch beside `a/b`.
        throw refused(400, `Failed to create branch '${name}': reference conflict`);
      }
      return start;
    });
    await afterPush(instance, project, { user, branch: name, before: undefined, after: head });
    const isMerged = await isInDefault(project, head);
    const row = await branchJson({ name, head }, { project, user, isMerged, url: instance.url() });
    return c.json(row, 201);
  });

  app.get(`${branches}/:branch`, async (c) => {
    const { project, user } = c.var;
    const name = c.req.param('branch');
    const head = await project.repository.head(name);
    if (c.req.method === 'HEAD') return c.body(null, head === undefined ? 404 : 204);
    if (head === undefined && !(await isBranchName(project.repository.directory, name)))
      throw refused(400, 'The branch refname is invalid');
    if (head === undefined) throw notFound('Branch');
    const isMerged = await isInDefault(project, head);
    return c.json(await branchJson({ name, head }, { project, user, isMerged, url: instance.url() }));
  });

  app.delete(`${branches}/:branch`, async (c) => {
    const { project, user } = c.var;
    const name = c.req.param('branch');
    if (accessLevel(project, user) < accessLevels.developer) throw refused(403, '403 Forbidden');
    const { repository } = project;
    const before = await repository.exclusive(async () => {
      const head = await repository.head(name);
      if (head === undefined) throw notFound('Branch');
      if (name === project.defaultBranch) throw refused(400, 'Cannot remove HEAD branch');
      if (!canPush(project, user, name)) throw refused(403, 'Protected branch cannot be removed');
      await moveBranch(repository.directory, name, head, undefined);
      return head;
    });
    await afterPush(instance, project, { user, branch: name, before, after: undefined });
    return c.body(null, 204);
  });

  return app;
}

/** `^start` and `end$` anchor a search, as in GitLab. */
function matches(name: string, search: string): boolean {
  const text = search.replace(/^\^/, '').replace(/\$$/, '');
  if (search.startsWith('^') && !name.startsWith(text)) return false;
  if (search.endsWith('$') && !name.endsWith(text)) return false;
  return name.includes(text);
}

/** GitLab's are RE2's, of which JavaScript knows all but rare forms. */
function patternOf(regex: string): RegExp {
  try {
    return new RegExp(regex, 'u');
  } catch {
    throw badParameter('regex does not have a valid value');
  }
}

/** The branches whose commits are all in the default branch. */
async function mergedBranches(project: Project): Promise<ReadonlySet<string>> {
  const main = await project.repository.head(project.defaultBranch);
  if (main === undefined) return new Set();
  const text = await gitText(project.repository.directory, [
    'for-each-ref',
    `--merged=${main}`,
    '--format=%(refname:lstrip=2)',
    'refs/heads/',
  ]);
  return new Set(text.split('\n'));
}

/** The same of one branch, whose answer stays the same as long as neither moves. */
async function isInDefault({ repository, defaultBranch }: Project, head: string): Promise<boolean> {
  const main = await repository.head(defaultBranch);
  return (
    main !== undefined && (main === head || (await mergeBase(repository.directory, head, main)) === head)
  );
}

async function branchJson(
  { name, head }: { readonly name: string; readonly head: string },
  { project, user, isMerged, url }: { project: Project; user: User; isMerged: boolean; url: string },
): Promise<object> {
  const commit = await readCommit(project.repository.objects, head);
  return {
    name,
    commit: commitJson(commit, project, url),
    merged: name !== project.defaultBranch && isMerged,
    protected: isProtected(project, name),
    developers_can_push: opensTo(project, name, ({ pushLevel }) => pushLevel),
    developers_can_merge: opensTo(project, name, ({ mergeLevel }) => mergeLevel),
    can_push: canPush(project, user, name),
    default: name === project.defaultBranch,
    web_url: `${url}/${project.path}/-/tree/${encodeURI(name)}`,
  };
}

/** Whether one of the branch's rules lets developers through. */
function opensTo(project: Project, branch: string, levelOf: (rule: ProtectedBranch) => number): boolean {
  return rulesFor(project.protectedBranches, branch).some((rule) => levelOf(rule) === accessLevels.developer);
}
