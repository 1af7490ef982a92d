import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import type { ApiEnv, Instance } from './instance.ts';
import { issueJson, type Issue } from './issue.ts';
import { setState } from './merge-request-changes.ts';
import { addSystemNote } from './note.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { visibleProject } from './project-routes.ts';
import { extractQuickActions } from './quick-actions.ts';
import { runQuickActions } from './quick-action-runner.ts';
import { noSuchRow, refused } from './refusal.ts';
import type { User } from './users.ts';

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
    const now = params.date('created_at') ?? instance.now();
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

  app.post(`${issues}/:iid/move`, async (c) => {
    const { project, user } = c.var;
    const from = issueIn(project, c.req.param('iid'));
    const target = targetOf(instance, user, (await readParams(c)).required('to_project_id'));
    if (accessLevel(project, user) < accessLevels.reporter || target === project)
      throw refused(400, '400 Bad request - Cannot move issue due to insufficient permissions!');
    const moved = copyOf(instance, from, target, { author: from.author, createdAt: from.createdAt });
    copyNotes(instance, from, moved);
    setState(instance, project, from, user, 'closed');
    addSystemNote(instance, moved, user, `moved from ${project.path}#${from.iid}`);
    addSystemNote(instance, from, user, `moved to ${target.path}#${moved.iid}`);
    return c.json(issueJson(moved, target, instance.url()), 201);
  });

  app.post(`${issues}/:iid/clone`, async (c) => {
    const { project, user } = c.var;
    const from = issueIn(project, c.req.param('iid'));
    const params = await readParams(c);
    const target = targetOf(instance, user, params.required('to_project_id'));
    if (accessLevel(project, user) < accessLevels.reporter)
      throw refused(400, '400 Bad request - Cannot clone issue due to insufficient permissions!');
    const clone = copyOf(instance, from, target, { author: user, createdAt: instance.now() });
    if (params.flag('with_notes') === true) copyNotes(instance, from, clone);
    const path = target === project ? '' : project.path;
    addSystemNote(instance, clone, user, `cloned from ${path}#${from.iid}`);
    addSystemNote(instance, from, user, `cloned to ${target === project ? '' : target.path}#${clone.iid}`);
    return c.json(issueJson(clone, target, instance.url()), 201);
  });

  app.get(`${issues}/:iid`, (c) => {
    const { project } = c.var;
    return c.json(issueJson(issueIn(project, c.req.param('iid')), project, instance.url()));
  });

  return app;
}

function targetOf(instance: Instance, user: User, id: string): Project {
  const target = visibleProject(instance, id, user);
  if (accessLevel(target, user) < accessLevels.reporter)
    throw refused(400, '400 Bad request - Cannot move issue due to insufficient permissions!');
  return target;
}

function copyOf(
  instance: Instance,
  from: Issue,
  target: Project,
  own: Pick<Issue, 'author' | 'createdAt'>,
): Issue {
  const issue: Issue = {
    ...from,
    ...own,
    id: instance.nextId(),
    iid: target.issues.length + 1,
    updatedAt: instance.now(),
    notes: [],
    awards: [],
  };
  target.issues.push(issue);
  return issue;
}

/** With authors and times, under new numbers, and without webhooks, as GitLab's Notes::CopyService does. */
function copyNotes(instance: Instance, from: Issue, to: Issue): void {
  const discussions = new Map<string, string>();
  for (const note of from.notes) {
    const discussion = discussions.get(note.discussion) ?? randomBytes(20).toString('hex');
    discussions.set(note.discussion, discussion);
    to.notes.push({ ...note, id: instance.nextId(), discussion, awards: [...note.awards] });
  }
}

/** The issue with the number of the address; a 404 when there is none. */
export function issueIn(project: Project, iid: string): Issue {
  const found = /^\d{1,9}$/.test(iid) ? project.issues[Number(iid) - 1] : undefined;
  if (found === undefined) throw noSuchRow();
  return found;
}
