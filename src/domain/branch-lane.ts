import type { ProjectId } from './ids.ts';
import { branchLane } from './job.ts';
import { branchOf, lookup, type Mapping } from './mapping.ts';

/**
 * The lane of a branch: that of the key which leads to its workspace, so that whatever changes one workspace waits for one another. A
 * branch without a workspace has a lane of its own.
 */
export function laneOfBranch(projectId: ProjectId, mapping: Mapping, branch: string): string {
  const found = lookup(mapping, branch);
  switch (found.rule) {
    case 'none':
      return branchLane(projectId, branch);
    case 'built-in':
      return branchLane(projectId, branchOf(mapping, found.workspace.name));
    case 'exact':
    case 'prefix':
      return branchLane(projectId, found.key);
  }
}
