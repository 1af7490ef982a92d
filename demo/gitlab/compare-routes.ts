import { Hono } from 'hono';
import { commitJson } from './commit-json.ts';
import { listCommits, mergeBase, readCommit } from './commits.ts';
import { cutDiffs, diffCommits, diffJson } from './diffs.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { badParameter, notFound, refused } from './refusal.ts';

export function compareRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/projects/:id/repository/compare', async (c) => {
    const { project } = c.var;
    const { repository } = project;
    const from = c.req.query('from');
    const to = c.req.query('to');
    const missing = [
      ...(from === undefined ? ['from is missing'] : []),
      ...(to === undefined ? ['to is missing'] : []),
    ];
    if (from === undefined || to === undefined) throw badParameter(missing.join(', '));
    const start = await repository.resolve(from);
    const end = await repository.resolve(to);
    if (start === undefined || end === undefined) throw notFound('Ref');

    const straight = c.req.query('straight') === 'true';
    const base = straight ? start : await mergeBase(repository.directory, start, end);
    const ids = await listCommits(repository.directory, ['--reverse', end, `^${start}`]);
    const commits = await Promise.all(ids.map((id) => readCommit(repository.objects, id)));
    const rows = commits.map((commit) => commitJson(commit, project, instance.url()));
    // Without a common commit there is nothing to compare from.
    const files = base === undefined ? [] : await diffCommits(repository.directory, base, end);
    const unidiff = c.req.query('unidiff') === 'true';
    return c.json({
      commit: rows.at(-1) ?? null,
      commits: rows,
      diffs: cutDiffs(files, instance.diffLimits, 'collapsed').map((diff) => diffJson(diff, unidiff)),
      compare_timeout: false,
      compare_same_ref: from === to,
      web_url: `${instance.url()}/${project.path}/-/compare/${start}${straight ? '..' : '...'}${end}`,
    });
  });

  app.get('/projects/:id/repository/merge_base', async (c) => {
    const { project } = c.var;
    const { repository } = project;
    const refs = c.req.queries('refs[]') ?? [];
    const [one, other] = await Promise.all(refs.map((ref) => repository.resolve(ref)));
    if (refs.length < 2) throw refused(400, 'Provide at least 2 refs');
    if (one === undefined || other === undefined)
      throw refused(400, `Could not find refs: ${refs.join(', ')}`);
    const base = await mergeBase(repository.directory, one, other);
    if (base === undefined) throw notFound('Merge Base');
    return c.json(commitJson(await readCommit(repository.objects, base), project, instance.url()));
  });

  return app;
}
