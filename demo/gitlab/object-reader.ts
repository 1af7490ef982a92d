import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { gitEnvironment } from './git-task.ts';

export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly content: Buffer;
}

/** Reads single objects through one `git cat-file` that stays open: a process per object would take most of the time. */
export interface ObjectReader {
  /** By what Git calls an extended name: an id, `refs/heads/main^{commit}`, `<commit>:<path>`. */
  read(name: string): Promise<GitObject | undefined>;
  /** The id alone. */
  find(name: string): Promise<string | undefined>;
  close(): Promise<void>;
}

interface Waiting {
  readonly ask: 'contents' | 'info';
  readonly resolve: (found: GitObject | undefined) => void;
  readonly reject: (error: Error) => void;
}

export function createObjectReader(directory: string): ObjectReader {
  let process: ChildProcessWithoutNullStreams | undefined;
  let received: Buffer[] = [];
  let length = 0;
  let wanted = 0;
  const waiting: Waiting[] = [];

  function start(): ChildProcessWithoutNullStreams {
    const child = spawn('git', [`--git-dir=${directory}`, 'cat-file', '--batch-command'], {
      env: gitEnvironment,
    });
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      received.push(chunk);
      length += chunk.length;
      if (length >= wanted) parse();
    });
    const ended = (): void => {
      if (process !== child) return;
      process = undefined;
      received = [];
      length = 0;
      wanted = 0;
      for (const { reject } of waiting.splice(0)) reject(new Error('git cat-file ended'));
    };
    child.on('error', ended);
    child.on('close', ended);
    return child;
  }

  /** An answer is a line, and for an object that exists its content and a newline. */
  function parse(): void {
    let data = Buffer.concat(received);
    wanted = 0;
    for (;;) {
      const end = data.indexOf('\n');
      if (end < 0) break;
      const header = /^([0-9a-f]{40}) (\w+) (\d+)$/.exec(data.toString('utf8', 0, end));
      let rest = end + 1;
      let found: GitObject | undefined;
      const asked = waiting[0]?.ask;
      if (header !== null) {
        const [, id = '', type = '', size = ''] = header;
        if (asked === 'contents') rest += Number(size) + 1;
        if (data.length < rest) {
          wanted = rest;
          break;
        }
        found = { id, type, content: data.subarray(end + 1, Math.max(end + 1, rest - 1)) };
      }
      waiting.shift()?.resolve(found);
      data = data.subarray(rest);
    }
    received = [data];
    length = data.length;
  }

  async function question(ask: Waiting['ask'], name: string): Promise<GitObject | undefined> {
    // A newline would be two questions; `./` makes Git look for a working tree and end.
    if (/[\n\0]/.test(name) || /:\.{1,2}(\/|$)/.test(name)) return undefined;
    process ??= start();
    const { stdin } = process;
    return new Promise((resolve, reject) => {
      waiting.push({ ask, resolve, reject });
      stdin.write(`${ask} ${name}\n`);
    });
  }

  return {
    read: (name) => question('contents', name),
    find: async (name) => (await question('info', name))?.id,
    async close() {
      const child = process;
      if (child === undefined) return;
      const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()));
      child.stdin.end();
      await closed;
    },
  };
}
