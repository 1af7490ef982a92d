/** What is said of a database that this version can't know. */
export const newerVersion =
  'it was written by a newer version of aic-bot: start that version, or restore a backup from before it was started';

/** What to do about it, by SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const remedies: Readonly<Record<number, string>> = {
  5: 'another process keeps the database locked; end it, or wait until it is done',
  8: 'let the bot write to the file and to its folder',
  10: 'the disk can’t be read or written; look at it, and restore the file from a backup if it is damaged',
  11: 'the file is damaged; stop the bot and restore the file from a backup',
  13: 'the disk is full, or the bot may not use more of it; make room',
  14: 'see that the folder exists and that the bot may write there',
  26: 'the file is no SQLite database; correct DATABASE_URL, or restore the file from a backup',
};

/** The same by PostgreSQL's error codes, or by those of the connection (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const remediesByCode: Readonly<Record<string, string>> = {
  '28P01': 'correct the user and the password in DATABASE_URL',
  '28000': 'let the user in, in pg_hba.conf, or correct DATABASE_URL',
  '3D000': 'create the database, or correct DATABASE_URL',
  '42501': 'grant the user what it says: the bot makes tables, and a schema for its queue',
  '53100': 'the disk of the database is full; make room',
  '53300': 'raise max_connections, or run fewer replicas: each uses some twenty connections',
  '25006': 'the database only lets read: name the primary in DATABASE_URL',
  ECONNREFUSED: 'start the database, or correct DATABASE_URL',
  ENOTFOUND: 'correct the host in DATABASE_URL',
};

/**
 * What went wrong with the store, in the database's words, and what to do about it where that is known.
 * @param setting what names the database
 */
export function describeStoreFailure(error: unknown, setting = 'DATABASE_URL'): string {
  const said = error instanceof Error ? error.message : String(error);
  const code =
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
      ? // The higher bits only say more of the same.
        error.errcode & 255
      : undefined;
  const name = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = code === undefined ? remediesByCode[name] : remedies[code];
  return remedy === undefined ? said : `${said}: ${remedy.replace('DATABASE_URL', setting)}`;
}
