import { commitLink, refusal } from '../../commands/refusals.ts';
import type { Deployment, Item } from '../deployment.ts';
import { driftStates, isByHand, type DriftState } from '../drift/classify-drift.ts';
import type { Hold } from '../rollback/hold.ts';
import type { FreezePeriod } from '../../gitlab/freeze-period.ts';
import { freezeName, momentIn, type Frozen } from '../../mapping/freeze-window.ts';
import type { Project } from '../../gitlab/project.ts';
import { nearest } from '../../shared/suggest-names.ts';
import { originText } from '../gate/explain-waits.ts';
import { jointly } from '../gate/provenance.ts';
import { names, phrase, words, type Phrase } from '../../report/phrase.ts';
import { timeOf } from '../../shared/timestamps.ts';
import { explain } from '../../report/reason.ts';
import type { Report } from '../../report/report.ts';
import type { Pending } from '../../store/state.ts';

/** What is remembered of a branch. */
export interface BranchStatus {
  readonly branch: string;
  /** Undefined where the mapping gives it none. */
  readonly workspace: string | undefined;
  readonly last: { readonly deployment: Deployment; readonly items: readonly Item[] } | undefined;
  readonly pending: readonly Pending[];
  /** How the workspace compared with the branch when it was last looked at; empty before that. */
  readonly drift: ReadonlyMap<string, DriftState>;
  /** Whether the project may not use the workspace. Then nothing of it is shown. */
  readonly isRefused?: boolean;
  /** What was rolled back and is held back from deployment. */
  readonly holds: readonly Hold[];
  /** Until when nothing is deployed by itself. */
  readonly frozen: Frozen | undefined;
  /** A freeze period of GitLab's that can't be read, and keeps everything from being deployed. */
  readonly unclear?: FreezePeriod | undefined;
}

/** What the production branch has and another one never had. */
export interface Lack {
  readonly production: string;
  readonly branch: string;
  readonly pipelines: readonly string[];
  /** Whether not all that differ were looked at. */
  readonly isCut: boolean;
}

/** What is deployed where, and what is pending and why. */
export function statusReport(
  project: Project,
  branches: readonly BranchStatus[],
  lacking: readonly Lack[] = [],
): Report {
  const pending = branches.flatMap((status) => [
    ...new Set(status.pending.map(({ pipeline }) => pipeline)),
  ]).length;
  const refused = branches.filter(({ isRefused }) => isRefused === true);
  const isRunning = branches.some(({ last }) => last?.deployment.status === 'running');
  return {
    mood: isRunning ? 'running' : pending === 0 && refused.length === 0 ? 'done' : 'held',
    outcome: [
      ...words(
        pending === 0
          ? 'Nothing is pending'
          : pending === 1
            ? '1 pipeline is pending'
            : `${pending} pipelines are pending`,
      ),
      ...(refused.length === 0
        ? []
        : [
            ...words('; the project may not use the workspace of '),
            ...names(refused.map(({ branch }) => branch)),
          ]),
    ],
    table: {
      head: ['Branch', 'Workspace', 'Last deployment', 'Pending', 'In AIC'],
      rows: branches.map((status) => [
        phrase`${status.branch}`,
        status.workspace === undefined ? words('none') : phrase`${status.workspace}`,
        lastOf(project, status),
        names([...new Set(status.pending.map(({ pipeline }) => pipeline))], 5),
        status.isRefused === true ? words('not looked at') : driftOf(status),
      ]),
    },
    remedies: [
      ...refused.map(({ branch, workspace = '' }): Phrase => {
        const { what, remedy } = explain({ kind: 'unclaimed', workspace });
        return [...phrase`${branch}: `, ...what, ' ', ...remedy];
      }),
      ...branches.flatMap(reasonsOf),
      ...branches.flatMap(heldOn),
      ...branches.flatMap(waysOut),
      ...lacking.map(({ production, branch, pipelines, isCut }) => [
        ...phrase`${branch} lacks what ${production} has of `,
        ...names(pipelines, 10),
        `${isCut ? ', and perhaps of others' : ''}: bring it there by a merge request, or a release undoes it.`,
      ]),
    ],
    facts: [],
  };
}

/** What waits for a review, and whose. */
function heldOn({ branch, pending }: BranchStatus): readonly Phrase[] {
  const held = pending.filter((one) => one.held);
  return [...Map.groupBy(held, ({ provenance }) => JSON.stringify(provenance)).values()]
    .slice(0, 10)
    .map((its) => [
      ...phrase`${branch}: `,
      ...names([...new Set(its.map(({ pipeline }) => pipeline))], 5),
      ' held, and waits for ',
      ...originText(jointly(its.map(({ provenance }) => provenance))),
      '.',
    ]);
}

/** The answer where nothing is known of a branch. */
export function unknownBranchReport(branch: string, known: readonly string[]): Report {
  const near = nearest(branch, known);
  return refusal({
    what: phrase`Nothing is known of ${branch}: the mapping does not name it, and nothing was ever deployed from it.`,
    remedy:
      near.length === 0
        ? phrase`Write one of: ${names(known)}.`
        : [...phrase`Did you mean `, ...names(near), '?'],
  });
}

/** Such as `38 in sync, 2 ahead`. */
function driftOf({ drift }: BranchStatus): Phrase {
  const all = [...drift.values()];
  const counts = driftStates
    .map((state) => ({ state, count: all.filter((one) => one === state).length }))
    .filter(({ count }) => count > 0);
  return words(counts.map(({ state, count }) => `${count} ${state.replace('-', ' ')}`).join(', '));
}

function waysOut({ branch, drift, holds, frozen, unclear }: BranchStatus): readonly Phrase[] {
  const byHand = [...drift].filter(([, state]) => isByHand(state)).map(([name]) => name);
  return [
    ...(byHand.length === 0
      ? []
      : [
          [
            ...names(byHand, 5),
            ...phrase` changed by hand in AIC: ${`/aic adopt branch=${branch}`} brings that into Git.`,
          ],
        ]),
    ...[...Map.groupBy(holds, ({ request }) => request)].map(([request, its]) => [
      ...phrase`${branch}: `,
      ...names(
        its.map(({ pipeline }) => pipeline),
        5,
      ),
      ' held back since a rollback, until ',
      request === undefined ? 'the branch has what AIC has.' : `!${request} is merged.`,
    ]),
    ...(frozen === undefined
      ? []
      : [
          phrase`${branch}: nothing is deployed by itself until ${momentIn(frozen)}, because of ${freezeName(frozen.by)}.`,
        ]),
    ...(unclear === undefined
      ? []
      : [
          phrase`${branch}: nothing is deployed by itself while it is unclear when ${freezeName(unclear)} is in force.`,
        ]),
  ];
}

function lastOf(project: Project, { last }: BranchStatus): Phrase {
  if (last === undefined) return words('none yet');
  const { deployment } = last;
  const { status, finishedAt, startedAt, head, by, id } = deployment;
  return [
    `${status}, ${timeOf(finishedAt ?? startedAt)}, commit `,
    ...commitLink(project, head),
    ...(by === undefined ? [] : phrase`, by ${by}`),
    `, deployment ${id}`,
  ];
}

function reasonsOf({ branch, last, pending }: BranchStatus): readonly Phrase[] {
  const waiting = new Set(pending.map(({ pipeline }) => pipeline));
  const stuck = (last?.items ?? []).flatMap(({ pipeline, state }) =>
    (state.kind === 'blocked' || state.kind === 'failed') && waiting.has(pipeline)
      ? [
          [
            ...phrase`${branch}, ${pipeline}: `,
            ...explain(state.reason).what,
            ' ',
            ...explain(state.reason).remedy,
          ],
        ]
      : [],
  );
  return stuck.slice(0, 10);
}
