import type { Verb } from '../../domain/commands/command-table.ts';
import type { Command } from '../../domain/commands/parse-command.ts';
import { prepareAdopt } from './verbs/adopt.ts';
import { prepareBackup } from './verbs/backup.ts';
import { prepareBranches } from './verbs/branches.ts';
import type { CommandContext, Prepared } from './command-context.ts';
import { prepareDatasets } from './verbs/datasets.ts';
import { prepareDiff } from './verbs/diff.ts';
import { prepareCancel, prepareDeploy } from './verbs/deploy.ts';
import { prepareEmbed } from './verbs/embed.ts';
import { preparePlan } from './verbs/plan.ts';
import { preparePromotion } from './verbs/promote.ts';
import { preparePush } from './verbs/push.ts';
import { prepareHistory } from './verbs/history.ts';
import { prepareRollback } from './verbs/rollback.ts';
import { prepareStatus } from './verbs/status.ts';
import { prepareTables } from './verbs/tables.ts';

type Prepare = (context: CommandContext, command: Command) => Prepared | Promise<Prepared>;

/** What carrying out each command takes. Help is answered before anything is known of the branches. */
export const prepareCommand: Readonly<Record<Exclude<Verb, 'help'>, Prepare>> = {
  status: prepareStatus,
  plan: preparePlan,
  diff: prepareDiff,
  deploy: (context, command) => prepareDeploy(context, command, 'deploy'),
  retry: (context, command) => prepareDeploy(context, command, 'retry'),
  cancel: prepareCancel,
  rollback: prepareRollback,
  history: prepareHistory,
  push: preparePush,
  embed: prepareEmbed,
  feature: (context, command) => preparePromotion(context, command, 'feature'),
  release: (context, command) => preparePromotion(context, command, 'release'),
  hotfix: (context, command) => preparePromotion(context, command, 'hotfix'),
  adopt: prepareAdopt,
  backup: prepareBackup,
  datasets: prepareDatasets,
  tables: prepareTables,
  branches: prepareBranches,
};
