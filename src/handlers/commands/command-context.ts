import { failure } from '../../domain/commands/refusals.ts';
import type { MergeRequest } from '../../domain/gitlab/merge-request.ts';
import type { Project } from '../../domain/gitlab/project.ts';
import type { UserId } from '../../domain/shared/ids.ts';
import type { DueJob } from '../../domain/jobs/job.ts';
import type { Mapping } from '../../domain/mapping/mapping.ts';
import type { Place } from '../../domain/gitlab/comment-location.ts';
import { isStop, type Reason } from '../../domain/report/reason.ts';
import type { Report } from '../../domain/report/report.ts';
import type { BranchPorts } from '../shared/ports.ts';

/** Who gave a command. */
export interface Asker {
  /** A GitLab username, or an operator's name. */
  readonly username: string;
  readonly name: string;
  /** Undefined for an operator, who need not have an account in GitLab. */
  readonly id: UserId | undefined;
}

/** What a command is carried out with. */
export interface CommandContext {
  readonly ports: BranchPorts;
  readonly project: Project;
  readonly mapping: Mapping;
  readonly asker: Asker;
  /** What tells this request apart for ever: its effects are found again by it. */
  readonly request: string;
  /** The webhook that brought the comment; none for an operator. */
  readonly deliveries: readonly string[];
  /** Where it is answered; undefined for an operator at a terminal. */
  readonly place: Place | undefined;
  /** The merge request that the command was written on. */
  readonly on: MergeRequest | undefined;
}

/**
 * How a command ended. `told`: its report stands in the thread already. `stopped`: the bot is shutting down, and the command is carried
 * out again at the next start.
 */
export type Ended =
  | {
      readonly kind: 'answered' | 'told';
      readonly done: boolean;
      readonly report: Report;
      /** Whether it was refused before anything was tried. */
      readonly isRefused?: true;
      /** Whether the report shows nothing of what configs and workspaces hold. */
      readonly isForAll?: true;
      /** What tells of it besides an answer: added with the record that the command ended. */
      readonly jobs?: readonly DueJob[];
    }
  | { readonly kind: 'stopped' };

/** A command ended, and this is its answer. */
export function answer(report: Report, done = false): Exclude<Ended, { kind: 'stopped' }> {
  return { kind: 'answered', done, report };
}

/** A command came to no end for this reason. A stop is no answer: the command would be lost by it. */
export function endedBy(reason: Reason): Ended {
  return isStop(reason) ? { kind: 'stopped' } : answer(failure(reason));
}

/** A command that may be carried out: in which lane (undefined: beside all others), and how. */
export interface Prepared {
  readonly lane: string | undefined;
  readonly run: () => Promise<Ended>;
}

/** A command that is answered at once. */
export function answered(report: Report, done = false): Prepared {
  const ended = done ? answer(report, true) : { ...answer(report), isRefused: true as const };
  return { lane: undefined, run: async () => ended };
}

/** The same for an answer that shows nothing of what configs and workspaces hold. */
export function answeredForAll(report: Report, done = false): Prepared {
  const ended = { ...answer(report, done), ...(done ? {} : { isRefused: true as const }) };
  return { lane: undefined, run: async () => ({ ...ended, isForAll: true }) };
}
