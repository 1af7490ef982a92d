import type { Commits, Deployments } from '@gitbeaker/rest';
import { z } from 'zod';

import type { RecordId, Records } from '../../domain/gitlab/deployment-records.ts';
import { ok } from '../../domain/shared/result.ts';
import { attempt } from './requester.ts';

const longestText = 255;
const most = 20;

const deployment = z.object({
  id: z.number().transform((id) => id as RecordId),
  sha: z.string(),
  ref: z.string(),
  user: z.object({ id: z.number() }).nullish(),
});

/** GitLab's answer to the state that something has already, and to one that it can't get to any more. */
const noStep = /cannot transition/i;

/** Commit statuses and deployments. */
export function createRecords(deps: {
  readonly commits: Commits;
  readonly deployments: Deployments;
  readonly whoAmI: () => Promise<number>;
}): Records {
  const { commits, deployments, whoAmI } = deps;
  return {
    putStatus: async (project, commit, { name, ref, state, description, targetUrl, pipeline }) => {
      const put = await attempt(() =>
        commits.editStatus(project, commit, state, {
          name,
          ref,
          description: cut(description),
          targetUrl,
          ...(pipeline === undefined ? {} : { pipelineId: pipeline }),
        }),
      );
      if (put.ok) return ok('put');
      if (put.failure.reason === 'missing') return ok('gone');
      return noStep.test(put.failure.said) ? ok('put') : put;
    },
    findRecords: (project, { environment, commit, ref }) =>
      attempt(async () => {
        const self = await whoAmI();
        const options = { environment, orderBy: 'id', sort: 'desc', perPage: most, page: 1 } as const;
        const listed = z.array(deployment).parse(await deployments.all(project, options));
        return listed
          .filter((one) => one.sha === commit && one.ref === ref && one.user?.id === self)
          .map(({ id }) => id);
      }),
    addRecord: (project, { environment, commit, ref, state }) =>
      attempt(
        async () =>
          deployment.parse(
            await deployments.create(project, environment, commit, ref, false, { status: state }),
          ).id,
      ),
    endRecord: async (project, id, state) => {
      const ended = await attempt(() => deployments.edit(project, id, state));
      if (ended.ok || ended.failure.reason === 'missing' || noStep.test(ended.failure.said))
        return ok(undefined);
      return ended;
    },
  };
}

function cut(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText - 1).toWellFormed()}…`;
}
