import { Hono } from 'hono';
import type { ApiEnv, Instance } from './instance.ts';
import { issueJson, type Issue } from './issue.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { extractQuickActions } from './quick-actions.ts';
import { runQuickActions } from './quick-action-runner.ts';
import { noSuchRow, refused } from './refusal.ts';

const issues = '/projects/:id/issues';

export function issueRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get(issues, async (c) => {
    const { project } = c.var;
    const after = (await readParams(c)).date('updated_after')?.getTime() ?? 0;
    const found = project.issues.filter(({ updatedAt }) => updatedAt.getTime() >= after);
    return pageOf(c, found.toReversed(), (issue) => issueJson(issue, project, instance.url()));
  });

  app.post(issues, async (c) => {
    const { project, user } = c.var;
    const params = await readParams(c);
    const title = params.required('title');
    if (accessLevel(project, user) < accessLevels.guest) throw refused(403, '403 Forbidden');
    if (title.trim() === '') throw refused(400, { title: ["can't be blank"] });
    const { text, actions } = extractQuickActions(params.text('description') ?? '');
    const now = instance.now();
    const issue: Issue = {
      type: 'Issue',
      id: instance.nextId(),
      iid: project.issues.length + 1,
      title,
      description: text,
      state: 'opened',
      author: user,
      labels: params.list('labels')?.map(String) ?? [],
      assignees: [],
      createdAt: now,
      updatedAt: now,
      closedAt: undefined,
      notes: [],
      awards: [],
    };
    project.issues.push(issue);
    await runQuickActions(instance, project, issue, user, actions);
    return c.json(issueJson(issue, project, instance.url()), 201);
  });

  app.get(`${issues}/:iid`, (c) => {
    const { project } = c.var;
    return c.json(issueJson(issueIn(project, c.req.param('iid')), project, instance.url()));
  });

  return app;
}

/** The issue with the number of the address; a 404 when there is none. */
export function issueIn(project: Project, iid: string): Issue {
  const found = /^\d{1,9}$/.test(iid) ? project.issues[Number(iid) - 1] : undefined;
  if (found === undefined) throw noSuchRow();
  return found;
}
