import type { Verb } from '../domain/command-table.ts';
import type { Command } from '../domain/command.ts';
import { prepareAdopt } from './command-adopt.ts';
import { prepareBackup } from './command-backup.ts';
import { prepareBranches } from './command-branches.ts';
import type { CommandContext, Prepared } from './command-context.ts';
import { prepareDatasets } from './command-datasets.ts';
import { prepareDiff } from './command-diff.ts';
import { prepareCancel, prepareDeploy } from './command-deploy.ts';
import { prepareEmbed } from './command-embed.ts';
import { preparePlan } from './command-plan.ts';
import { preparePromotion } from './command-promotion.ts';
import { preparePush } from './command-push.ts';
import { prepareHistory } from './command-history.ts';
import { prepareRollback } from './command-rollback.ts';
import { prepareStatus } from './command-status.ts';
import { prepareTables } from './command-tables.ts';

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
