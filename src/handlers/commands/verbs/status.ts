import type { Command } from '../../../domain/commands/parse-command.ts';
import { frozenUntil, unclearPeriod } from '../../../domain/mapping/freeze-window.ts';
import { lookup } from '../../../domain/mapping/mapping.ts';
import {
  statusReport,
  unknownBranchReport,
  type BranchStatus,
} from '../../../domain/deployment/reports/status-report.ts';
import { claimWorkspace } from '../../shared/claim-workspace.ts';
import { keyOfWorkspace } from '../../shared/workspace-key.ts';
import { answer, endedBy, type CommandContext, type Prepared } from '../command-context.ts';
import { lackingIn } from '../../promotion/missing-back-merges.ts';
import { asReason } from '../../../domain/report/reason.ts';
import { ok } from '../../../domain/shared/result.ts';

/** `/aic status`: what the store remembers of the branches of the mapping, and what production has that the other roles' branches lack. */
export function prepareStatus(context: CommandContext, command: Command): Prepared {
  const { ports, project, mapping } = context;
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
      const periods = asReason(await ports.gitlab.freezePeriods(project.id));
      if (!periods.ok) return endedBy(periods.failure);
      const unclear = unclearPeriod(periods.value, ports.clock.now());
      const statuses = await Promise.all(
        branches.map(async (name): Promise<BranchStatus> => {
          const key = { projectId: project.id, branch: name };
          const found = lookup(mapping, name);
          const claimed =
            found.rule === 'none' ? undefined : await claimWorkspace(ports, project, found.workspace);
          return {
            branch: name,
            workspace: found.rule === 'none' ? undefined : found.workspace.name,
            last: await ports.store.lastDeployment(key),
            pending: await ports.store.pending(key),
            drift:
              found.rule === 'exact' && claimed?.ok === true
                ? await ports.store.drift(keyOfWorkspace(ports, project.id, found.workspace))
                : new Map(),
            isRefused: claimed?.ok === false && claimed.failure.kind === 'unclaimed',
            holds: await ports.store.holds(key),
            frozen:
              found.rule === 'none'
                ? undefined
                : frozenUntil([...found.workspace.freeze, ...periods.value], ports.clock.now()),
            unclear,
          };
        }),
      );
      const isAboutProduction = branch === undefined || branch === mapping.roles.production;
      const lacking = isAboutProduction ? await lackingIn(context) : ok([]);
      if (!lacking.ok) return endedBy(lacking.failure);
      return answer(statusReport(project, statuses, lacking.value), true);
    },
  };
}
