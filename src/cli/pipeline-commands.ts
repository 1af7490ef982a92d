import { InvalidArgumentError, type Command } from 'commander';

import { projectPath } from '../domain/setup/project-path.ts';
import { operateBranch, type CommandWish, type OperatorDesk } from './run-on-database.ts';

interface Options {
  readonly branch?: string;
  readonly workspace?: string;
  readonly drive?: string;
  readonly reason?: string;
  readonly force?: true;
  readonly prune?: true;
  readonly wait?: number;
  readonly json?: true;
}

const project = ['<project>', 'group/subgroup/project'] as const;
const pipelines = ['[pipelines...]', 'only these; all that it is about where absent'] as const;
const waitSeconds = 60;

/** Adds the commands for a branch or a workspace of a project: the same ones as in comments, for who works beside the bot. */
export function addBranchCommands(program: Command, desk: OperatorDesk): void {
  const run = (wish: CommandWish, { wait = waitSeconds, json }: Options) =>
    operateBranch(desk, wish, { waitMs: wait * 1_000, format: json === true ? 'json' : 'text' });

  printing(program.command('status'))
    .description('tells what is deployed where, and what is pending and why')
    .argument(...project, parsePath)
    .argument('[branch]', 'only this one', parseName)
    .action((path: string, branch: string | undefined, options: Options) =>
      run({ path, verb: 'status', pipelines: [], options: { branch }, words: [] }, options),
    );

  printing(program.command('plan'))
    .description('tells what deploying a branch would do, and does nothing')
    .argument(...project, parsePath)
    .argument('<branch>', 'the branch', parseName)
    .argument(...pipelines, collectNames)
    .action((path: string, branch: string, names: readonly string[] = [], options: Options = {}) =>
      run({ path, verb: 'plan', pipelines: names, options: { branch }, words: [] }, options),
    );

  waiting(program.command('deploy'))
    .description('deploys what changed on a branch and what is pending')
    .argument(...project, parsePath)
    .argument('<branch>', 'the branch', parseName)
    .argument(...pipelines, collectNames)
    .option('--force', 'write every pipeline (or the named ones), over changes made by hand in AIC')
    .option('--reason <text>', 'why; shown and recorded', parseName)
    .action((path: string, branch: string, names: readonly string[] = [], options: Options = {}) => {
      const { force, reason } = options;
      const words = force === true ? (['force'] as const) : [];
      return run({ path, verb: 'deploy', pipelines: names, options: { branch, reason }, words }, options);
    });

  waiting(program.command('push'))
    .description('writes a workspace to its branch, in one commit')
    .argument(...project, parsePath)
    .argument(...pipelines, collectNames)
    .option('--branch <branch>', 'the branch to write to', parseName)
    .option('--workspace <workspace>', 'the workspace to read', parseName)
    .option('--prune', 'delete the configs of pipelines that the workspace no longer has')
    .option('--force', 'also to the production branch')
    .action((path: string, names: readonly string[] = [], options: Options = {}) => {
      const { branch, workspace, prune, force } = options;
      const words = [...(prune ? ['prune' as const] : []), ...(force ? ['force' as const] : [])];
      return run({ path, verb: 'push', pipelines: names, options: { branch, workspace }, words }, options);
    });

  waiting(program.command('backup'))
    .description('stores what a workspace holds on one of its drives')
    .argument(...project, parsePath)
    .argument(...pipelines, collectNames)
    .option('--branch <branch>', 'the branch of the workspace', parseName)
    .option('--workspace <workspace>', 'the workspace', parseName)
    .option('--drive <drive>', 'the drive; backups where absent', parseName)
    .action((path: string, names: readonly string[] = [], options: Options = {}) => {
      const { branch, workspace, drive } = options;
      return run(
        { path, verb: 'backup', pipelines: names, options: { branch, workspace, drive }, words: [] },
        options,
      );
    });
}

function printing(command: Command): Command {
  return command.option('--json', 'print the result as JSON');
}

function waiting(command: Command): Command {
  const what = 'how long to wait while the bot works on the same workspace';
  return printing(command).option('--wait <seconds>', `${what} (${waitSeconds})`, parseSeconds);
}

function parsePath(text: string): string {
  const path = projectPath(text);
  if (path === undefined)
    throw new InvalidArgumentError('Write it as group/project, as in the address of its page in GitLab.');
  return `${path.group}/${path.name}`;
}

function parseName(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

function collectNames(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, parseName(text)];
}

function parseSeconds(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Write a whole number of seconds.');
  return Number(text);
}
