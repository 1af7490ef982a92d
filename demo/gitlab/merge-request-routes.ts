import { Hono } from 'hono';
import { commitJson } from './commit-json.ts';
import { listCommits, readCommit } from './commits.ts';
import { cutDiffs, diffCommits, diffJson } from './diffs.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { approve, setState, updateMergeRequest } from './merge-request-changes.ts';
import { createMergeRequest } from './merge-request-creation.ts';
import { listMergeRequests } from './merge-request-list.ts';
import { diffOf, mergeRequestJson, versionJson, type MergeRequest } from './merge-request.ts';
import { pushEventJson } from './push-event.ts';
import { pipelineJson } from './commit-status.ts';
import { userJson, type User } from './users.ts';
import { merge, mergeResult, mergeStatus } from './merging.ts';
import { pageOf } from './paging.ts';
import { readParams, type Params } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { badParameter, noSuchRow, refused } from './refusal.ts';

const mergeRequests = '/projects/:id/merge_requests';

export function mergeRequestRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get(mergeRequests, async (c) => {
    const { project, user } = c.var;
    const found = listMergeRequests(project.mergeRequests, await readParams(c), user);
    const rows = await Promise.all(
      found.map(async (one) =>
        mergeRequestJson(one, await mergeStatus(project, one), project, instance.url()),
      ),
    );
    return pageOf(c, rows, (row) => row);
  });

  app.post(mergeRequests, async (c) => {
    const { project, user } = c.var;
    if (accessLevel(project, user) < accessLevels.developer) throw refused(403, '403 Forbidden');
    const created = await createMergeRequest(instance, project, user, await readParams(c));
    // GitLab answers before it has looked at the difference.
    const answer = mergeRequestJson(created, 'preparing', project, instance.url());
    return c.json({ ...answer, ...detailJson(project, user), prepared_at: null }, 201);
  });

  app.get(`${mergeRequests}/:iid`, async (c) => {
    const { project, user } = c.var;
    return c.json(await detail(instance, project, mergeRequestIn(project, c.req.param('iid')), user));
  });

  app.put(`${mergeRequests}/:iid`, async (c) => {
    const { project, user } = c.var;
    const mergeRequest = mergeRequestIn(project, c.req.param('iid'));
    const params = await readParams(c);
    if (accessLevel(project, user) < accessLevels.developer && mergeRequest.author !== user)
      throw refused(403, '403 Forbidden');
    await change(instance, project, mergeRequest, user, params);
    return c.json(await detail(instance, project, mergeRequest, user));
  });

  app.put(`${mergeRequests}/:iid/merge`, async (c) => {
    const { project, user } = c.var;
    const mergeRequest = mergeRequestIn(project, c.req.param('iid'));
    const params = await readParams(c);
    const outcome = await merge(instance, project, mergeRequest, user, {
      sha: params.text('sha'),
      squash: params.flag('squash'),
      removeSourceBranch: params.flag('should_remove_source_branch'),
      mergeMessage: params.text('merge_commit_message'),
      squashMessage: params.text('squash_commit_message'),
    });
    switch (outcome.kind) {
      case 'no-right':
        throw refused(401, '401 Unauthorized');
      case 'not-mergeable':
        throw refused(405, '405 Method Not Allowed');
      case 'moved':
        throw refused(409, `SHA does not match HEAD of source branch: ${outcome.head}`);
      case 'conflict':
        throw refused(422, 'Branch cannot be merged');
      case 'merged':
        return c.json(await detail(instance, project, mergeRequest, user));
    }
  });

  app.get(`${mergeRequests}/:iid/approvals`, (c) => {
    const { project } = c.var;
    return c.json(approvalsJson(instance, project, mergeRequestIn(project, c.req.param('iid'))));
  });

  app.post(`${mergeRequests}/:iid/approve`, (c) => {
    const { project, user } = c.var;
    const mergeRequest = mergeRequestIn(project, c.req.param('iid'));
    // By GitLab's usual settings nobody approves their own, nor what is merged.
    const mayApprove = accessLevel(project, user) >= accessLevels.developer && mergeRequest.author !== user;
    if (!mayApprove || mergeRequest.approvedBy.has(user.id)) throw refused(401, '401 Unauthorized');
    approve(instance, project, mergeRequest, user, 'approved');
    return c.json(approvalsJson(instance, project, mergeRequest), 201);
  });

  app.post(`${mergeRequests}/:iid/unapprove`, (c) => {
    const { project, user } = c.var;
    const mergeRequest = mergeRequestIn(project, c.req.param('iid'));
    if (!mergeRequest.approvedBy.has(user.id)) throw refused(404, '404 Not Found');
    approve(instance, project, mergeRequest, user, 'unapproved');
    return c.json(approvalsJson(instance, project, mergeRequest), 201);
  });

  // A setting of GitLab Premium: elsewhere there is no such address.
  app.get('/projects/:id/approvals', (c) => {
    if (!c.var.project.resetsApprovals) throw refused(404, '404 Not Found');
    return c.json({ reset_approvals_on_push: true });
  });

  app.get('/projects/:id/events', (c) => {
    const { project } = c.var;
    const newestFirst = project.pushes.toReversed();
    return pageOf(c, newestFirst, (event) => pushEventJson(event, project.id, instance.url()));
  });

  app.get(`${mergeRequests}/:iid/versions`, async (c) => {
    const { project } = c.var;
    const mergeRequest = mergeRequestIn(project, c.req.param('iid'));
    const { directory } = project.repository;
    const rows = await Promise.all(
      mergeRequest.versions.map((version) => versionJson(version, mergeRequest, directory)),
    );
    return pageOf(c, rows.toReversed(), (row) => row);
  });

  app.get(`${mergeRequests}/:iid/merge_ref`, async (c) => {
    const { project } = c.var;
    const mergeRequest = mergeRequestIn(project, c.req.param('iid'));
    const commit =
      mergeRequest.state === 'opened' ? await mergeResult(instance, project, mergeRequest) : undefined;
    if (commit === undefined) throw refused(400, 'Merge request is not mergeable');
    return c.json({ commit_id: commit });
  });

  app.get(`${mergeRequests}/:iid/diffs`, async (c) => {
    const { project } = c.var;
    const { base, head } = diffOf(mergeRequestIn(project, c.req.param('iid')));
    const files = await diffCommits(project.repository.directory, base, head);
    const unidiff = c.req.query('unidiff') === 'true';
    return pageOf(c, cutDiffs(files, instance.diffLimits, 'collapsed'), (diff) => diffJson(diff, unidiff));
  });

  app.get(`${mergeRequests}/:iid/commits`, async (c) => {
    const { project } = c.var;
    const { base, head } = diffOf(mergeRequestIn(project, c.req.param('iid')));
    const ids = await listCommits(project.repository.directory, [head, `^${base}`]);
    const commits = await Promise.all(ids.map((id) => readCommit(project.repository.objects, id)));
    return pageOf(c, commits, (commit) => commitJson(commit, project, instance.url()));
  });

  return app;
}

/** The merge request with the number of the address; a 404 when there is none. */
export function mergeRequestIn(project: Project, iid: string): MergeRequest {
  const found = /^\d{1,9}$/.test(iid) ? project.mergeRequests[Number(iid) - 1] : undefined;
  if (found === undefined) throw noSuchRow();
  return found;
}

function approvalsJson(
  instance: Instance,
  { tellsApprovalTimes }: Project,
  { iid, approvedBy }: MergeRequest,
): object {
  const people = [...approvedBy].flatMap(([id, at]) => {
    const user = instance.users.byId(id);
    if (user === undefined) return [];
    const time = tellsApprovalTimes ? { approved_at: at.toISOString() } : {};
    return [{ user: userJson(user, instance.url()), ...time }];
  });
  return {
    iid,
    // Where the project's rules demand no approval, all demanded ones are there.
    approved: true,
    approved_by: people,
  };
}

async function detail(
  instance: Instance,
  project: Project,
  mergeRequest: MergeRequest,
  user: User,
): Promise<object> {
  const { base, head, start } = diffOf(mergeRequest);
  const { length } = await diffCommits(project.repository.directory, base, head);
  const { files } = instance.diffLimits;
  // Pipelines of the merge request itself come before those of its branch.
  const pipeline =
    project.pipelines.findLast((one) => one.mergeRequest === mergeRequest.iid) ??
    project.pipelines.findLast((one) => one.commit === head);
  return {
    ...mergeRequestJson(mergeRequest, await mergeStatus(project, mergeRequest), project, instance.url()),
    ...detailJson(project, user),
    head_pipeline: pipeline === undefined ? null : pipelineJson(pipeline, project.statuses),
    changes_count: length > files ? `${files}+` : String(length),
    diff_refs: { base_sha: base, head_sha: head, start_sha: start },
  };
}

/** What only the answer about a single merge request has, as it is before the difference is known. */
function detailJson(project: Project, user: User): object {
  return {
    subscribed: false,
    changes_count: null,
    latest_build_started_at: null,
    latest_build_finished_at: null,
    first_deployed_to_production_at: null,
    pipeline: null,
    head_pipeline: null,
    diff_refs: null,
    merge_error: null,
    first_contribution: false,
    user: { can_merge: accessLevel(project, user) >= accessLevels.developer },
  };
}

async function change(
  instance: Instance,
  project: Project,
  mergeRequest: MergeRequest,
  user: User,
  params: Params,
): Promise<void> {
  const names = ['title', 'description', 'target_branch', 'state_event', 'labels', 'assignee_ids', 'squash'];
  const others = ['remove_source_branch', 'assignee_id', 'reviewer_ids', 'add_labels', 'discussion_locked'];
  if (![...names, ...others].some((name) => params.has(name)))
    throw badParameter(
      `${[...names, ...others].join(', ')} are missing, at least one parameter must be provided`,
    );
  if (params.text('title') === '') throw badParameter('title is empty');
  const targetBranch = params.text('target_branch');
  if (targetBranch !== undefined && (await project.repository.head(targetBranch)) === undefined)
    throw refused(422, [`Target branch "${targetBranch}" does not exist`]);
  const event = params.text('state_event');
  if (event !== undefined && event !== 'close' && event !== 'reopen')
    throw badParameter('state_event does not have a valid value');

  mergeRequest.squash = params.flag('squash') ?? mergeRequest.squash;
  mergeRequest.removeSourceBranch = params.flag('remove_source_branch') ?? mergeRequest.removeSourceBranch;
  await updateMergeRequest(instance, project, mergeRequest, user, {
    title: params.text('title'),
    description: params.text('description'),
    targetBranch,
    labels: params.list('labels')?.map(String),
    assignees: params.list('assignee_ids')?.flatMap((id) => instance.users.byId(Number(id)) ?? []),
  });
  if (event !== undefined)
    setState(instance, project, mergeRequest, user, event === 'close' ? 'closed' : 'opened');
}
