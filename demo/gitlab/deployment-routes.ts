import { Hono } from 'hono';
import { listCommits } from './commits.ts';
import { commitIn } from './commit-routes.ts';
import {
  deploymentJson,
  deploymentStates,
  environmentJson,
  type Deployment,
  type DeploymentState,
  type Environment,
} from './deployment.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { mergeRequestJson } from './merge-request.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { badParameter, noSuchRow, refused } from './refusal.ts';
import type { User } from './users.ts';

const deployments = '/projects/:id/deployments';
const environments = '/projects/:id/environments';
/** https://docs.gitlab.com/ci/environments/#create-a-static-environment */
const environmentName = /^(?!\/)[\w\-/${}. ]{1,255}(?<!\/)$/;

export function deploymentRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get(environments, async (c) => {
    const name = c.req.query('name');
    const found = c.var.project.environments.filter((one) => name === undefined || one.name === name);
    return pageOf(c, found, environmentJson);
  });

  app.post(environments, async (c) => {
    const { project, user } = c.var;
    needDeveloper(project, user);
    const name = (await readParams(c)).required('name');
    if (project.environments.some((one) => one.name === name))
      throw refused(400, { name: ['has already been taken'] });
    return c.json(environmentJson(environmentNamed(instance, project, name)), 201);
  });

  app.get(deployments, async (c) => {
    const { project } = c.var;
    const [environment, status] = [c.req.query('environment'), c.req.query('status')];
    const found = project.deployments
      .filter((one) => environment === undefined || one.environment.name === environment)
      .filter((one) => status === undefined || one.state === status);
    const sorted = c.req.query('sort') === 'desc' ? found.toReversed() : found;
    return pageOf(c, sorted, (one) => deploymentJson(one, instance.url()));
  });

  app.post(deployments, async (c) => {
    const { project, user } = c.var;
    needDeveloper(project, user);
    const params = await readParams(c);
    const name = params.required('environment');
    const { id: commit } = await commitIn(project, params.required('sha'));
    const ref = params.required('ref');
    const isTag = params.flag('tag');
    if (isTag === undefined) throw badParameter('tag is missing');
    const made: Deployment = {
      id: instance.nextId(),
      iid: project.deployments.length + 1,
      environment: environmentNamed(instance, project, name),
      commit,
      ref,
      isTag,
      author: user,
      createdAt: instance.now(),
      updatedAt: instance.now(),
      state: stateIn(params.required('status')),
    };
    project.deployments.push(made);
    return c.json(deploymentJson(made, instance.url()), 201);
  });

  app.get(`${deployments}/:deployment`, async (c) =>
    c.json(deploymentJson(deploymentIn(c.var.project, c.req.param('deployment')), instance.url())),
  );

  app.put(`${deployments}/:deployment`, async (c) => {
    const { project, user } = c.var;
    needDeveloper(project, user);
    const deployment = deploymentIn(project, c.req.param('deployment'));
    const state = stateIn((await readParams(c)).required('status'));
    const isStep = state !== deployment.state && state !== 'running';
    if (!isStep) throw refused(400, `Cannot transition status via :${state} from :${deployment.state}`);
    deployment.state = state;
    deployment.updatedAt = instance.now();
    return c.json(deploymentJson(deployment, instance.url()));
  });

  app.get(`${deployments}/:deployment/merge_requests`, async (c) => {
    const { project } = c.var;
    const deployment = deploymentIn(project, c.req.param('deployment'));
    const before = project.deployments.findLast(
      (one) =>
        one.id < deployment.id && one.state === 'success' && one.environment === deployment.environment,
    );
    const since = before === undefined ? [] : [`^${before.commit}`];
    const brought = new Set(await listCommits(project.repository.directory, [deployment.commit, ...since]));
    const found =
      deployment.state === 'success'
        ? project.mergeRequests.filter((one) =>
            [one.mergeCommit, one.squashCommit].some((id) => id !== undefined && brought.has(id)),
          )
        : [];
    return pageOf(c, found, (one) => mergeRequestJson(one, 'not_open', project, instance.url()));
  });

  return app;
}

function needDeveloper(project: Project, user: User): void {
  if (accessLevel(project, user) < accessLevels.developer) throw refused(403, '403 Forbidden');
}

function stateIn(text: string): DeploymentState {
  const state = deploymentStates.find((known) => known === text);
  if (state === undefined) throw badParameter('status does not have a valid value');
  return state;
}

function deploymentIn(project: Project, id: string): Deployment {
  const found = project.deployments.find((one) => String(one.id) === id);
  if (found === undefined) throw noSuchRow();
  return found;
}

/** The environment, which is made where it is missing. */
function environmentNamed(instance: Instance, project: Project, name: string): Environment {
  const known = project.environments.find((one) => one.name === name);
  if (known !== undefined) return known;
  if (!environmentName.test(name))
    throw refused(400, {
      name: [
        "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it cannot start or end with '/'",
      ],
    });
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 24);
  const made = { id: instance.nextId(), name, slug, createdAt: instance.now() };
  project.environments.push(made);
  return made;
}
