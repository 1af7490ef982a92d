import { randomUUID } from 'node:crypto';

import { jobByTitle, jobConfig, type Drive, type Job, type Project } from './catalog.ts';
import { named, workspaceNamed } from './named.ts';

/** An interactive branch of a pipeline, with its config as JSON text. */
interface Branch {
  readonly id: string;
  readonly name: string;
  readonly config: string;
}

/** What a workspace has besides pipelines: the methods set it up, or look inside. They throw for a name that does not exist. */
export interface Artifacts {
  addDataset(project: string, workspace: string, dataset: string): { readonly id: string };
  addTable(project: string, workspace: string, dataset: string, table: string): { readonly id: string };
  /** An empty drive. With `overwrites` an upload replaces a file that exists; without, it is refused. */
  addDrive(
    project: string,
    workspace: string,
    drive: string,
    options?: { readonly overwrites: boolean },
  ): { readonly id: string };
  /** The paths of all files of the first drive of that name, such as `20260131/sales.json`. */
  driveFiles(project: string, workspace: string, drive: string): string[];
  /** The text of a file. */
  driveFile(project: string, workspace: string, drive: string, path: string): string | undefined;
  /** An interactive branch made by hand, of the pipeline as it is. */
  addBranch(project: string, workspace: string, pipeline: string, branch: string): { readonly id: string };
  /** The interactive branches of the first pipeline of that title, in the order of creation. */
  branches(project: string, workspace: string, pipeline: string): Branch[];
}

export function artifactsOf(projects: readonly Project[]): Artifacts {
  const job = (project: string, workspace: string, title: string): Job => {
    const found = jobByTitle(workspaceNamed(projects, project, workspace), title);
    if (found === undefined) throw new Error(`There is no pipeline ${title}.`);
    return found;
  };
  const driveNamed = (project: string, workspace: string, name: string): Drive =>
    named('drive', workspaceNamed(projects, project, workspace).drives, name);

  return {
    addDataset(project, workspace, name) {
      const dataset = { id: randomUUID(), name, tables: [] };
      workspaceNamed(projects, project, workspace).datasets.push(dataset);
      return { id: dataset.id };
    },
    addTable(project, workspace, dataset, name) {
      const table = { id: randomUUID(), name };
      named('dataset', workspaceNamed(projects, project, workspace).datasets, dataset).tables.push(table);
      return { id: table.id };
    },
    addDrive(project, workspace, name, { overwrites } = { overwrites: false }) {
      const drive = { id: randomUUID(), name, overwrites, folders: new Set(['']), files: new Map() };
      workspaceNamed(projects, project, workspace).drives.push(drive);
      return { id: drive.id };
    },
    driveFiles(project, workspace, drive) {
      return [...driveNamed(project, workspace, drive).files.keys()];
    },
    driveFile(project, workspace, drive, path) {
      const bytes = driveNamed(project, workspace, drive).files.get(path);
      return bytes === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    },
    addBranch(project, workspace, pipeline, name) {
      const owner = job(project, workspace, pipeline);
      const id = randomUUID();
      owner.branches.set(id, { id, name, config: JSON.stringify(jobConfig(owner)) });
      return { id };
    },
    branches(project, workspace, pipeline) {
      return [...job(project, workspace, pipeline).branches.values()];
    },
  };
}
