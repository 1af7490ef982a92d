import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { blobIdOf, type BlobId } from '../../../src/domain/pipeline/blob-id.ts';
import { splitChanges } from '../../../src/domain/gitlab/commit-batches.ts';
import { fingerprintOf } from '../../../src/domain/pipeline/fingerprint.ts';
import { contentOf, writeConfig } from '../../../src/domain/pipeline/config.ts';
import { askersIn, commitMessage, trailerIn } from '../../../src/domain/gitlab/commit-message.ts';
import { filesToRead, planPush, type Pulled, type PushInput } from '../../../src/domain/push/push-plan.ts';
import type { FileChange } from '../../../src/domain/gitlab/repository.ts';

async function pulled(name: string, query: string, qa = 'False'): Promise<Pulled> {
  const content = contentOf({
    variables: [{ id: 'QA', value: qa }],
    stages: [{ tasks: [{ id: 't', type: 'SQL', config: { query } }] }],
  });
  if (!content.ok) throw new Error(content.failure.problem);
  return { name, content: content.value, fingerprint: await fingerprintOf(content.value) };
}

async function input(
  files: Readonly<Record<string, string>>,
  changes: Partial<PushInput>,
): Promise<PushInput> {
  const tree = new Map<string, BlobId>();
  for (const [path, text] of Object.entries(files)) tree.set(path, await blobIdOf(text, undefined));
  const rest = {
    failed: [],
    titles: undefined,
    prune: false,
    undeployed: new Set<string>(),
    variables: [],
    known: new Map(),
  };
  return { tree, pulled: [], ...rest, ...changes };
}

async function plan(files: Readonly<Record<string, string>>, changes: Partial<PushInput>) {
  const given = await input(files, changes);
  const paths = await filesToRead(given);
  return { paths, ...(await planPush(given, new Map(paths.map((path) => [path, files[path] ?? ''])))) };
}

describe('a push', () => {
  test('of what Git has already reads and writes nothing', async () => {
    const one = await pulled('orders', 'select 1');
    const files = {
      'config/orders.json': writeConfig('orders', one.content),
      'code/orders/t.sql': 'select 1',
    };
    expect(await plan(files, { pulled: [one] })).toMatchObject({
      paths: [],
      changes: [],
      items: [{ pipeline: 'orders', kind: 'unchanged' }],
    });
  });

  test('leaves a file alone that says the same in another form', async () => {
    const one = await pulled('orders', 'select 1');
    const files = {
      'config/orders.json': JSON.stringify({ $id: 'x', ...one.content }),
      'code/orders/t.sql': 'select 1',
    };
    expect(await plan(files, { pulled: [one] })).toMatchObject({
      paths: ['config/orders.json'],
      changes: [],
    });
  });

  test("keeps Git's value of the variables that belong to the workspace", async () => {
    const [live, git] = [await pulled('orders', 'select 2', 'True'), await pulled('orders', 'select 1')];
    const files = { 'config/orders.json': writeConfig('orders', git.content) };
    const { changes } = await plan(files, { pulled: [live], variables: ['QA'] });
    const [config] = changes.flat();
    expect(config).toMatchObject({ kind: 'update', path: 'config/orders.json' });
    const text = config?.kind === 'update' ? config.content : '';
    expect(JSON.parse(text)).toMatchObject({ variables: [{ id: 'QA', value: 'False' }] });
    const known = new Map([
      ['orders', { fingerprint: live.fingerprint, blob: await blobIdOf(text, undefined) }],
    ]);
    const after = { 'config/orders.json': text, 'code/orders/t.sql': 'select 2' };
    expect(await plan(after, { pulled: [live], variables: ['QA'], known })).toMatchObject({
      paths: [],
      changes: [],
    });
  });

  test('writes to the file that the Python library named, and does not double it', async () => {
    const one = await pulled('weird | name', 'select 2');
    const files = { 'config/weird | name.json': '{"stages": []}', 'code/weird | name/t.sql': 'select 1' };
    const { changes } = await plan(files, { pulled: [one] });
    expect(changes.flat().map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      'update config/weird | name.json',
      'update code/weird | name/t.sql',
    ]);
  });

  test('deletes configs of pipelines that are gone only when told to', async () => {
    const files = { 'config/old.json': '{}', 'code/old/t.sql': 'x', 'code/old/notes.md': 'y' };
    const titles = new Set(['orders']);
    expect(await plan(files, { titles })).toMatchObject({ changes: [], items: [{ kind: 'gone' }] });
    const undeployed = new Set(['old']);
    expect(await plan(files, { titles, prune: true, undeployed })).toMatchObject({
      changes: [],
      items: [{ kind: 'undeployed' }],
    });
    const { changes } = await plan(files, { titles, prune: true });
    expect(changes.flat().map(({ path }) => path)).toEqual(['config/old.json', 'code/old/t.sql']);
  });
});

test("a blob's id is git's", async () => {
  for (const text of ['', 'select 1\n', '名前 \u{1F600}']) {
    const id = execFileSync('git', ['hash-object', '--stdin'], { input: text }).toString().trim();
    expect(await blobIdOf(text, undefined)).toBe(id);
  }
});

test('parts of a push hold everything once, in order, within the limits', () => {
  const change = fc
    .tuple(fc.string({ minLength: 1 }), fc.string({ maxLength: 300 }))
    .map(([path, content]): FileChange => ({ kind: 'create', path, content }));
  const limits = { mostBytes: 1_200, mostChanges: 4 };
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 })), (pipelines) => {
      const parts = splitChanges(pipelines, limits);
      expect(parts.flat()).toEqual(pipelines.flat());
      for (const part of parts) {
        expect(part.length).toBeGreaterThan(0);
        expect(part.length).toBeLessThanOrEqual(limits.mostChanges);
        const bytes = part.reduce((sum, one) => sum + JSON.stringify(one).length, 0);
        expect(part.length === 1 || bytes <= limits.mostBytes).toBe(true);
      }
    }),
  );
});

test('the message of a push makes GitLab do nothing', () => {
  const from = 'PIN\nAic-Bot-Request: x';
  const hostile = {
    pipelines: ['Closes #3', '@all'],
    from,
    origin: `the AIC workspace ${from}`,
    by: 'Eve !5',
  };
  const story = { verb: 'Push', ...hostile, request: 'note:7:1' } as const;
  const message = commitMessage(story, { number: 2, of: 3, nonce: 'n' });
  expect(message).not.toMatch(/#3|@all|!5/);
  expect(message.match(/^Aic-Bot-Request: .*$/gm)).toEqual(['Aic-Bot-Request: note:7:1 n']);
  expect(trailerIn(message)).toEqual({ request: 'note:7:1', nonce: 'n' });
  expect(trailerIn(`${message}\n`)).toEqual({ request: 'note:7:1', nonce: 'n' });
  expect(message.split('\n')[0]).toContain('(part 2 of 3)');
});

test.each(['rita', 'a'.repeat(255), 'r-i_t.a'])('the username %s stands in the message in full', (asker) => {
  const story = { verb: 'Push', pipelines: ['P'], from: 'W', origin: 'W', by: asker, asker } as const;
  const message = commitMessage({ ...story, request: 'note:7:1' }, { number: 1, of: 1, nonce: 'n' });
  expect(askersIn(message)).toEqual([asker]);
});

test.each([
  ['two trailers', 'Fix\n\nAic-Bot-Request: note:7:2 n\nAic-Bot-Request: note:7:1 n'],
  ['one that is not the last line', 'Fix\n\nAic-Bot-Request: note:7:1 n\n\nSigned-off-by: Eve'],
  ['one without a nonce', 'Fix\n\nAic-Bot-Request: note:7:1'],
  ['one with more than a nonce', 'Fix\n\nAic-Bot-Request: note:7:1 n m'],
  ['none', 'Fix'],
  ['nothing at all', ''],
])('a message with %s names no request', (_, message) => {
  expect(trailerIn(message)).toBeUndefined();
});
