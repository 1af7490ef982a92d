import { reportOn, type DeploymentFacts } from '../reports/deployment-report.ts';
import { counted } from '../../report/count.ts';
import type { Deployment } from '../deployment.ts';
import type { MergeRequest } from '../../gitlab/merge-request.ts';
import { link, names, phrase, words } from '../../report/phrase.ts';
import type { Explanation } from '../../report/reason.ts';

import type { Detail, Report } from '../../report/report.ts';

/** Why no merge request makes the branch follow a rollback, or which one does. */
export type Revert =
  | { readonly kind: 'opened'; readonly request: MergeRequest }
  /** The branch has that already. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed' };

/** What a rollback did, and what makes the branch follow. */
export function rollbackReport(
  facts: DeploymentFacts,
  {
    subject,
    revert,
    details,
  }: { readonly subject: Deployment; readonly revert: Revert; readonly details: readonly Detail[] },
): Report {
  const report = reportOn(facts);
  const { deployment, items } = facts;
  const restored = items.filter(({ state }) => state.kind === 'updated' || state.kind === 'created').length;
  const same = items.filter(({ state }) => state.kind === 'unchanged').length;
  const stuck = items.filter(({ state }) => state.kind === 'blocked' || state.kind === 'failed').length;
  const rest = [
    ...(same > 0 ? [`${same} were like that already`] : []),
    ...(stuck > 0 ? [`${stuck} could not be`] : []),
  ].join(', ');
  return {
    ...report,
    outcome: [
      ...phrase`Rolled back deployment ${words(String(subject.id))} in ${subject.workspace.workspace}: ${words(counted(restored, 'pipeline'))} restored`,
      ...(rest === '' ? [] : [`, ${rest}`]),
    ],
    remedies: [
      ...report.remedies,
      ...revertRemedies(revert, subject),
      ...(restored > 0
        ? [phrase`To undo the rollback: ${`/aic rollback deployment=${deployment.id}`}.`]
        : []),
    ],
    details,
    facts: [...report.facts, words(`undoes deployment ${subject.id}`)],
  };
}

function revertRemedies(revert: Revert, { branch }: Deployment): Report['remedies'] {
  switch (revert.kind) {
    case 'opened': {
      const { iid, webUrl } = revert.request;
      return [
        phrase`Merge ${link(`!${iid}`, webUrl)}, so that ${branch} follows. Until then the restored pipelines are held back from deployment.`,
      ];
    }
    case 'nothing':
      return [];
    case 'failed':
      return [
        phrase`No merge request could be opened to make ${branch} follow: bring it there with ${`/aic adopt branch=${branch}`}. Until then the restored pipelines are held back from deployment.`,
      ];
  }
}

/** Why a rollback is not begun. */
export type RollbackRefusal =
  | { readonly kind: 'no-deployment' | 'not-merged' | 'which' | 'still-running' }
  | { readonly kind: 'unknown'; readonly wanted: string }
  | { readonly kind: 'no-workspace'; readonly branch: string }
  | { readonly kind: 'nothing'; readonly deployment: number; readonly created: readonly string[] }
  | { readonly kind: 'done-before'; readonly deployment: number; readonly by: Deployment };

export function explainRollbackRefusal(refusal: RollbackRefusal): Explanation {
  const nothing = 'Nothing was rolled back: ';
  const history = phrase`${'/aic history branch=BRANCH'} lists the deployments with their numbers.`;
  switch (refusal.kind) {
    case 'no-deployment':
      return { what: words(`${nothing}nothing was deployed from this merge request.`), remedy: history };
    case 'not-merged':
      return {
        what: words(`${nothing}the merge request is not merged, so nothing was deployed from it.`),
        remedy: phrase`To undo another deployment, name it in an issue: ${'/aic rollback deployment=12'}.`,
      };
    case 'which':
      return {
        what: words(`${nothing}in an issue, the command does not know which deployment is meant.`),
        remedy: phrase`Name it, as in ${'/aic rollback deployment=12'}; ${'/aic history branch=BRANCH'} lists them.`,
      };
    case 'unknown':
      return {
        what: phrase`${words(nothing)}this project has no deployment ${refusal.wanted}.`,
        remedy: history,
      };
    case 'still-running':
      return {
        what: words(`${nothing}that deployment is still running.`),
        remedy: phrase`Wait for its end, or stop it with ${'/aic cancel'}.`,
      };
    case 'no-workspace':
      return {
        what: phrase`${words(nothing)}the mapping file gives ${refusal.branch} another workspace by now, or none.`,
        remedy: words('Restore the pipelines by hand, or undo the change of the mapping file first.'),
      };
    case 'nothing':
      return {
        what: [
          `${nothing}deployment ${refusal.deployment} overwrote no pipeline.`,
          ...(refusal.created.length === 0
            ? []
            : [' It created ', ...names(refusal.created, 5), ', which stay: pipelines are never deleted.']),
        ],
        remedy: history,
      };
    case 'done-before': {
      const { by } = refusal;
      return {
        what: [
          ...words(nothing),
          ...phrase`deployment ${words(String(refusal.deployment))} was rolled back before, by deployment ${words(String(by.id))} for ${by.by ?? 'somebody'}.`,
        ],
        remedy: phrase`To undo that rollback: ${`/aic rollback deployment=${by.id}`}.`,
      };
    }
  }
}
