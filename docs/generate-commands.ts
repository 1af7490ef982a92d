import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';

import { commandDocs } from '../src/domain/commands/reference-docs.ts';

const file = new URL('commands.md', import.meta.url);

/** Writes docs/commands.md from the table of commands; with `--check` it only tells whether that is needed. */
const options = (await resolveConfig(file)) ?? {};
const text = await format(commandDocs(), { ...options, parser: 'markdown' });
if (!process.argv.includes('--check')) await writeFile(file, text);
else if ((await readFile(file, 'utf8').catch(() => '')) !== text) {
  process.stderr.write('docs/commands.md is stale: run "npm run docs".\n');
  process.exitCode = 1;
}
