import type { Environment } from '../../domain/aic/aic.ts';
import type { AicCatalogue } from '../../domain/aic/catalogue.ts';
import type { Ask } from '../../domain/setup/ask.ts';
import { nearest } from '../../domain/shared/suggest-names.ts';
import type { Assignment, NewMapping } from '../../domain/mapping/write-mapping.ts';
import { explainToOperator } from '../../domain/commands/operator-remedies.ts';
import { names, phrase, words, type Phrase } from '../../domain/report/phrase.ts';
import type { Explanation } from '../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';

/** The branches that a new mapping gets, and the option that names the workspace of each. */
interface WorkspaceWish {
  readonly branch: string;
  readonly option: string;
  readonly workspace: string | undefined;
}

export interface WorkspaceWishes {
  readonly aicProject: string | undefined;
  readonly branches: readonly [WorkspaceWish, WorkspaceWish, WorkspaceWish];
}

export interface ChoicePorts {
  readonly catalogue: AicCatalogue;
  /** Undefined without a terminal. */
  readonly ask: Ask | undefined;
}

interface Choice {
  readonly mapping: NewMapping;
  /** Why names could not be compared with AIC's; empty when they could. */
  readonly unchecked: readonly Explanation[];
}

/** Workspace names of each environment in which the AIC project exists. */
type Known = ReadonlyMap<Environment, readonly string[]>;

/**
 * The AIC project and the workspaces of a new mapping: as wished, else asked for among those that AIC has. Fails with everything that is
 * missing or wrong. Where AIC does not answer, or there is no key for it, wishes are taken as they are.
 */
export async function chooseWorkspaces(
  ports: ChoicePorts,
  wishes: WorkspaceWishes,
): Promise<Result<Choice, readonly Explanation[]>> {
  const { projects, unchecked } = await listProjects(ports.catalogue);
  const all = [...new Set([...projects.values()].flat())].toSorted();
  const missing = missingOptions(wishes);
  const canAsk = ports.ask !== undefined && all.length > 0;
  if (missing.length > 0 && !canAsk)
    return fail([...unchecked, notToldWhere(missing, ports.ask !== undefined)]);

  const aicProject = wishes.aicProject ?? (await ports.ask?.('AIC project', all));
  if (aicProject === undefined) return fail([gaveUp]);
  if (all.length > 0 && !all.includes(aicProject)) return fail([noSuchProject(aicProject, all)]);
  const known = await listWorkspaces(ports.catalogue, projects, aicProject);
  if (!known.ok) return known;

  const taken = new Set(wishes.branches.flatMap(({ workspace }) => workspace ?? []));
  const chosen: Assignment[] = [];
  for (const { branch, workspace } of wishes.branches) {
    const free = namesIn(known.value).filter((name) => !taken.has(name));
    const name = workspace ?? (await ports.ask?.(`Workspace of the branch ${branch}`, free));
    if (name === undefined) return fail([gaveUp]);
    taken.add(name);
    chosen.push({ branch, workspace: name, environment: environmentOf(known.value, name) });
  }
  const wrong = [...doubled(chosen), ...unknown(chosen, known.value, aicProject)];
  const [production, qa, sandbox] = chosen;
  if (wrong.length > 0 || production === undefined || qa === undefined || sandbox === undefined)
    return fail(wrong);
  return ok({ mapping: { aicProject, assignments: [production, qa, sandbox] }, unchecked });
}

const gaveUp: Explanation = {
  what: words('No workspace was chosen.'),
  remedy: words('Run the command again, or name them by its options.'),
};

async function listProjects(catalogue: AicCatalogue): Promise<{
  readonly projects: ReadonlyMap<Environment, readonly string[]>;
  readonly unchecked: readonly Explanation[];
}> {
  const projects = new Map<Environment, readonly string[]>();
  const unchecked: Explanation[] = [];
  if (catalogue.environments.length === 0) {
    unchecked.push({
      what: phrase`${'AIC_API_KEY'} is not set, so the names are not compared with AIC's.`,
      remedy: phrase`Set it, and let ${'aic-bot doctor'} compare them.`,
    });
  }
  for (const environment of catalogue.environments) {
    const listed = await catalogue.projects(environment);
    if (listed.ok) projects.set(environment, listed.value);
    else {
      const { what, remedy } = explainToOperator({ kind: 'upstream', failure: listed.failure });
      unchecked.push({ what: [...what, ' The names are not compared with those of AIC.'], remedy });
    }
  }
  return { projects, unchecked };
}

async function listWorkspaces(
  catalogue: AicCatalogue,
  projects: ReadonlyMap<Environment, readonly string[]>,
  aicProject: string,
): Promise<Result<Known, readonly Explanation[]>> {
  const known = new Map<Environment, readonly string[]>();
  for (const [environment, inIt] of projects) {
    if (!inIt.includes(aicProject)) continue;
    const listed = await catalogue.workspaces(environment, aicProject);
    if (!listed.ok) return fail([explainToOperator({ kind: 'upstream', failure: listed.failure })]);
    known.set(environment, listed.value ?? []);
  }
  return ok(known);
}

function missingOptions({ aicProject, branches }: WorkspaceWishes): readonly string[] {
  return [
    ...branches.flatMap(({ option, workspace }) =>
      workspace === undefined ? [`${option} "WORKSPACE"`] : [],
    ),
    ...(aicProject === undefined ? ['--aic-project "PROJECT"'] : []),
  ];
}

function notToldWhere(missing: readonly string[], hasTerminal: boolean): Explanation {
  const why = hasTerminal ? 'and AIC gives no list to choose from' : 'and there is no terminal to ask at';
  return {
    what: words(`It is not known which AIC workspaces belong to the branches, ${why}.`),
    remedy: words(`Pass ${missing.join(' ')}.`),
  };
}

function noSuchProject(wanted: string, all: readonly string[]): Explanation {
  return {
    what: [...phrase`AIC shows the bot no project named ${wanted}.`, ...instead(wanted, all)],
    remedy: phrase`Correct ${'--aic-project'} or ${'AIC_PROJECT'}, or give the bot's key access.`,
  };
}

function doubled(chosen: readonly Assignment[]): readonly Explanation[] {
  return chosen.flatMap(({ branch, workspace }, index) => {
    const other = chosen.slice(0, index).find((earlier) => earlier.workspace === workspace);
    if (other === undefined) return [];
    return [
      {
        what: phrase`The workspace ${workspace} is named for ${other.branch} and for ${branch}.`,
        remedy: words('Give each branch a workspace of its own.'),
      },
    ];
  });
}

function unknown(chosen: readonly Assignment[], known: Known, aicProject: string): readonly Explanation[] {
  if (known.size === 0) return [];
  const all = namesIn(known);
  return chosen
    .filter(({ workspace }) => !all.includes(workspace))
    .map(({ branch, workspace }) => ({
      what: [
        ...phrase`The AIC project ${aicProject} has no workspace named ${workspace}, which is to belong to ${branch}.`,
        ...instead(workspace, all),
      ],
      remedy: words('Correct the name, or create the workspace in AIC first.'),
    }));
}

function instead(wanted: string, all: readonly string[]): Phrase {
  const near = nearest(wanted, all);
  if (near.length > 0) return [' Did you mean ', ...names(near), '?'];
  return all.length === 0 ? [] : [' There are: ', ...names(all), '.'];
}

function namesIn(known: Known): readonly string[] {
  return [...new Set([...known.values()].flat())].toSorted();
}

/** Production, unless only the QA installation has it. */
function environmentOf(known: Known, workspace: string): Environment {
  const inQaOnly =
    known.get('qa')?.includes(workspace) === true && known.get('prod')?.includes(workspace) !== true;
  return inQaOnly ? 'qa' : 'prod';
}
