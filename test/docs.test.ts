import { readdirSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test.each(pages)('%s names only files that exist', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const named = [...text.matchAll(/`((?:src|test|demo|lint|docs|deploy)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  // What a run writes there is not kept.
  const isWritten = (path: string) => path.startsWith('test/bench/results');
  expect(named.filter((path) => !isWritten(path) && !existsSync(join(root, path)))).toEqual([]);
});

test.each(pages)('%s links only to pages that exist', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const linked = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, path = '']) => path);
  expect(linked.filter((path) => !existsSync(join(root, page, '..', path)))).toEqual([]);
});
