import { commitLink } from '../../commands/refusals.ts';
import { remediesFor } from '../../commands/remedies.ts';
import { countsOf, isSound, type Caution, type DeploymentPlan, type PlannedItem } from './deployment-plan.ts';
import { detailOf, summaryOf } from '../../pipeline/diff/format-differences.ts';
import type { Mistake } from '../../mapping/located-yaml.ts';
import { joined, link, names, phrase, words, type Phrase } from '../../report/phrase.ts';
import type { Step } from './plan-step.ts';
import { explain } from '../../report/reason.ts';
import type { Detail, Report } from '../../report/report.ts';

/** A plan for people: what would be deployed, a row for each pipeline, what would change in each, and what to do about the rest. */
export function planReport(plan: DeploymentPlan): Report {
  const { project, branch, at, workspace } = plan;
  const items = plan.items
    .filter(({ step }) => step.kind !== 'gone')
    .toSorted((one, other) => rank(one) - rank(other) || (one.step.name < other.step.name ? -1 : 1));
  return {
    mood: isSound(plan) ? 'note' : 'held',
    outcome: outcomeOf(plan),
    table: {
      head: ['Pipeline', 'Result', 'Details'],
      rows: [
        ...plan.codeOnly.map(({ name, paths }) => [
          phrase`${name}`,
          words('not deployed'),
          cautionOf({ kind: 'code-disagrees', paths, isEdited: true }),
        ]),
        ...items.map((item) => [phrase`${item.step.name}`, words(resultOf[item.step.kind]), detailsOf(item)]),
      ],
    },
    remedies: remediesOf(plan, items),
    details: items.flatMap(sectionsOf),
    facts: [
      phrase`branch ${branch}`,
      plan.verb === 'Merging'
        ? words('as it would be after merging')
        : ['commit ', ...commitLink(project, at)],
      phrase`workspace ${workspace.name}`,
      ...(plan.mapping === 'changed'
        ? [words('the merge request changes the mapping file, which counts once it is merged')]
        : []),
    ],
  };
}

/** The outcome in one sentence, such as `Merging deploys 3 pipelines to PIN QA: 1 new, 2 changed; 1 blocked`. */
export function outcomeOf(plan: DeploymentPlan): Phrase {
  const { verb, workspace, branch, isInConflict, mapping } = plan;
  if (typeof mapping === 'object') {
    return [
      ...words(verb),
      ' leaves the mapping file with ',
      mapping.mistakes.length === 1 ? 'a mistake' : `${mapping.mistakes.length} mistakes`,
      ': nothing would be deployed any more',
    ];
  }
  const { create, update, unchanged, left, blocked, failed } = countsOf(plan);
  const deployed = create + update;
  const done = list([
    [create, 'new'],
    [update, 'changed'],
  ]);
  const rest = list([
    [blocked, 'blocked'],
    [failed, 'would fail'],
    [unchanged, 'there already'],
    [left, 'left alone'],
  ]);
  const into = phrase` to ${workspace.name}`;
  const begin = isInConflict ? phrase`In conflict with ${branch}; as it stands, ` : [];
  const does =
    verb === 'Deploying' ? 'A deployment would bring' : isInConflict ? 'merging deploys' : 'Merging deploys';
  if (deployed === 0) return [...begin, `${does} nothing`, ...into, ...(rest === '' ? [] : [`: ${rest}`])];
  const many = deployed === 1 ? '1 pipeline' : `${deployed} pipelines`;
  return [...begin, `${does} ${many}`, ...into, `: ${done}`, ...(rest === '' ? [] : [`; ${rest}`])];
}

function list(counts: readonly (readonly [number, string])[]): string {
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(', ');
}

const ranks = ['failed', 'blocked', 'create', 'update', 'left', 'unchanged', 'gone'] as const;

const resultOf: Readonly<Record<Step['kind'], string>> = {
  failed: 'would fail',
  blocked: 'would be blocked',
  create: 'new',
  update: 'changed',
  left: 'left alone',
  unchanged: 'there already',
  gone: 'gone',
};

function rank({ step }: PlannedItem): number {
  return ranks.indexOf(step.kind);
}

function detailsOf({ step, differences, cautions }: PlannedItem): Phrase {
  return joined(
    [...whatOf(step), ...summariesOf(step, differences), ...cautions.map(cautionOf)].filter(
      (each) => each.length > 0,
    ),
    ' ',
  );
}

function whatOf(step: Step): readonly Phrase[] {
  switch (step.kind) {
    case 'blocked':
    case 'failed':
      return [explain(step.reason).what];
    case 'update':
      return step.drifted ? [words('A change made by hand in AIC would be overwritten.')] : [];
    case 'left':
      return [words('The file is removed; pipelines are never deleted in AIC.')];
    case 'create':
    case 'unchanged':
    case 'gone':
      return [];
  }
}

function summariesOf(step: Step, differences: PlannedItem['differences']): readonly Phrase[] {
  const isTold = step.kind === 'update' || step.kind === 'create';
  return isTold && differences.length > 0 ? [[...summaryOf(differences), '.']] : [];
}

function cautionOf(caution: Caution): Phrase {
  switch (caution.kind) {
    case 'code-disagrees':
      return caution.isEdited
        ? ['⚠️ Edited in ', ...names(caution.paths, 3), ', but not in the config: the edit is not deployed.']
        : [
            '⚠️ ',
            ...names(caution.paths, 3),
            ' shows other code than the config, which is what is deployed.',
          ];
    case 'also-changed':
      return [
        '⚠️ Also changed by ',
        ...joined(
          caution.by.slice(0, 5).map(({ iid, webUrl }) => link(`!${iid}`, webUrl)),
          ', ',
        ),
        caution.by.length > 5 ? ` and ${caution.by.length - 5} more.` : '.',
      ];
    case 'no-table':
      return ['⚠️ The workspace has no table ', ...names(caution.placeholders, 5), '.'];
    case 'set-variables':
      return ['The mapping file sets ', ...names(caution.ids, 5), '.'];
    case 'waits-already':
      return words('It waits on the branch already.');
  }
}

function sectionsOf({ step, differences, byHand }: PlannedItem): readonly Detail[] {
  const { name } = step;
  const isTold = differences.length > 0 && step.kind !== 'unchanged';
  return [
    ...(isTold ? [detailOf(phrase`${name}`, differences)] : []),
    ...(byHand.length > 0 ? [detailOf(phrase`${name}: changed by hand in AIC`, byHand)] : []),
  ];
}

function remediesOf(plan: DeploymentPlan, items: readonly PlannedItem[]): readonly Phrase[] {
  const stuck = items.flatMap(({ step }) =>
    step.kind === 'blocked' || step.kind === 'failed' ? [{ pipeline: step.name, reason: step.reason }] : [],
  );
  const having = (kind: Caution['kind']) =>
    items.filter(({ cautions }) => cautions.some((caution) => caution.kind === kind));
  const edited = items.filter(({ cautions }) =>
    cautions.some((caution) => caution.kind === 'code-disagrees' && caution.isEdited),
  );
  const isMerge = plan.verb === 'Merging';
  return [
    ...mistakesOf(plan.mapping),
    ...(plan.isInConflict
      ? [phrase`Resolve the conflict with ${plan.branch}; the plan is then made anew.`]
      : []),
    ...remediesFor(stuck),
    ...(edited.length + plan.codeOnly.length === 0 || !isMerge
      ? []
      : [phrase`${'/aic embed'} writes edited code into the configs, on the source branch.`]),
    ...(having('no-table').length === 0
      ? []
      : [phrase`Create the missing tables in ${plan.workspace.name} before merging, or correct the names.`]),
    ...(plan.strayPaths.length === 0
      ? []
      : [
          [
            ...names(plan.strayPaths, 5),
            ...phrase`: nothing reads these. A pipeline's config is ${'config/<pipeline>.json'}, its code ${'code/<pipeline>/<task>.sql'} or ${'.py'}.`,
          ],
        ]),
    ...(isMerge
      ? [phrase`${'/aic plan'} makes this plan anew, such as after a change in AIC or on ${plan.branch}.`]
      : []),
  ];
}

function mistakesOf(mapping: DeploymentPlan['mapping']): readonly Phrase[] {
  return typeof mapping === 'object' ? mistakePhrases(mapping.mistakes) : [];
}

/** Each mistake of the mapping file with what to do about it. */
export function mistakePhrases(mistakes: readonly Mistake[]): readonly Phrase[] {
  return mistakes
    .slice(0, 20)
    .map(({ line, problem, remedy }) => [
      ...phrase`${'branch_to_workspace.yaml'}, line ${words(String(line))}: `,
      ...problem,
      ' ',
      ...remedy,
    ]);
}
