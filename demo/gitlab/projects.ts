import { join } from 'node:path';
import type { Group } from './group.ts';
import { accessLevels, type Project } from './project.ts';
import { maintainersOnly } from './protected-branch.ts';
import { createRepository } from './repository.ts';
import type { User } from './users.ts';

interface NewProject {
  /** With its namespace: a group's, or a user's. */
  readonly path: string;
  readonly group: Group | undefined;
  readonly name: string;
  readonly description: string | null;
  readonly visibility: Project['visibility'];
  readonly defaultBranch: string;
  /** Becomes the owner of what is not in a group; in a group it is members of the group who have rights. */
  readonly creator: User;
}

export interface Projects {
  /** With an empty repository. Throws for a path that is taken. */
  add(project: NewProject): Promise<Project>;
  /** By number or by path, in which GitLab takes small and big letters for the same. */
  find(name: string | number): Project | undefined;
  all(): readonly Project[];
}

export function createProjects({
  directory,
  now,
}: {
  readonly directory: string;
  readonly now: () => Date;
}): Projects {
  const projects: Project[] = [];

  function find(name: string | number): Project | undefined {
    if (typeof name === 'number') return projects[name - 1];
    const wanted = name.toLowerCase();
    return projects.find(({ path }) => path.toLowerCase() === wanted);
  }

  return {
    async add(given) {
      if (find(given.path) !== undefined) throw new Error(`There is a project ${given.path} already.`);
      const id = projects.length + 1;
      const createdAt = now();
      const project: Project = {
        ...given,
        id,
        createdAt,
        // It is taken into the list before its folder is made, so that its number and path are its own at once.
        repository: createRepository(join(directory, `${id}.git`)),
        members: new Map(
          given.group === undefined
            ? [[given.creator.id, { user: given.creator, accessLevel: accessLevels.owner, createdAt }]]
            : [],
        ),
        protectedBranches: new Map([
          [given.defaultBranch, maintainersOnly(projects.length + 1, given.defaultBranch)],
        ]),
        mergeMethod: 'merge',
        repositoryAccess: 'enabled',
        automaticRebase: 'off',
        mergeRequests: [],
        issues: [],
        commitComments: [],
        statuses: [],
        pipelines: [],
        pushes: [],
        freezePeriods: [],
        tellsApprovalTimes: true,
        resetsApprovals: false,
        ciConfigPath: null,
        environments: [],
        deployments: [],
        hooks: new Map(),
      };
      projects.push(project);
      await project.repository.initialize(given.defaultBranch);
      return project;
    },
    find,
    all: () => projects,
  };
}
