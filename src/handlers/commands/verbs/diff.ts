import { candidatesIn } from '../../../domain/deployment/decide-deployment.ts';
import { failure, refusal, unknownPipelines } from '../../../domain/commands/refusals.ts';
import type { Command } from '../../../domain/commands/parse-command.ts';
import { diffReport, type Comparison } from '../../../domain/pipeline/diff/diff-report.ts';
import { differencesBetween } from '../../../domain/pipeline/diff/diff-pipelines.ts';
import { lookup, type WorkspaceTarget } from '../../../domain/mapping/mapping.ts';
import { unknownNames } from '../../../domain/shared/suggest-names.ts';
import { phrase } from '../../../domain/report/phrase.ts';
import type { Versions } from '../../../domain/deployment/plan/plan-step.ts';
import { claimWorkspace } from '../../shared/claim-workspace.ts';
import { compared, createBreath } from '../../shared/yield-to-event-loop.ts';
import { branchFor } from '../command-target.ts';
import {
  answer,
  answered,
  endedBy,
  type CommandContext,
  type Ended,
  type Prepared,
} from '../command-context.ts';
import { readVersions } from '../../deployment/read-versions.ts';

/** `/aic diff`: a workspace against its branch, whatever was deployed. */
export function prepareDiff(context: CommandContext, command: Command): Prepared {
  const branch = branchFor(context, command);
  if (!branch.ok) return answered(refusal(branch.failure));
  const found = lookup(context.mapping, branch.value);
  if (found.rule === 'none') {
    return answered(
      refusal({
        what: phrase`Nothing was compared: the mapping file gives ${branch.value} no workspace.`,
        remedy: phrase`Check the name of the branch, and its entry under ${'mapping:'} in ${'branch_to_workspace.yaml'}.`,
      }),
    );
  }
  const { workspace } = found;
  return {
    lane: undefined,
    run: () => compare(context, { branch: branch.value, workspace }, command.pipelines),
  };
}

async function compare(
  { ports, project }: CommandContext,
  { branch, workspace }: { readonly branch: string; readonly workspace: WorkspaceTarget },
  pipelines: readonly string[],
): Promise<Ended> {
  const head = await ports.gitlab.head(project.id, branch);
  if (!head.ok) return endedBy({ kind: 'upstream', failure: head.failure });
  if (head.value === undefined) return answer(failure({ kind: 'no-branch', branch }));
  const files = await ports.gitlab.files(project.id, head.value, ['config']);
  if (!files.ok) return endedBy({ kind: 'upstream', failure: files.failure });
  const claimed = await claimWorkspace(ports, project, workspace);
  if (!claimed.ok) return endedBy(claimed.failure);
  const reached = await ports.aic.workspace(claimed.value);
  if (!reached.ok) return endedBy(reached.failure);
  const listed = await reached.value.pipelines();
  if (!listed.ok) return endedBy({ kind: 'upstream', failure: listed.failure });
  const titles = new Set(listed.value.map(({ title }) => title));
  const inGit = candidatesIn([...files.value.keys()]);
  const known = new Set([...inGit.map(({ name }) => name), ...titles]);
  const unknown = unknownNames(pipelines, [...known]);
  if (unknown.length > 0) return answer(unknownPipelines(unknown, phrase`${branch}`));
  const isWanted = (name: string) => pipelines.length === 0 || pipelines.includes(name);
  const candidates = inGit.filter(({ name }) => isWanted(name));
  const question = { project, candidates, at: head.value, from: head.value, target: workspace };
  const read = await readVersions(ports, question);
  if (read === 'stopped') return { kind: 'stopped' };
  const there = new Set(candidates.map(({ name }) => name));
  const breathe = createBreath(ports.clock);
  const comparisons: Comparison[] = [];
  for (const versions of read.versions) comparisons.push(await comparisonOf(versions, breathe));
  for (const name of titles)
    if (isWanted(name) && !there.has(name)) comparisons.push({ kind: 'only-workspace', name });
  return answer(diffReport({ branch, workspace: workspace.name, comparisons }), true);
}

async function comparisonOf(
  { name, desired, live }: Versions,
  breathe: () => Promise<void>,
): Promise<Comparison> {
  if (desired.kind === 'unusable') return { kind: 'unreadable', name, reason: desired.reason };
  if (live.kind === 'unusable') return { kind: 'unreadable', name, reason: live.reason };
  if (live.kind === 'none') return { kind: 'only-branch', name };
  if (desired.kind === 'removed') return { kind: 'only-workspace', name };
  if (desired.version.fingerprint === live.version.fingerprint) return { kind: 'same', name };
  const differences = await compared(
    differencesBetween(desired.version.content, live.version.content),
    breathe,
  );
  return { kind: 'differs', name, differences };
}
