import type { AuditEntry } from '../../domain/audit/audit-log.ts';
import { commandAudit, type CommandEnd } from '../../domain/audit/command-entry.ts';
import type { GivenCommand } from '../../domain/commands/operator-command.ts';

/** The entry of a command that an operator gave. */
export function operatorAudit(
  { projectId, request, username, command }: GivenCommand,
  ended: Pick<CommandEnd, 'done' | 'report'> & { readonly isRefused?: true },
): AuditEntry {
  const { verb, pipelines, options, words } = command;
  const set = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return commandAudit({
    key: request,
    project: projectId,
    who: { id: undefined, name: username },
    line: [verb, ...pipelines.map((name) => JSON.stringify(name)), ...set, ...words].join(' '),
    verb,
    where: 'the command line',
    reason: options.reason,
    done: ended.done,
    isRefused: ended.isRefused === true,
    report: ended.report,
    deliveries: [],
  });
}
