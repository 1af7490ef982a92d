import { commitLink } from './command-answer.ts';
import { remediesFor } from './command-remedy.ts';
import type { Project } from './gitlab.ts';
import type { CommitSha } from './ids.ts';
import type { WorkspaceTarget } from './mapping.ts';
import { phrase, words, type Phrase } from './phrase.ts';
import type { Step } from './plan.ts';
import { explain } from './reason.ts';
import type { Report } from './report.ts';

/** What a deployment would do, and has not done. */
export function planReport(plan: {
  readonly verb: 'Merging' | 'Deploying';
  readonly project: Project;
  readonly branch: string;
  readonly at: CommitSha;
  readonly workspace: WorkspaceTarget;
  readonly steps: readonly Step[];
}): Report {
  const { verb, project, branch, at, workspace } = plan;
  const steps = plan.steps
    .filter(({ kind }) => kind !== 'gone')
    .toSorted((one, other) => rank(one) - rank(other) || (one.name < other.name ? -1 : 1));
  const counts = kinds
    .map((kind) => ({ kind, count: steps.filter((step) => step.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${resultOf[kind]}`)
    .join(', ');
  const stuck = steps.flatMap((step) =>
    step.kind === 'blocked' || step.kind === 'failed' ? [{ pipeline: step.name, reason: step.reason }] : [],
  );
  return {
    mood: stuck.length > 0 ? 'held' : 'note',
    outcome:
      steps.length === 0
        ? phrase`${words(verb)} would change nothing in ${workspace.name}`
        : phrase`${words(verb)} would do this in ${workspace.name}: ${words(counts)}`,
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: steps.map((step) => [phrase`${step.name}`, words(resultOf[step.kind]), detailsOf(step)]),
    },
    remedies: remediesFor(stuck),
    facts: [
      phrase`branch ${branch}`,
      ['commit ', ...commitLink(project, at)],
      phrase`workspace ${workspace.name}`,
    ],
  };
}

const kinds = ['failed', 'blocked', 'create', 'update', 'left', 'unchanged', 'gone'] as const;

const resultOf: Readonly<Record<Step['kind'], string>> = {
  failed: 'would fail',
  blocked: 'would be blocked',
  create: 'to create',
  update: 'to update',
  left: 'left alone',
  unchanged: 'unchanged',
  gone: 'gone',
};

function rank({ kind }: Step): number {
  return kinds.indexOf(kind);
}

function detailsOf(step: Step): Phrase {
  switch (step.kind) {
    case 'blocked':
    case 'failed':
      return explain(step.reason).what;
    case 'update':
      return step.drifted ? words('A change made by hand in AIC would be overwritten.') : [];
    case 'create':
    case 'unchanged':
    case 'left':
    case 'gone':
      return [];
  }
}
