import type { Command } from '../domain/command.ts';
import { frozenUntil } from '../domain/freeze.ts';
import { lookup } from '../domain/mapping.ts';
import { statusReport, unknownBranchReport, type BranchStatus } from '../domain/status-report.ts';
import { keyOfWorkspace } from './workspace-key.ts';
import { answer, type CommandContext, type Prepared } from './command-context.ts';

/** `/aic status`: what the store remembers of the branches of the mapping. */
export function prepareStatus({ ports, project, mapping }: CommandContext, command: Command): Prepared {
  const { branch } = command.options;
  return {
    lane: undefined,
    run: async () => {
      const known = [...(await ports.store.states(project.id)).keys()];
      const named = [...new Set([...mapping.exact.keys(), ...known])];
      const isUnknown =
        branch !== undefined && !named.includes(branch) && lookup(mapping, branch).rule === 'none';
      if (isUnknown) return { kind: 'answered', done: false, report: unknownBranchReport(branch, named) };
      const branches = branch === undefined ? named : [branch];
      const statuses = await Promise.all(
        branches.map(async (name): Promise<BranchStatus> => {
          const key = { projectId: project.id, branch: name };
          const found = lookup(mapping, name);
          return {
            branch: name,
            workspace: found.rule === 'none' ? undefined : found.workspace.name,
            last: await ports.store.lastDeployment(key),
            pending: await ports.store.pending(key),
            drift:
              found.rule === 'exact'
                ? await ports.store.drift(keyOfWorkspace(ports, project.id, found.workspace))
                : new Map(),
            frozen:
              found.rule === 'none' ? undefined : frozenUntil(found.workspace.freeze, ports.clock.now()),
          };
        }),
      );
      return answer(statusReport(project, statuses), true);
    },
  };
}
