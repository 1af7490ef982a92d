import type { Aic, Environment } from '../../domain/aic.ts';
import type { AicCatalogue } from '../../domain/aic-catalogue.ts';
import { fail, ok } from '../../domain/result.ts';

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
