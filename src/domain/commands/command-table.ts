import type { Right } from '../mapping/mapping.ts';

export const verbs = [
  'help',
  'status',
  'plan',
  'diff',
  'deploy',
  'retry',
  'cancel',
  'rollback',
  'history',
  'push',
  'embed',
  'feature',
  'release',
  'hotfix',
  'adopt',
  'backup',
  'datasets',
  'tables',
  'branches',
] as const;
export type Verb = (typeof verbs)[number];

export type OptionKey = 'branch' | 'workspace' | 'reason' | 'title' | 'from' | 'drive' | 'deployment';
export type WordKey = 'force' | 'prune' | 'all' | 'no-push';

/** What can be done with interactive branches. */
export const branchesActions = ['create', 'list', 'delete'] as const;
export type BranchesAction = (typeof branchesActions)[number];

/** How a command is written and what it does. Parsing, help and the reference all follow from this. */
export interface CommandSpec {
  readonly summary: string;
  /** Undefined: every member of the project. */
  readonly right: Right | undefined;
  /** What stands before the names. */
  readonly subject?: {
    /** Its name for people. */
    readonly name: string;
    /** Undefined where it is any name. */
    readonly values?: readonly string[];
    /** Whether it may be left out. */
    readonly optional?: true;
  };
  /** Whether pipelines may be named. */
  readonly pipelines?: true;
  readonly options: readonly OptionKey[];
  readonly words: readonly WordKey[];
  readonly details: readonly string[];
  readonly examples: readonly string[];
}

const workspaceOption =
  'On a merge request the workspace is that of its target branch. Elsewhere, name it or its branch: workspace="PIN FUSION 2.0 QA" or branch=develop. A workspace is one that the mapping file names, under mapping: or also:.';
const branchOption = 'On a merge request the branch is its target. In an issue, say which: branch=develop.';

const promotion = {
  right: 'promote',
  subject: { name: 'name' },
  pipelines: true,
  options: ['title', 'from'],
} as const;

const promotionDetails = [
  'The merge request holds the chosen pipelines and nothing else; all others stay as its target has them. Written again with the same name, it is brought up to date, and other pipelines are added to it. To leave one out, delete the branch and write the command again.',
  'Where the target has changes that the source never had, such as a hotfix, nothing is promoted; force goes on. The roles of the mapping file may name other branches.',
];

export const commandTable: Readonly<Record<Verb, CommandSpec>> = {
  help: {
    summary: 'lists the commands, or explains one',
    right: undefined,
    subject: { name: 'verb', values: verbs, optional: true },
    options: [],
    words: [],
    details: [],
    examples: ['/aic help', '/aic help deploy'],
  },
  status: {
    summary: 'tells what is deployed where, and what is pending and why',
    right: 'plan',
    options: ['branch'],
    words: [],
    details: ['Without branch= it tells of every branch of the mapping.'],
    examples: ['/aic status', '/aic status branch=develop'],
  },
  plan: {
    summary: 'tells what deploying would do, and does nothing',
    right: 'plan',
    pipelines: true,
    options: ['branch'],
    words: [],
    details: [
      branchOption,
      'On an open merge request it tells what merging would deploy; without names, the plan and the commit status of the merge request are made anew, too.',
    ],
    examples: ['/aic plan', '/aic plan "daily load" branch=develop'],
  },
  diff: {
    summary: 'compares a workspace with its branch, and changes nothing',
    right: 'plan',
    pipelines: true,
    options: ['branch'],
    words: [],
    details: [
      branchOption,
      'Without names, all pipelines are compared. Values that look secret are not shown.',
    ],
    examples: ['/aic diff branch=develop', '/aic diff "daily load" branch=main'],
  },
  deploy: {
    summary: 'deploys what changed, what is pending, and what the merge request changed',
    right: 'deploy',
    pipelines: true,
    options: ['branch', 'reason'],
    words: ['force'],
    details: [
      `${branchOption} A merge request must be merged.`,
      'branch= may also name a feature, release or hotfix branch: it is deployed to the workspace of develop or of production, as it stands there.',
      'Named pipelines are deployed alone, even if they did not change.',
      'With force, every pipeline of the branch (or those that are named) is written, and changes made by hand in AIC are overwritten; what they were is kept as a snapshot. The reason is shown and recorded.',
    ],
    examples: [
      '/aic deploy',
      '/aic deploy "daily load"',
      '/aic deploy "daily load" force reason="restore after test"',
    ],
  },
  retry: {
    summary: 'deploys at once what is pending',
    right: 'deploy',
    pipelines: true,
    options: ['branch'],
    words: [],
    details: [branchOption, 'That includes what somebody cancelled.'],
    examples: ['/aic retry', '/aic retry branch=main'],
  },
  cancel: {
    summary: 'stops a running deployment after the pipelines at hand',
    right: 'deploy',
    options: ['branch'],
    words: [],
    details: [branchOption, 'What was not begun stays pending, and waits for a merge or a command.'],
    examples: ['/aic cancel'],
  },
  rollback: {
    summary: 'brings pipelines back to what a deployment overwrote',
    right: 'rollback',
    options: ['deployment', 'reason'],
    words: ['force'],
    details: [
      'On a merged merge request it undoes the newest deployment of that; elsewhere, name it: deployment=12. /aic history lists them.',
      'What the deployment created stays, and is named. What somebody changed by hand since, or a later deployment wrote again, is blocked; force goes back all the same. What is overwritten is kept as a snapshot.',
      'It opens a merge request that makes the branch follow; until that is merged, the restored pipelines are held back from deployment. A rollback is a deployment, and can be rolled back.',
    ],
    examples: ['/aic rollback', '/aic rollback deployment=12 reason="wrong joins"'],
  },
  history: {
    summary: 'lists the last deployments of a branch, or of one pipeline',
    right: 'plan',
    subject: { name: 'pipeline', optional: true },
    options: ['branch'],
    words: [],
    details: [branchOption],
    examples: ['/aic history', '/aic history "daily load" branch=main'],
  },
  push: {
    summary: 'writes a workspace to its branch, in one commit',
    right: 'push',
    pipelines: true,
    options: ['workspace', 'branch'],
    words: ['prune', 'force'],
    details: [
      'On a merge request from hotfix/… it pushes the production workspace to that branch. Elsewhere, name the workspace or its branch. A workspace is one that the mapping file names; one under also: goes to the branch that its name makes, such as pin-fusion-2-0-intg for PIN FUSION 2.0 INTG.',
      'Nothing is written when nothing changed. With prune, configs of pipelines that the workspace no longer has are deleted.',
      'The production branch is only pushed to with force; feature and release branches never are.',
    ],
    examples: ['/aic push branch=develop', '/aic push "daily load" workspace="PIN FUSION 2.0 DEV"'],
  },
  embed: {
    summary: 'writes edited code of a merge request into its configs',
    right: 'push',
    pipelines: true,
    options: [],
    words: [],
    details: [
      'On an open merge request: what it changes under code/ goes into the configs on its source branch, in one commit. Only the code in the configs changes; all else stays as it is written.',
      'Without names, all pipelines whose code it changes. With embed: auto in the mapping file the bot does so by itself where the merge request leaves the config alone.',
    ],
    examples: ['/aic embed', '/aic embed "daily load"'],
  },
  feature: {
    summary: 'opens a merge request that brings pipelines from sandbox to develop',
    ...promotion,
    words: ['no-push', 'force'],
    details: [
      'Without names, all pipelines that differ. The workspace of sandbox is pushed first, unless no-push is given.',
      ...promotionDetails,
    ],
    examples: [
      '/aic feature PINOPS-1831',
      '/aic feature PINOPS-1831 "daily load" title="Demographics module"',
    ],
  },
  release: {
    summary: 'opens a merge request that brings pipelines from develop to main',
    ...promotion,
    words: ['all', 'no-push', 'force'],
    details: [
      'Names at least one pipeline, or says all. The workspace of develop is pushed first, unless no-push is given.',
      ...promotionDetails,
    ],
    examples: ['/aic release 2026-11 "daily load"', '/aic release 2026-11 all no-push'],
  },
  hotfix: {
    summary: 'opens a merge request that brings what the production workspace holds now to main',
    ...promotion,
    words: ['no-push', 'force'],
    details: [
      'Names at least one pipeline. Make the fix in the production workspace first. With no-push, the branch is only cut, for a fix that is made in Git.',
      'Where main has changes that the workspace never had, nothing is promoted; force goes on.',
      'When it is merged, the bot opens merge requests that bring the fix to develop and sandbox as well.',
    ],
    examples: ['/aic hotfix PINOPS-1840 "daily load"'],
  },
  adopt: {
    summary: 'opens a merge request that brings what was changed by hand in a workspace into its branch',
    right: 'promote',
    pipelines: true,
    options: ['branch', 'workspace'],
    words: [],
    details: [
      workspaceOption,
      'Without names, all pipelines that differ because somebody changed, renamed or created them in AIC. Nothing is deleted. Written again on the same day, it brings the same merge request up to date.',
    ],
    examples: ['/aic adopt branch=develop', '/aic adopt "daily load" workspace="PIN FUSION 2.0"'],
  },
  backup: {
    summary: 'stores configs on a drive of the workspace',
    right: 'push',
    pipelines: true,
    options: ['drive', 'branch', 'workspace'],
    words: [],
    details: [
      workspaceOption,
      'Each pipeline becomes a file as under config/, in a folder of the day such as 20260131, by UTC. Without names, all pipelines do.',
      'Without drive= it is the drive backups, whatever its case. A second backup on one day overwrites the files of the first, or adds its own beside them where AIC does not let files be overwritten.',
    ],
    examples: ['/aic backup', '/aic backup "daily load" drive="Team backups" branch=develop'],
  },
  datasets: {
    summary: 'lists the datasets of a workspace',
    right: 'plan',
    options: ['branch', 'workspace'],
    words: [],
    details: [workspaceOption],
    examples: ['/aic datasets', '/aic datasets branch=develop'],
  },
  tables: {
    summary: 'lists the tables of a dataset',
    right: 'plan',
    subject: { name: 'dataset' },
    options: ['branch', 'workspace'],
    words: [],
    details: [workspaceOption, 'Of datasets that have the same name, write the id that /aic datasets shows.'],
    examples: ['/aic tables SALES', '/aic tables "SALES HISTORY" branch=develop'],
  },
  branches: {
    summary: 'creates, lists or deletes interactive branches of pipelines in AIC',
    right: 'push',
    subject: { name: 'action', values: branchesActions },
    pipelines: true,
    options: ['branch', 'workspace'],
    words: [],
    details: [
      workspaceOption,
      'create makes a branch such as PUSH_20260131235959 of each named pipeline, which holds its config as it is now.',
      'list is about all pipelines where none is named.',
      'delete deletes all interactive branches of each named pipeline, whoever made them.',
    ],
    examples: [
      '/aic branches create "daily load"',
      '/aic branches list branch=develop',
      '/aic branches delete "daily load"',
    ],
  },
};

const optionHints: Readonly<Record<OptionKey, string>> = {
  branch: 'branch=…',
  workspace: 'workspace="…"',
  reason: 'reason="…"',
  title: 'title="…"',
  from: 'from=…',
  drive: 'drive="…"',
  deployment: 'deployment=…',
};

/** How a command is written, such as `/aic deploy [pipeline…] [force] [branch=…]`. */
export function usageOf(verb: Verb): string {
  const { subject, pipelines, options, words } = commandTable[verb];
  return [
    `/aic ${verb}`,
    ...(subject === undefined ? [] : [hintOf(subject)]),
    ...(pipelines === undefined ? [] : ['[pipeline…]']),
    ...words.map((word) => `[${word}]`),
    ...options.map((key) => `[${optionHints[key]}]`),
  ].join(' ');
}

function hintOf({ name, values, optional }: NonNullable<CommandSpec['subject']>): string {
  if (optional === true) return `[${name}]`;
  return values === undefined ? `<${name}>` : values.join('|');
}
