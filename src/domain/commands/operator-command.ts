import type { Command } from './parse-command.ts';
import type { Verb, WordKey } from './command-table.ts';
import type { ProjectId } from '../shared/ids.ts';

/** A command that an operator gave, as data that outlives the process it was given to. */
export interface GivenCommand {
  readonly projectId: ProjectId;
  /** What tells this command apart for ever. */
  readonly request: string;
  /** The operator's name on the machine. */
  readonly username: string;
  readonly command: Omit<Command, 'verb' | 'subject' | 'words'> & {
    readonly verb: Exclude<Verb, 'help'>;
    readonly words: readonly WordKey[];
  };
}

/** The command as it is carried out. No operator's command has a subject. */
export function commandIn({ command }: GivenCommand): Command {
  return { ...command, subject: undefined, words: new Set(command.words) };
}
