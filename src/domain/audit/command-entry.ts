import type { Actor, AuditEntry, AuditKind } from './audit-log.ts';
import type { ProjectId } from '../shared/ids.ts';
import { plain } from '../report/text.ts';
import type { Report } from '../report/report.ts';

const promotions: ReadonlySet<string> = new Set(['feature', 'release', 'hotfix']);

/** A command that ended. */
export interface CommandEnd {
  readonly key: string;
  readonly project: ProjectId;
  readonly who: Actor;
  /** As it was written. */
  readonly line: string;
  /** Undefined for what is no command. */
  readonly verb: string | undefined;
  readonly where: string;
  readonly reason: string | undefined;
  readonly done: boolean;
  /** Whether it was not begun. */
  readonly isRefused: boolean;
  /** What was answered; undefined where nothing was. */
  readonly report: Report | undefined;
  readonly deliveries: readonly string[];
}

/** The entry of a command that was carried out or refused. */
export function commandAudit(end: CommandEnd): AuditEntry {
  const { key, project, who, line, where, reason, deliveries, report } = end;
  const told = report === undefined ? 'no answer' : plain(report.outcome);
  const result = `${end.done ? 'done' : end.isRefused ? 'refused' : 'not done'}: ${told}`;
  return {
    key,
    kind: kindOf(end),
    project,
    who: [who],
    what: line,
    where,
    reason,
    result,
    items: [],
    deliveries,
  };
}

function kindOf({ verb, done, isRefused }: CommandEnd): AuditKind {
  if (isRefused) return 'refusal';
  return done && verb !== undefined && promotions.has(verb) ? 'promotion' : 'command';
}
