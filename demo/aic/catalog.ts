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
  /** Its interactive branches, by id. */
  readonly branches: Map<string, InteractiveBranch>;
}

interface InteractiveBranch {
  readonly id: string;
  readonly name: string;
  /** As it came, in JSON. */
  readonly config: string;
}

interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly tables: { readonly id: string; readonly name: string }[];
}

/** Files by their path from the drive, such as `20260131/sales.json`. */
export interface Drive {
  readonly id: string;
  readonly name: string;
  /** Whether an upload replaces a file that exists. */
  readonly overwrites: boolean;
  /** The drive itself is the empty path. */
  readonly folders: Set<string>;
  readonly files: Map<string, Uint8Array>;
}

export interface Workspace {
  readonly id: string;
  readonly name: string;
  /** By id, in the order of creation. */
  readonly jobs: Map<string, Job>;
  readonly datasets: Dataset[];
  readonly drives: Drive[];
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
  return { id: randomUUID(), name, jobs: new Map(), datasets: [], drives: [] };
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
    branches: new Map(),
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
  const { id, title, content, branches: _branches, ...owned } = job;
  return { $id: id, ...(title === undefined ? {} : { title }), ...content, ...owned };
}

/** The job in a workspace's list. */
export function jobEntry(job: Job): object {
  const { id, title, updatedAt } = job;
  return { $id: id, ...(title === undefined ? {} : { title }), updatedAt };
}
