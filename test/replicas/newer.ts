import { sql } from 'kysely';

import { migrationsPostgres } from '../../src/adapters/store/migrations/postgres.ts';

/* Loaded before the bot, this makes it a later version, one that has changed the tables. */
migrationsPostgres['9999-later'] = {
  up: async (db) => {
    await sql`alter table branches add column later text not null default 'x'`.execute(db);
    await sql`create table later (id bigint)`.execute(db);
  },
};
