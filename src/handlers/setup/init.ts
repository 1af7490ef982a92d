import type { WorkspaceName } from '../../domain/aic/aic.ts';
import { nameOf } from '../../domain/jobs/lane.ts';
import { mappingPath } from '../../domain/deployment/decide-deployment.ts';
import { explainUnclaimed } from '../../domain/mapping/explain-unclaimed.ts';
import type { Claims } from '../../domain/mapping/claims.ts';
import type { WantedHook } from '../../domain/gitlab/webhook.ts';
import { planInit } from '../../domain/setup/init-plan.ts';
import { initPrintout, warning, type StepOutcome } from '../../domain/setup/init-report.ts';
import { workspaceNamed, workspacesOf, type Mapping } from '../../domain/mapping/mapping.ts';
import { mappingText } from '../../domain/mapping/write-mapping.ts';
import { explainToOperator } from '../../domain/commands/operator-remedies.ts';
import { phrase, words } from '../../domain/report/phrase.ts';
import { refusalPrintout, type Printout } from '../../domain/report/printout.ts';
import type { ProjectPath } from '../../domain/setup/project-path.ts';
import type { Explanation } from '../../domain/report/reason.ts';
import { teamReadme } from '../../domain/setup/readme-template.ts';
import { chooseWorkspaces, type ChoicePorts, type WorkspaceWishes } from './choose-workspaces.ts';
import { carryOutSteps, type StepPorts } from './init-steps.ts';
import { lookAtBranches, lookAtProject, type LookPorts, type Mapped } from './inspect-project.ts';

export interface InitPorts extends ChoicePorts, LookPorts, StepPorts {}

export interface InitWishes {
  readonly path: ProjectPath;
  /** By the branches of a new project: production, QA, sandbox. */
  readonly workspaces: { readonly aicProject: string | undefined } & Readonly<
    Record<'main' | 'develop' | 'sandbox', string | undefined>
  >;
  /** Undefined where the bot's address or its secrets are not known; then `noHook` says which. */
  readonly hook: WantedHook | undefined;
  readonly noHook: Explanation | undefined;
  /** Whether the bot serves the project; undefined where the settings do not tell. */
  readonly isServed: boolean | undefined;
  /** Undefined where the settings do not tell. */
  readonly claims: Claims | undefined;
}

/** Sets a project up for the bot, or completes it: looks at what there is, plans what is missing, and does that. */
export async function init(ports: InitPorts, wishes: InitWishes): Promise<Printout> {
  const path = `${wishes.path.group}/${wishes.path.name}`;
  const refuse = (obstacles: readonly Explanation[]) =>
    refusalPrintout(phrase`${path} is not set up. Nothing was changed.`, obstacles);
  ports.progress('Looking at GitLab');
  const looked = await lookAtProject(ports, wishes.path);
  if (!looked.ok) return refuse(looked.failure);
  const { present, mapped } = looked.value;

  const main = (present.rootNames.length > 0 ? present.project?.defaultBranch : undefined) ?? 'main';
  const files = new Map([
    ['README.md', teamReadme],
    ['config/.gitkeep', ''],
    ['code/.gitkeep', ''],
  ]);
  const notes: StepOutcome[] = [];
  let used: readonly WorkspaceName[] = [];
  let branches = mapped.kind === 'valid' ? [...mapped.mapping.exact.keys()] : [];
  if (mapped.kind === 'missing') {
    if (main === 'develop' || main === 'sandbox') return refuse([noProduction(main)]);
    ports.progress('Looking at AIC');
    const choice = await chooseWorkspaces(ports, workspaceWishes(main, wishes.workspaces));
    if (!choice.ok) return refuse(choice.failure);
    files.set(mappingPath, mappingText(choice.value.mapping));
    const { aicProject, assignments } = choice.value.mapping;
    branches = assignments.map(({ branch }) => branch);
    used = assignments.map(({ workspace, environment }) => ({ environment, aicProject, workspace }));
    notes.push(...choice.value.unchecked.map((why) => warning('workspaces', why)));
  } else {
    notes.push(...keptMapping(mapped, workspaceWishes(main, wishes.workspaces)));
    used = mapped.kind === 'valid' ? namesIn(mapped.mapping, wishes.workspaces) : [];
  }
  const { claims } = wishes;
  const refused = claims === undefined ? [] : used.filter((name) => !claims.mayUse(path, name));
  if (claims !== undefined && refused.length > 0)
    notes.push(warning('claims', explainUnclaimed(claims, path, refused)));
  if (wishes.noHook !== undefined) notes.push(warning('webhook', wishes.noHook));
  if (wishes.isServed === false) notes.push(warning('settings', notServed(path)));

  const branchesLooked = await lookAtBranches(ports, present, branches);
  if (!branchesLooked.ok)
    return refuse([explainToOperator({ kind: 'upstream', failure: branchesLooked.failure })]);
  const entries = planInit(
    { ...present, branches: branchesLooked.value },
    {
      name: wishes.path.name,
      branches: [main, ...branches.filter((branch) => branch !== main)],
      files,
      hook: wishes.hook,
    },
  );
  const outcomes = await carryOutSteps(ports, present.project?.id, entries);
  return initPrintout(path, ports.administration.mode, [...outcomes, ...notes]);
}

/** The workspaces of a mapping that was there. Without an AIC project there is nothing to grant yet. */
function namesIn(mapping: Mapping, wishes: InitWishes['workspaces']): readonly WorkspaceName[] {
  return workspacesOf(mapping)
    .map((name) => nameOf(wishes, workspaceNamed(mapping, name)))
    .filter(({ aicProject }) => aicProject !== '');
}

function workspaceWishes(main: string, wishes: InitWishes['workspaces']): WorkspaceWishes {
  return {
    aicProject: wishes.aicProject,
    branches: [
      { branch: main, option: '--main', workspace: wishes.main },
      { branch: 'develop', option: '--develop', workspace: wishes.develop },
      { branch: 'sandbox', option: '--sandbox', workspace: wishes.sandbox },
    ],
  };
}

/** What to say of a mapping file that was there: it is never rewritten. */
function keptMapping(
  mapped: Exclude<Mapped, { kind: 'missing' }>,
  wishes: WorkspaceWishes,
): readonly StepOutcome[] {
  const file = phrase`${mappingPath}`;
  if (mapped.kind === 'invalid') {
    return [
      warning('mapping', {
        what: phrase`${file} has mistakes; it is left as it is, and no branch is made from it.`,
        remedy: phrase`${'aic-bot doctor'} with the project's name lists them.`,
      }),
    ];
  }
  const differs = wishes.branches.some(
    ({ branch, workspace }) => workspace !== undefined && mapped.mapping.exact.get(branch) !== workspace,
  );
  if (!differs) return [];
  return [
    warning('mapping', {
      what: phrase`${file} was there already and is left as it is, though the options say something else.`,
      remedy: words('If it is wrong, change it by a merge request.'),
    }),
  ];
}

function noProduction(main: string): Explanation {
  return {
    what: phrase`The default branch is ${main}. It must be the branch of production: the mapping and the rights are read from it.`,
    remedy: phrase`Make ${'main'} the default branch in GitLab (Settings, Repository, Branch defaults), and run the command again.`,
  };
}

function notServed(path: string): Explanation {
  return {
    what: phrase`The bot does not serve ${path}: ${'GITLAB_PROJECTS'} does not name it.`,
    remedy: phrase`Add ${path} to ${'GITLAB_PROJECTS'} and start the bot again.`,
  };
}
