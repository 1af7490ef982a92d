import { serveHttp, type HttpServer } from '../http-server.ts';
import { createAicApp } from './app.ts';
import { artifactsOf, type Artifacts } from './artifacts.ts';
import {
  createJob,
  createProject,
  createWorkspace,
  jobByTitle,
  jobConfig,
  replaceJob,
  type Job,
  type Project,
} from './catalog.ts';
import { contentOf } from './job-content.ts';
import { workspaceNamed, projectNamed } from './named.ts';

/** A create or an update that came over the API and took effect. */
interface AicWrite {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly at: number;
  readonly project: string;
  readonly workspace: string;
  readonly title: string;
  readonly kind: 'create' | 'update';
}

/** A `jobConfig` as AIC gives it; the fields of the content are away when nobody gave them. */
interface StoredJobConfig {
  readonly $id: string;
  readonly title?: string;
  readonly stages?: unknown;
  readonly variables?: unknown;
  readonly sourceStage?: unknown;
  readonly sinkStage?: unknown;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastModifiedBy: string;
}

/**
 * An AIC host. The API is at `${url}/apis/core/v1`. The methods do what people do in AIC's own pages, or look
 * inside; they name things by their names and throw for a name that does not exist. Configs are given as
 * objects, or as JSON text when digits matter; only the four fields of the content are taken from them.
 */
export interface AicServer extends HttpServer, Artifacts {
  readonly apiKey: string;
  /** The log of writes over the API, without the edits by hand. */
  readonly writes: AicWrite[];
  addProject(name: string): { readonly id: string };
  addWorkspace(project: string, workspace: string): { readonly id: string };
  /** An edit by hand: replaces the content of the first pipeline of that title, or creates one. */
  putPipeline(
    project: string,
    workspace: string,
    title: string,
    content: object | string,
  ): { readonly id: string };
  /** Creates a pipeline even if there is one of that title. */
  addPipeline(
    project: string,
    workspace: string,
    title: string,
    content: object | string,
  ): { readonly id: string };
  /** Creates a job without a title. */
  addUntitledPipeline(project: string, workspace: string, content: object | string): { readonly id: string };
  /** Removes every pipeline of that title, as a person may: the API can't. */
  removePipeline(project: string, workspace: string, title: string): void;
  /** The first pipeline of that title; its numbers are JavaScript's. */
  pipeline(project: string, workspace: string, title: string): StoredJobConfig | undefined;
  /** The same as JSON text, with every digit. */
  pipelineText(project: string, workspace: string, title: string): string | undefined;
  /** The titles in the order of creation, a doubled one twice, without the untitled jobs. */
  pipelines(project: string, workspace: string): string[];
}

/** Starts an AIC host without projects on 127.0.0.1; without options on any free port, with the key `aic-key`. */
export async function startAic(
  options: { readonly port?: number; readonly apiKey?: string } = {},
): Promise<AicServer> {
  const { port = 0, apiKey = 'aic-key' } = options;
  const projects: Project[] = [];
  const writes: AicWrite[] = [];
  const app = createAicApp({
    apiKey,
    projects,
    onWrite: ({ kind, project, workspace, job }) =>
      void writes.push({
        at: Date.now(),
        project: project.name,
        workspace: workspace.name,
        title: job.title ?? '',
        kind,
      }),
  });

  const first = (project: string, workspace: string, title: string): Job | undefined =>
    jobByTitle(workspaceNamed(projects, project, workspace), title);

  return {
    ...(await serveHttp(app, { port })),
    ...artifactsOf(projects),
    apiKey,
    writes,
    addProject(name) {
      if (projects.some((project) => project.name === name)) throw new Error(`The project ${name} exists.`);
      const project = createProject(name);
      projects.push(project);
      return { id: project.id };
    },
    addWorkspace(projectName, name) {
      const { workspaces } = projectNamed(projects, projectName);
      if (workspaces.some((workspace) => workspace.name === name))
        throw new Error(`The workspace ${name} exists.`);
      const workspace = createWorkspace(name);
      workspaces.push(workspace);
      return { id: workspace.id };
    },
    putPipeline(project, workspace, title, content) {
      const place = workspaceNamed(projects, project, workspace);
      const existing = jobByTitle(place, title);
      const job =
        existing === undefined
          ? createJob(place, title, contentOf(content), person)
          : replaceJob(place, existing, title, contentOf(content), person);
      return { id: job.id };
    },
    addPipeline(project, workspace, title, content) {
      return {
        id: createJob(workspaceNamed(projects, project, workspace), title, contentOf(content), person).id,
      };
    },
    addUntitledPipeline(project, workspace, content) {
      return {
        id: createJob(workspaceNamed(projects, project, workspace), undefined, contentOf(content), person).id,
      };
    },
    removePipeline(project, workspace, title) {
      const { jobs } = workspaceNamed(projects, project, workspace);
      for (const job of jobs.values()) if (job.title === title) jobs.delete(job.id);
    },
    pipeline(project, workspace, title) {
      const job = first(project, workspace, title);
      return job === undefined ? undefined : JSON.parse(JSON.stringify(jobConfig(job)));
    },
    pipelineText(project, workspace, title) {
      const job = first(project, workspace, title);
      return job === undefined ? undefined : JSON.stringify(jobConfig(job));
    },
    pipelines(project, workspace) {
      const { jobs } = workspaceNamed(projects, project, workspace);
      return [...jobs.values()].flatMap((job) => job.title ?? []);
    },
  };
}

const person = 'a.person@example.com';
