import type { Aic, Environment } from '../../domain/aic/aic.ts';
import type { AicCatalogue } from '../../domain/aic/catalogue.ts';
import { fail, ok } from '../../domain/shared/result.ts';

/** The names that AIC shows. */
export function catalogueOf(aic: Aic, environments: readonly Environment[]): AicCatalogue {
  return {
    environments,
    projects: async (environment) => {
      const listed = await aic.projects(environment);
      if (listed.ok) return ok(listed.value.map(({ name }) => name));
      return listed.failure.kind === 'upstream' ? fail(listed.failure.failure) : ok([]);
    },
    workspaces: async (environment, aicProject) => {
      const listed = await aic.workspaces({ environment, aicProject });
      if (listed.ok) return ok(listed.value.map(({ name }) => name));
      return listed.failure.kind === 'upstream' ? fail(listed.failure.failure) : ok(undefined);
    },
  };
}

/** Those of the names that may be told to who sets a project up. */
export function catalogueWithin(
  catalogue: AicCatalogue,
  may: {
    readonly nameProject: (name: string) => boolean;
    readonly nameWorkspace: (aicProject: string, name: string) => boolean;
  },
): AicCatalogue {
  return {
    environments: catalogue.environments,
    projects: async (environment) => {
      const listed = await catalogue.projects(environment);
      return listed.ok ? ok(listed.value.filter((name) => may.nameProject(name))) : listed;
    },
    workspaces: async (environment, aicProject) => {
      const listed = await catalogue.workspaces(environment, aicProject);
      return listed.ok ? ok(listed.value?.filter((name) => may.nameWorkspace(aicProject, name))) : listed;
    },
  };
}
