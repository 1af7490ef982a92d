import { startPostgres, type TestPostgres } from '../postgres.ts';
import { deployBench } from './deploy.ts';
import { contenders, ingestBench } from './ingest/ingest.ts';
import type { Finding } from './table.ts';

/** Accepting deliveries on PostgreSQL, where each commit waits for the disk, beside SQLite. */
export async function ingestOnPostgres(): Promise<Finding> {
  return onPostgres((postgres) => {
    const bots = contenders.filter(({ name }) => !/bare|Probot/.test(name));
    const [last] = bots.slice(-1);
    if (last === undefined) throw new Error('there is no bot to measure');
    const another = { ...last, name: 'aic-bot, PostgreSQL', database: () => postgres.newDatabase() };
    return ingestBench([...bots, another], 'Engines: ingest on PostgreSQL');
  });
}

/** The same deployments on PostgreSQL. */
export async function deployOnPostgres(): Promise<Finding> {
  return onPostgres((postgres) => deployBench(false, () => postgres.newDatabase()));
}

async function onPostgres(measure: (postgres: TestPostgres) => Promise<Finding>): Promise<Finding> {
  const postgres = await startPostgres(true);
  try {
    return await measure(postgres);
  } finally {
    await postgres.stop();
  }
}
