import type { Command } from '../../domain/commands/parse-command.ts';
import { phrase, words } from '../../domain/report/phrase.ts';
import type { Explanation } from '../../domain/report/reason.ts';
import { fail, ok, type Result } from '../../domain/shared/result.ts';
import type { CommandContext } from './command-context.ts';

/** The branch that a command is about: the one that it names, else the target of its merge request. */
export function branchFor({ on }: CommandContext, command: Command): Result<string, Explanation> {
  const branch = command.options.branch ?? on?.target;
  if (branch !== undefined) return ok(branch);
  return fail({
    what: words('Nothing was done: in an issue, a command does not know which branch it is about.'),
    remedy: phrase`Name it, such as ${`/aic ${command.verb} branch=develop`}.`,
  });
}
