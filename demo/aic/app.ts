import { Hono } from 'hono';
import { addBranchRoutes } from './branch-routes.ts';
import {
  createJob,
  jobByTitle,
  jobConfig,
  jobEntry,
  replaceJob,
  type Job,
  type Project,
  type Workspace,
} from './catalog.ts';
import { addDatasetRoutes } from './dataset-routes.ts';
import { addDriveRoutes } from './drive-routes.ts';
import { readJobRequest, type JobRequest } from './job-content.ts';
import { jsonText } from './json-body.ts';
import { base, byId, jobOf, placeOf, workspacePath, type Place } from './place.ts';
import { refusal } from './refusal.ts';

/** A job that was written over the API. */
interface JobWrite {
  readonly kind: 'create' | 'update';
  readonly project: Project;
  readonly workspace: Workspace;
  readonly job: Job;
}

export interface AicApp {
  readonly apiKey: string;
  /** Read at each call. */
  readonly projects: readonly Project[];
  readonly onWrite: (write: JobWrite) => void;
}

/** The REST API of AIC. Where AIC's behaviour is not known, the strictest plausible one. */
export function createAicApp({ apiKey, projects, onWrite }: AicApp): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    if (c.req.header('api-key') !== apiKey) return refusal(401, 'Invalid or missing API key');
    return next();
  });
  app.notFound((c) => refusal(404, `Cannot ${c.req.method} ${c.req.path}`));

  app.get(`${base}/projects`, () => Response.json(projects.map(({ id, name }) => ({ $id: id, name }))));

  app.get(`${base}/projects/:project/workspaces`, (c) => {
    const project = byId(projects, c.req.param('project'));
    if (project === undefined) return refusal(404, 'Project not found');
    return Response.json(
      project.workspaces.map(({ id, name }) => ({ $id: id, name, projectId: project.id })),
    );
  });

  app.get(`${workspacePath}/jobs`, (c) => {
    const place = placeOf(projects, c.req.param());
    if (place instanceof Response) return place;
    return Response.json({ jobs: [...place.workspace.jobs.values()].map(jobEntry) });
  });

  app.get(`${workspacePath}/jobs/:job`, (c) => {
    const job = jobOf(projects, c.req.param());
    return job instanceof Response ? job : Response.json({ jobConfig: jobConfig(job) });
  });

  app.post(`${workspacePath}/jobs`, async (c) => {
    const request = await read(c.req.raw, { idAllowed: true });
    const place = placeOf(projects, c.req.param());
    if (place instanceof Response) return place;
    if (request instanceof Response) return request;
    if (request.id !== undefined) {
      const updated = update(place, request.id, request);
      return updated instanceof Response ? updated : Response.json({ jobId: updated.id });
    }
    const { project, workspace } = place;
    if (jobByTitle(workspace, request.title) !== undefined) return taken(request.title);
    const job = createJob(workspace, request.title, request.content, 'api');
    onWrite({ kind: 'create', project, workspace, job });
    return Response.json({ jobId: job.id }, { status: 201 });
  });

  app.put(`${workspacePath}/jobs/:job`, async (c) => {
    const request = await read(c.req.raw, { idAllowed: false });
    const place = placeOf(projects, c.req.param());
    if (place instanceof Response) return place;
    if (request instanceof Response) return request;
    const updated = update(place, c.req.param('job'), request);
    // Nothing is known of the answer but that it is 2xx: nobody may count on a body.
    return updated instanceof Response ? updated : new Response(null, { status: 204 });
  });

  addBranchRoutes(app, projects);
  addDatasetRoutes(app, projects);
  addDriveRoutes(app, projects);

  function update({ project, workspace }: Place, id: string, request: JobRequest): Job | Response {
    const job = workspace.jobs.get(id);
    if (job === undefined) return refusal(404, 'Job not found');
    // A job that keeps its title may be written even if there is a second one of that title.
    if (job.title !== request.title && jobByTitle(workspace, request.title) !== undefined)
      return taken(request.title);
    const updated = replaceJob(workspace, job, request.title, request.content, 'api');
    onWrite({ kind: 'update', project, workspace, job: updated });
    return updated;
  }

  return app;
}

async function read(
  request: Request,
  options: { readonly idAllowed: boolean },
): Promise<JobRequest | Response> {
  const body = await jsonText(request);
  if (body instanceof Response) return body;
  const job = readJobRequest(body, options);
  return typeof job === 'string' ? refusal(400, job) : job;
}

function taken(title: string): Response {
  return refusal(409, `A job with title "${title}" already exists in this workspace`);
}
