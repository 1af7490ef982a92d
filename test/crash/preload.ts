/**
 * Loaded into the bot's process before its first module (`node --import`), and patches it from outside: the bot knows nothing of it.
 * - Each answer to an outgoing call, each commit to the store and each answer of the mail server is a *boundary*. Its label is appended
 *   to the file `CRASH_LABELS`, and at the boundary with the number `CRASH_AT` the process is stopped as `CRASH_KIND` tells (`stop.ts`).
 *   Boundaries count once the file `CRASH_ARMED` exists. What the process does at last is to write the file `CRASH_STOPPED`.
 * - Time runs `CRASH_SPEED` times as fast since `CRASH_EPOCH`, so that waiting costs little, and goes on where it was after a restart.
 */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { DatabaseSync, StatementSync } from 'node:sqlite';

import { createTransport } from 'nodemailer';

const {
  CRASH_LABELS: labels = '',
  CRASH_ARMED: armed = '',
  CRASH_AT,
  CRASH_KIND = '',
  CRASH_STOPPED: stopped = '',
  DATABASE_URL: database = '',
  CRASH_SPEED,
  CRASH_EPOCH,
} = process.env;
const killAt = Number(CRASH_AT ?? 0);
let isArmed = false;
let passed = 0;

function boundary(label: string): void {
  isArmed ||= existsSync(armed);
  if (!isArmed) return;
  passed += 1;
  appendFileSync(labels, `${label}\n`);
  if (passed !== killAt) return;
  writeFileSync(stopped, '');
  stop();
}

function stop(): void {
  switch (CRASH_KIND) {
    case 'SIGKILL':
    case 'SIGTERM':
    case 'SIGSTOP':
      process.kill(process.pid, CRASH_KIND);
      return;
    case 'lost leases': {
      const file = new DatabaseSync(database.replace(/^file:/, ''), { timeout: 5_000 });
      file.exec('delete from leases');
      file.close();
      return;
    }
    default:
      throw new Error(`There is no stop ${CRASH_KIND}.`);
  }
}

quicken(Number(CRASH_SPEED ?? 1), Number(CRASH_EPOCH ?? Date.now()));
watchCalls();
watchStore();
watchMail();

function quicken(speed: number, epoch: number): void {
  const { now } = Date;
  Date.now = () => Math.round(epoch + (now() - epoch) * speed);
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const quickened = new Proxy(globalThis[name], {
      apply: (target, self, [work, ms, ...rest]: [() => void, number | undefined, ...unknown[]]) =>
        Reflect.apply(target, self, [work, (ms ?? 0) / speed, ...rest]),
    });
    Reflect.set(globalThis, name, quickened);
  }
}

function watchCalls(): void {
  const send = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const answer = await send(input, init);
    const url = new URL(input instanceof Request ? input.url : input);
    boundary(`${init?.method ?? 'GET'} ${url.pathname} ${answer.status}`);
    return answer;
  };
}

function watchStore(): void {
  const statements = new WeakMap<object, { readonly file: DatabaseSync; readonly sql: string }>();
  /** What the open transaction of a file has written so far. */
  const written = new WeakMap<DatabaseSync, string[]>();
  const ran = (file: DatabaseSync, sql: string, result: unknown) => {
    const write = /^\s*(insert into|update|delete from)\s+"?(\w+)/i.exec(sql);
    const all = written.get(file) ?? [];
    if (write !== null && hasChanged(result))
      written.set(file, [...all, `${write[1]?.split(' ')[0]} ${write[2]}`]);
    if (file.isTransaction) return;
    const writes = written.get(file);
    written.delete(file);
    if (writes !== undefined && !/^\s*rollback/i.test(sql)) boundary(`commit ${writes.join(', ')}`);
  };
  patch(DatabaseSync.prototype, 'exec', (exec, file, [sql]) => {
    exec();
    if (file instanceof DatabaseSync) ran(file, String(sql), undefined);
  });
  patch(DatabaseSync.prototype, 'prepare', (prepare, file, [sql]) => {
    const statement = prepare();
    if (file instanceof DatabaseSync && statement instanceof StatementSync)
      statements.set(statement, { file, sql: String(sql) });
    return statement;
  });
  for (const name of ['run', 'all', 'get'] as const) {
    patch(StatementSync.prototype, name, (run, statement) => {
      const result = run();
      const known = statements.get(statement);
      if (known !== undefined) ran(known.file, known.sql, result);
      return result;
    });
  }
}

/** Whether a statement wrote anything; one that returns rows tells by them. Nothing is left behind by the others. */
function hasChanged(result: unknown): boolean {
  if (Array.isArray(result)) return result.length > 0;
  return typeof result === 'object' && result !== null && 'changes' in result && result.changes !== 0;
}

function watchMail(): void {
  const transport = createTransport({ jsonTransport: true });
  patch(Object.getPrototypeOf(transport), 'sendMail', (send) =>
    Promise.resolve(send()).then(
      (sent) => {
        boundary('mail taken');
        return sent;
      },
      (error: unknown) => {
        boundary('mail refused');
        throw error;
      },
    ),
  );
}

/** Puts `around` in the place of a method; it gets the original call, the object and the arguments. */
function patch(
  owner: object,
  name: string,
  around: (original: () => unknown, self: object, given: readonly unknown[]) => unknown,
): void {
  const method: unknown = Reflect.get(owner, name);
  if (typeof method !== 'function') throw new Error(`There is no method ${name} to watch.`);
  Reflect.set(owner, name, function watched(this: object, ...given: readonly unknown[]) {
    return around(() => Reflect.apply(method, this, given), this, given);
  });
}
