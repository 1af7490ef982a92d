import { mappingPath, type MappingProblem } from '../decide-deployment.ts';
import { isSound, type DeploymentPlan } from './deployment-plan.ts';
import { phrase, words, type Phrase } from '../../report/phrase.ts';
import { mistakePhrases, outcomeOf, planReport } from './deployment-plan-report.ts';
import { explain } from '../../report/reason.ts';
import { plain } from '../../report/text.ts';
import type { Report } from '../../report/report.ts';
import { ruleWarnings, type RuleChanges } from './rule-changes.ts';

/** What merging a merge request would do. */
export type MergePlan =
  | ShowablePlan
  /** Merges into the target are not deployed by themselves. */
  | { readonly kind: 'unmapped' }
  /** GitLab does not know yet what the merge request changes. */
  | { readonly kind: 'not-ready' };

/** A plan that a merge request can show. */
export type ShowablePlan = { readonly rules: RuleChanges } & (
  | { readonly kind: 'plan'; readonly plan: DeploymentPlan; readonly own: readonly string[] }
  /** The mapping file can't be followed, so that nothing would be deployed. */
  | { readonly kind: 'no-mapping'; readonly problem: MappingProblem }
  /** The mapping file can't be followed now, and can be once this is merged. */
  | { readonly kind: 'mends-mapping' }
  /** Nothing would be deployed, but rules change. */
  | { readonly kind: 'rules'; readonly target: string }
);

/** What a merge request shows of what merging it would do. */
export function mergePlanReport(planned: ShowablePlan): Report {
  const warnings = ruleWarnings(planned.rules);
  return warnings.length === 0 ? bodyOf(planned) : { ...bodyOf(planned), warnings };
}

function bodyOf(planned: ShowablePlan): Report {
  switch (planned.kind) {
    case 'plan':
      return planReport(planned.plan);
    case 'no-mapping':
      return {
        mood: 'held',
        outcome: noMapping(planned.problem),
        table: undefined,
        remedies: [
          ...(planned.problem.kind === 'invalid' ? mistakePhrases(planned.problem.mistakes) : []),
          planned.problem.kind === 'unclaimed'
            ? explain(planned.problem).remedy
            : phrase`Once ${mappingPath} on ${planned.problem.defaultBranch} is in order, ${'/aic plan'} makes the plan.`,
        ],
        facts: [],
      };
    case 'mends-mapping':
      return {
        mood: 'note',
        outcome: phrase`Merging mends ${mappingPath}; what was merged in the meantime is then deployed`,
        table: undefined,
        remedies: [],
        facts: [],
      };
    case 'rules':
      return {
        mood: 'note',
        outcome: phrase`Merging deploys nothing: merges into ${planned.target} are not deployed`,
        table: undefined,
        remedies: [],
        facts: [],
      };
  }
}

/** What the commit status of a plan says. */
export function planVerdict(planned: ShowablePlan): {
  readonly state: 'success' | 'failed';
  readonly description: string;
} {
  switch (planned.kind) {
    case 'plan': {
      const { plan } = planned;
      const state = isSound(plan) ? 'success' : 'failed';
      if (plan.items.length + plan.codeOnly.length === 0 && state === 'success')
        return { state, description: 'No pipeline changes' };
      return { state, description: plain(outcomeOf(plan)) };
    }
    case 'no-mapping':
      return { state: 'failed', description: plain(noMapping(planned.problem)) };
    case 'mends-mapping':
      return { state: 'success', description: `Mends ${mappingPath}` };
    case 'rules':
      return { state: 'success', description: 'No pipeline changes; rules do' };
  }
}

/** The first line of a plan that is no longer true, above what it said. */
export const outdated = '⏳ **Outdated: the plan is being made anew.**';

/** The text of a plan's further comment that is not needed any more. */
export const noLongerNeeded = 'The plan fits into one comment now, further up.';

/** What stands in the place of a plan whose merge request goes elsewhere now. */
export function noPlanReport(target: string): Report {
  return {
    mood: 'note',
    outcome: phrase`Merges into ${target} are not deployed by themselves, so there is no plan`,
    table: undefined,
    remedies: [
      phrase`To have them deployed, give the branch an entry under ${'mapping:'} in ${mappingPath}.`,
    ],
    facts: [],
  };
}

function noMapping(problem: MappingProblem): Phrase {
  const { defaultBranch } = problem;
  switch (problem.kind) {
    case 'missing':
      return phrase`Merging deploys nothing: there is no ${mappingPath} on ${defaultBranch}`;
    case 'invalid':
      return phrase`Merging deploys nothing: ${mappingPath} on ${defaultBranch} has ${words(problem.mistakes.length === 1 ? 'a mistake' : `${problem.mistakes.length} mistakes`)}`;
    case 'unclaimed':
      return phrase`Merging deploys nothing: this project may not use the workspace ${problem.workspace}`;
  }
}
