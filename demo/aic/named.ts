import type { Project, Workspace } from './catalog.ts';

/** The project of this name; throws for one that does not exist, which is a mistake in a test. */
export function projectNamed(projects: readonly Project[], name: string): Project {
  const project = projects.find((candidate) => candidate.name === name);
  if (project === undefined) throw new Error(`There is no project ${name}.`);
  return project;
}

/** The workspace of this name; throws as well. */
export function workspaceNamed(projects: readonly Project[], projectName: string, name: string): Workspace {
  const workspace = projectNamed(projects, projectName).workspaces.find(
    (candidate) => candidate.name === name,
  );
  if (workspace === undefined)
    throw new Error(`There is no workspace ${name} in the project ${projectName}.`);
  return workspace;
}

/** The entry of this name; throws as well. */
export function named<Entry extends { readonly name: string }>(
  what: string,
  entries: Iterable<Entry>,
  name: string,
): Entry {
  const found = [...entries].find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`There is no ${what} ${name}.`);
  return found;
}
