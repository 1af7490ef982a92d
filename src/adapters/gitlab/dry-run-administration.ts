import type { Administration } from '../../domain/setup/administration.ts';
import { hookEventNames, type Hook, type HookId, type WantedHook } from '../../domain/gitlab/webhook.ts';
import type { ProjectId } from '../../domain/shared/ids.ts';
import { ok } from '../../domain/shared/result.ts';

/** Changes nothing and answers as if it had: what a dry run is carried out with. */
export function createRehearsal(): Administration {
  return {
    mode: 'rehearsal',
    createProject: async (group, name) =>
      ok({ id: 0 as ProjectId, path: `${group.path}/${name}`, webUrl: '', defaultBranch: undefined }),
    addFiles: async () => ok(undefined),
    createBranch: async () => ok('made'),
    protect: async () => ok('made'),
    addHook: async (_project, wanted) => ok(complete(wanted)),
    completeHook: async (_project, _hook, wanted) => ok(complete(wanted)),
  };
}

function complete(wanted: WantedHook): Hook {
  return {
    id: 0 as HookId,
    url: wanted.url,
    events: new Set(hookEventNames),
    state: 'working',
    pausedUntil: undefined,
    hasSecret: wanted.secret !== undefined,
    hasSigningToken: wanted.signingToken !== undefined,
    verifiesTls: true,
    pushFilter: '',
  };
}
