import { randomUUID } from 'node:crypto';
import type { JobContent } from './job-content.ts';

/** A pipeline of one workspace: its content, and what the server keeps about it. */
export interface Job {
  readonly id: string;
  /** Jobs without one exist. */
  readonly title: string | undefined;
  readonly content: JobContent;
  /** Counts the writes, from 1. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastModifiedBy: string;
}

export interface Workspace {
  readonly id: string;
  readonly name: string;
  /** By id, in the order of creation. */
  readonly jobs: Map<string, Job>;
}

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly workspaces: Workspace[];
}

/** The ids mean nothing and repeat nowhere, so that one of another workspace or host is never right by chance. */
export function createProject(name: string): Project {
  return { id: randomUUID(), name, workspaces: [] };
}

export function createWorkspace(name: string): Workspace {
  return { id: randomUUID(), name, jobs: new Map() };
}

/** Stores a job under a new id, whether or not there is one of its title. */
export function createJob(
  workspace: Workspace,
  title: string | undefined,
  content: JobContent,
  author: string,
): Job {
  const now = new Date().toISOString();
  const job = {
    id: randomUUID(),
    title,
    content,
    version: 1,
    createdAt: now,
    updatedAt: now,
    lastModifiedBy: author,
  };
  workspace.jobs.set(job.id, job);
  return job;
}

/** Replaces title and content; nothing of the earlier content stays. */
export function replaceJob(
  workspace: Workspace,
  job: Job,
  title: string | undefined,
  content: JobContent,
  author: string,
): Job {
  const replaced = {
    ...job,
    title,
    content,
    version: job.version + 1,
    updatedAt: new Date().toISOString(),
    lastModifiedBy: author,
  };
  workspace.jobs.set(job.id, replaced);
  return replaced;
}

/** The first one of that title. */
export function jobByTitle(workspace: Workspace, title: string): Job | undefined {
  return [...workspace.jobs.values()].find((job) => job.title === title);
}

/** The `jobConfig` of the API: the content, and what the server keeps. */
export function jobConfig(job: Job): object {
  const { id, title, content, ...owned } = job;
  return { $id: id, ...(title === undefined ? {} : { title }), ...content, ...owned };
}

/** The job in a workspace's list. */
export function jobEntry(job: Job): object {
  const { id, title, updatedAt } = job;
  return { $id: id, ...(title === undefined ? {} : { title }), updatedAt };
}
