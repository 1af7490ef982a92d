import type { MergeRequest, Project } from '../domain/gitlab.ts';
import type { Mapping } from '../domain/mapping.ts';
import type { Origin } from '../domain/origin.ts';
import type { Member } from '../domain/people.ts';
import type { Report } from '../domain/report.ts';
import type { BranchPorts } from './ports.ts';

/** What a command is carried out with. */
export interface CommandContext {
  readonly ports: BranchPorts;
  readonly project: Project;
  readonly mapping: Mapping;
  readonly origin: Origin;
  readonly asker: Member;
  /** The merge request that the command was written on. */
  readonly on: MergeRequest | undefined;
}

/**
 * How a command ended. `told`: its report stands in the thread already. `stopped`: the bot is shutting down, and the command is carried
 * out again at the next start.
 */
export type Ended =
  | { readonly kind: 'answered' | 'told'; readonly done: boolean; readonly report: Report }
  | { readonly kind: 'stopped' };

/** A command that may be carried out: in which lane (undefined: beside all others), and how. */
export interface Prepared {
  readonly lane: string | undefined;
  readonly run: () => Promise<Ended>;
}

/** A command that is answered at once. */
export function answered(report: Report, done = false): Prepared {
  return { lane: undefined, run: async () => ({ kind: 'answered', done, report }) };
}
