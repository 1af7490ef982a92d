#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from 'commander';

import { createPrompt } from './adapters/terminal/prompt.ts';
import { createTerminal } from './adapters/terminal/terminal.ts';
import { addAuditCommands } from './cli/audit-command.ts';
import { addBranchCommands } from './cli/pipeline-commands.ts';
import { addStoreCommands } from './cli/migrate-store-command.ts';
import { projectsNamedIn, readSettings, secretsIn } from './config.ts';
import { words } from './domain/report/phrase.ts';
import { refusalPrintout, type Printout } from './domain/report/printout.ts';
import { projectPath, type ProjectPath } from './domain/setup/project-path.ts';
import { createValueMask } from './domain/secrets/mask.ts';
import { describeEnvFile, withEnvFile } from './cli/env-file.ts';
import { doctor } from './handlers/setup/doctor.ts';
import { init } from './handlers/setup/init.ts';
import { prepareDoctor, prepareInit, type Seat } from './cli/systems.ts';

const wrongUsage = 2;

const { variables, notice } = withEnvFile(process.cwd(), process.env);
const read = readSettings(variables);
const mask = createValueMask(secretsIn(read.settings));
const { stdin, stdout, stderr } = process;
// Whoever reads only the first lines closes the pipe.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
const terminal = createTerminal({ stdout, stderr, mask });
const prompt = createPrompt({ input: stdin, output: stderr });
const seat: Seat = {
  progress: (what) => terminal.progress(what),
  ask:
    stdin.isTTY && stderr.isTTY
      ? (question, names) => {
          terminal.progress('');
          return prompt(question, names);
        }
      : undefined,
};

const program = new Command('aic-bot')
  .description('Sets up GitLab projects for the bot, looks over what it needs, and gives it commands.')
  .addHelpText('after', '\nSettings come from the environment and from .env in the current folder.')
  .showHelpAfterError('Add --help for how it is used.')
  .exitOverride()
  .hook('preAction', async () => {
    if (notice === undefined) return;
    terminal.tell(describeEnvFile(notice));
    if (notice.mixed.length === 0 || seat.ask === undefined) return;
    const answer = await seat.ask('Is the file yours, and may the keys go there?', ['no', 'yes']);
    if (answer !== 'yes') process.exit(wrongUsage);
  });

program
  .command('init')
  .description('sets up a GitLab project, or adds what it lacks: branches, protection, files, webhook')
  .argument('<project>', 'group/subgroup/project; the group must exist', parseProject)
  .option('--main <workspace>', 'AIC workspace of the branch main')
  .option('--develop <workspace>', 'AIC workspace of the branch develop')
  .option('--sandbox <workspace>', 'AIC workspace of the branch sandbox')
  .option('--aic-project <project>', 'AIC project of the workspaces; AIC_PROJECT where absent')
  .option('--url <address>', 'where GitLab reaches the bot; PUBLIC_URL where absent', parseAddress)
  .option('--dry-run', 'only tell what would be done')
  .option('--json', 'print the result as JSON')
  .action(async (path: ProjectPath, options: InitOptions) => {
    const { main, develop, sandbox, aicProject, url, dryRun = false } = options;
    const workspaces = { main, develop, sandbox, aicProject };
    const prepared = prepareInit(read, { path, workspaces, url, dryRun }, seat);
    const printout = prepared.ok
      ? await init(prepared.value.ports, prepared.value.wishes)
      : refusalPrintout(words('Nothing was done: settings are missing or wrong.'), prepared.failure);
    await finish(printout, options);
  });

program
  .command('doctor')
  .description(
    'looks over settings, GitLab, AIC, mail and database, and the projects that GITLAB_PROJECTS names',
  )
  .argument('[project]', 'group/subgroup/project, for this one alone', parseProject)
  .option('--json', 'print the result as JSON')
  .action(async (path: ProjectPath | undefined, options: PrintOptions) => {
    const projects = path === undefined ? projectsNamedIn(read.settings) : [`${path.group}/${path.name}`];
    await finish(await doctor(prepareDoctor(read, seat), projects), options);
  });

addBranchCommands(program, { terminal, variables, exit: (code) => process.exit(code) });

addStoreCommands(program, { terminal, exit: (code) => process.exit(code) });

addAuditCommands(program, { terminal, variables, exit: (code) => process.exit(code) });

interface PrintOptions {
  readonly json?: true;
}

interface InitOptions extends PrintOptions {
  readonly main?: string;
  readonly develop?: string;
  readonly sandbox?: string;
  readonly aicProject?: string;
  readonly url?: URL;
  readonly dryRun?: true;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : wrongUsage;
  else {
    stderr.write(
      `aic-bot broke: ${mask(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
    );
    process.exitCode = 1;
  }
}

/** Prints and ends: a connection that never answers must not keep the command from ending. */
async function finish(printout: Printout, { json }: PrintOptions): Promise<never> {
  await terminal.print(printout, json === true ? 'json' : 'text');
  return process.exit(printout.isWell ? 0 : 1);
}

function parseProject(text: string): ProjectPath {
  const path = projectPath(text);
  if (path === undefined)
    throw new InvalidArgumentError('Write it as group/project, as in the address of its page in GitLab.');
  return path;
}

function parseAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new InvalidArgumentError('Write it as https://bot.example.com, without user, query and fragment.');
  return url;
}
