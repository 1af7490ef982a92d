import { Hono } from 'hono';
import { applyActions, readActions } from './commit-actions.ts';
import { commitDetailJson, commitJson } from './commit-json.ts';
import { commitAs } from './commit-service.ts';
import { listCommits, readCommit, type Commit } from './commits.ts';
import { cutDiffs, diffCommits, diffJson } from './diffs.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { diffOf, mergeRequestJson } from './merge-request.ts';
import { mergeStatus } from './merging.ts';
import { pageHeaders, pageOf, readPage } from './paging.ts';
import { readParams } from './params.ts';
import { canPush, type Project } from './project.ts';
import { badParameter, notFound, refused } from './refusal.ts';

const commits = '/projects/:id/repository/commits';

export function commitRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.post(commits, async (c) => {
    const { project, user } = c.var;
    const params = await readParams(c);
    const branch = params.required('branch', 'filled');
    const message = params.required('commit_message');
    const actions = readActions(params);
    if (params.has('start_branch') && params.has('start_sha'))
      throw badParameter('start_branch, start_sha are mutually exclusive');
    if (!canPush(project, user, branch)) throw refused(403, 'You are not allowed to push into this branch');
    const id = await commitAs(instance, project, user, {
      branch,
      message,
      startBranch: params.text('start_branch'),
      startSha: params.text('start_sha'),
      force: params.flag('force'),
      author: authorIn(params.text('author_name'), params.text('author_email')),
      changes: (parent) => applyActions(project, parent, actions),
    });
    const commit = await readCommit(project.repository.objects, id);
    return c.json(await commitDetailJson(commit, project, instance.url()), 201);
  });

  app.get(commits, async (c) => {
    const { project } = c.var;
    const { repository } = project;
    const all = c.req.query('all') === 'true';
    const ref = c.req.query('ref_name') ?? project.defaultBranch;
    const starts = all ? ['--branches'] : await revisions(project, ref);
    if (starts === undefined) throw notFound('Commit');
    const path = c.req.query('path');
    const since = c.req.query('since');
    const until = c.req.query('until');
    const { page, perPage } = readPage(c);
    // One more than the page, to know whether there is a next one: GitLab does not count the rest, either.
    const ids = await listCommits(repository.directory, [
      `--max-count=${page * perPage + 1}`,
      ...(c.req.query('first_parent') === 'true' ? ['--first-parent'] : []),
      ...(since === undefined ? [] : [`--since=${since}`]),
      ...(until === undefined ? [] : [`--until=${until}`]),
      ...starts,
      ...(path === undefined || path === '' ? [] : ['--', path]),
    ]);
    const shown = ids.slice((page - 1) * perPage, page * perPage);
    const rows = await Promise.all(shown.map((id) => readCommit(repository.objects, id)));
    return c.json(
      rows.map((commit) => commitJson(commit, project, instance.url())),
      200,
      pageHeaders(c, { page, perPage }, ids.length, 'without-totals'),
    );
  });

  app.get(`${commits}/:sha`, async (c) => {
    const commit = await commitIn(c.var.project, c.req.param('sha'));
    return c.json(await commitDetailJson(commit, c.var.project, instance.url()));
  });

  app.get(`${commits}/:sha/diff`, async (c) => {
    const { id, parents } = await commitIn(c.var.project, c.req.param('sha'));
    const files = await diffCommits(c.var.project.repository.directory, parents[0], id);
    const shown = cutDiffs(files, instance.diffLimits, 'expanded');
    return pageOf(c, shown, (diff) => diffJson(diff, c.req.query('unidiff') === 'true'));
  });

  app.get(`${commits}/:sha/merge_requests`, async (c) => {
    const { project } = c.var;
    const { id } = await commitIn(c.var.project, c.req.param('sha'));
    const state = c.req.query('state');
    const found = [];
    for (const mergeRequest of project.mergeRequests) {
      if (state !== undefined && state !== 'all' && mergeRequest.state !== state) continue;
      const { base, head } = diffOf(mergeRequest);
      const { mergeCommit, squashCommit, landed } = mergeRequest;
      const made = [mergeCommit, squashCommit, ...landed].includes(id);
      if (!made && !(await listCommits(project.repository.directory, [head, `^${base}`])).includes(id))
        continue;
      const status = await mergeStatus(project, mergeRequest);
      found.push(mergeRequestJson(mergeRequest, status, project, instance.url()));
    }
    return pageOf(c, found, (row) => row);
  });

  return app;
}

/** What a branch, a tag, an id or a range `one..other` means to `git rev-list`. */
async function revisions({ repository }: Project, ref: string): Promise<readonly string[] | undefined> {
  const [from, to] = ref.includes('..') ? ref.split('..') : [undefined, ref];
  const end = await repository.resolve(to ?? '');
  if (end === undefined) return undefined;
  if (from === undefined) return [end];
  const start = await repository.resolve(from);
  return start === undefined ? undefined : [end, `^${start}`];
}

/** The commit that an id, a branch or a tag names; a 404 when none does. */
export async function commitIn({ repository }: Project, sha: string): Promise<Commit> {
  const id = await repository.resolve(sha);
  if (id === undefined) throw notFound('Commit');
  return readCommit(repository.objects, id);
}

function authorIn(
  name: string | undefined,
  email: string | undefined,
): { name?: string; email?: string } | undefined {
  return {
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  };
}
