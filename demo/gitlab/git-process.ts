import { execFile } from 'node:child_process';

import { gitEnvironment, type GitDone, type GitTask } from './git-task.ts';

// Starting a process takes time in proportion to the memory of the process that starts it: this one has next to none.
process.on('message', ({ id, args, environment, input }: GitTask) => {
  const child = execFile(
    'git',
    [...args],
    { env: { ...gitEnvironment, ...environment }, encoding: 'buffer', maxBuffer: Infinity },
    (error, output, errors) => {
      const code = error === null ? 0 : error.code;
      const done: GitDone = {
        id,
        code: typeof code === 'number' ? code : undefined,
        output,
        said: `${errors.toString().trim()}${typeof code === 'string' ? code : ''}`,
      };
      process.send?.(done);
    },
  );
  // Git may end before it has read everything; what matters then is its exit code.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
});
process.on('disconnect', () => process.exit());
