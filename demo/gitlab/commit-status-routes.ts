import { Hono } from 'hono';
import { commitIn } from './commit-routes.ts';
import {
  commitStatusJson,
  isFinished,
  statusStates,
  type CommitStatus,
  type Pipeline,
  type StatusState,
} from './commit-status.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { badParameter, notFound, refused } from './refusal.ts';

/** The events of GitLab's state machine, for its message about a step that it does not have. */
const events: Readonly<Record<StatusState, string>> = {
  pending: 'enqueue',
  running: 'run',
  success: 'success',
  failed: 'drop',
  canceled: 'cancel',
  skipped: 'skip',
};

export function commitStatusRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/projects/:id/repository/commits/:sha/statuses', async (c) => {
    const { id } = await commitIn(c.var.project, c.req.param('sha'));
    const all = c.req.query('all') === 'true';
    const pipeline = c.req.query('pipeline_id');
    const found = c.var.project.statuses
      .filter(({ commit, isRetried }) => commit === id && (all || !isRetried))
      .filter((one) => pipeline === undefined || String(one.pipeline) === pipeline);
    return pageOf(c, found, (status) => commitStatusJson(status, instance.url()));
  });

  app.post('/projects/:id/statuses/:sha', async (c) => {
    const { project, user } = c.var;
    if (accessLevel(project, user) < accessLevels.developer) throw refused(403, '403 Forbidden');
    const { id: commit } = await commitIn(project, c.req.param('sha'));
    const params = await readParams(c);
    const state = statusStates.find((known) => known === params.required('state'));
    if (state === undefined) throw badParameter('state does not have a valid value');
    const name = params.text('name') ?? params.text('context') ?? 'default';
    const description = params.text('description') ?? null;
    if ([name, description ?? '', params.text('target_url') ?? ''].some(({ length }) => length > 255))
      throw refused(400, { description: ['is too long (maximum is 255 characters)'] });
    if (instance.busyStatuses > 0) {
      instance.busyStatuses -= 1;
      throw refused(409, 'another update of this commit is under way');
    }
    const ref = params.text('ref') ?? (await branchAt(project, commit));
    if (ref === undefined) throw notFound('References for commit');
    const known = project.statuses.findLast(
      (one) => one.commit === commit && one.ref === ref && one.name === name && one.author === user,
    );
    const status = known === undefined || isFinished(known.state) ? begin() : step(known, state);
    status.state = state;
    status.description = description;
    status.targetUrl = params.text('target_url') ?? null;
    return c.json(commitStatusJson(status, instance.url()), 201);

    function begin(): CommitStatus {
      if (known !== undefined) known.isRetried = true;
      const made: CommitStatus = {
        id: instance.nextId(),
        commit,
        ref: ref ?? '',
        name,
        author: user,
        pipeline: pipelineFor(instance, project, commit, ref ?? ''),
        createdAt: instance.now(),
        state: 'pending',
        description: null,
        targetUrl: null,
        isRetried: false,
      };
      project.statuses.push(made);
      return made;
    }
  });

  return app;
}

function step(known: CommitStatus, state: StatusState): CommitStatus {
  if (known.state !== state && state !== 'pending') return known;
  throw refused(400, `Cannot transition status via :${events[state]} from :${known.state}`);
}

/** The newest pipeline of the commit and ref; an external one is made where there is none. */
function pipelineFor(instance: Instance, project: Project, commit: string, ref: string): number {
  const known = project.pipelines.findLast((one) => one.commit === commit && one.ref === ref);
  if (known !== undefined) return known.id;
  const made: Pipeline = { id: instance.nextId(), commit, ref, source: 'external', jobs: [] };
  project.pipelines.push(made);
  return made.id;
}

async function branchAt({ repository }: Project, commit: string): Promise<string | undefined> {
  const branches = await repository.branches();
  return branches.find((branch) => branch.head === commit)?.name;
}
