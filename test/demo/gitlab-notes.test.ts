import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { extractQuickActions } from '../../demo/gitlab/quick-actions.ts';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, type Answer, type Call } from './gitlab-client.ts';

let gitlab: GitLabServer;
let call: Call;

beforeEach(async () => {
  gitlab = await startGitLab();
  call = createClient(gitlab.url, gitlab.admin.token);
  await gitlab.addProject('team/pipelines');
  await gitlab.commitFiles(1, 'main', 'First', { a: '1\n' });
  await gitlab.commitFiles(1, 'side', 'Side', { a: '2\n' });
  await call('POST', '/projects/1/merge_requests', {
    source_branch: 'side',
    target_branch: 'main',
    title: 'T',
  });
  await call('POST', '/projects/1/issues', { title: 'I', description: 'It is so.' });
});

afterEach(() => gitlab.close());

interface NoteBody {
  readonly id: number;
  readonly body: string;
}

describe.each([
  ['merge_requests', 'MergeRequest'],
  ['issues', 'Issue'],
])('on %s', (kind, type) => {
  const at = `/projects/1/${kind}/1`;
  const write = (body: string): Promise<Answer<NoteBody>> => call('POST', `${at}/notes`, { body });

  test('writes, shows, changes and removes notes', async () => {
    const { status, body } = await write('Hello **you**\n');
    expect(status).toBe(201);
    expect(body).toMatchObject({
      body: 'Hello **you**',
      author: { username: 'root' },
      system: false,
      noteable_type: type,
      noteable_iid: 1,
      project_id: 1,
    });
    const note = `${at}/notes/${body.id}`;
    expect(await call('PUT', note, { body: 'Changed' })).toMatchObject({
      status: 200,
      body: { body: 'Changed' },
    });
    expect(await call('GET', note)).toMatchObject({ status: 200, body: { id: body.id, body: 'Changed' } });
    expect(await call('DELETE', note)).toMatchObject({ status: 204 });
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect(await call(method, note, method === 'PUT' ? { body: 'x' } : undefined)).toMatchObject({
        status: 404,
        body: { message: '404 Not found' },
      });
  });

  test('lists notes newest first, or as asked', async () => {
    for (const body of ['one', 'two', 'three']) await write(body);
    const list = async (query: string): Promise<string[]> =>
      (await call<NoteBody[]>('GET', `${at}/notes?${query}`)).body.map(({ body }) => body);
    expect(await list('')).toEqual(['three', 'two', 'one']);
    expect(await list('sort=asc&order_by=updated_at')).toEqual(['one', 'two', 'three']);
    expect(await list('sort=asc&per_page=1&page=2')).toEqual(['two']);
  });

  test('refuses an empty note, a note that is too long and a missing target', async () => {
    expect(await write(' ')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('Note {') },
    });
    expect(await write('x'.repeat(1_000_001))).toMatchObject({ status: 400 });
    expect(await call('POST', `${at}/notes`, {})).toMatchObject({
      status: 400,
      body: { error: 'body is missing' },
    });
    expect(await call('POST', `/projects/1/${kind}/9/notes`, { body: 'x' })).toMatchObject({ status: 404 });
  });

  test('takes an emoji once from each user', async () => {
    const { body } = await write('x');
    for (const target of [`${at}/notes/${body.id}`, at]) {
      const award = (name: string): Promise<Answer<{ id: number }>> =>
        call('POST', `${target}/award_emoji`, { name });
      const given = await award('eyes');
      expect(given).toMatchObject({ status: 201, body: { name: 'eyes', user: { username: 'root' } } });
      expect(await award('eyes')).toMatchObject({
        status: 404,
        body: { message: '404 Award Emoji Name has already been taken Not Found' },
      });
      expect(await award(':eyes:')).toMatchObject({ status: 404 });
      expect(await award('white_check_mark')).toMatchObject({ status: 201 });
      expect(await call('GET', `${target}/award_emoji`)).toMatchObject({
        body: [{ name: 'eyes' }, { name: 'white_check_mark' }],
      });
      expect(await call('DELETE', `${target}/award_emoji/${given.body.id}`)).toMatchObject({ status: 204 });
      expect(await award('eyes')).toMatchObject({ status: 201 });
    }
    expect(await call('POST', `${at}/notes/99/award_emoji`, { name: 'eyes' })).toMatchObject({ status: 404 });
  });

  test('lets only maintainers change what others wrote', async () => {
    const { body } = await write('x');
    const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
    gitlab.addMember(1, 'dev', 30);
    const asDev = createClient(gitlab.url, dev.token);
    expect(await asDev('PUT', `${at}/notes/${body.id}`, { body: 'y' })).toMatchObject({ status: 403 });
    expect(await asDev('DELETE', `${at}/notes/${body.id}`)).toMatchObject({ status: 403 });
    expect(await asDev('POST', `${at}/notes`, { body: 'mine' })).toMatchObject({ status: 201 });
  });

  test('runs a command at the start of a line and cuts it from the text', async () => {
    const answer = await write('Done.\n/close\nSee you.\n/title Another name\n');
    expect(answer).toMatchObject({ status: 201, body: { body: 'Done.\nSee you.' } });
    expect(await call('GET', at)).toMatchObject({ body: { state: 'closed', title: 'Another name' } });
    expect(gitlab.quickActions).toMatchObject([
      { name: 'close', argument: '', on: type, iid: 1, user: { username: 'root' } },
      { name: 'title', argument: 'Another name' },
    ]);
  });

  test('stores no note of commands alone', async () => {
    expect(await write('/close\n')).toMatchObject({
      status: 202,
      body: { commands_changes: { state_event: 'close' } },
    });
    expect(await call('GET', `${at}/notes`)).toMatchObject({ body: [] });
    expect(await write('/close')).toMatchObject({ status: 400 });
    expect(await write('/reopen\n/label ~one ~"two words"')).toMatchObject({ status: 202 });
    expect(await call('GET', at)).toMatchObject({ body: { state: 'opened', labels: ['one', 'two words'] } });
  });

  test('removes a note that was changed to commands alone', async () => {
    const { body } = await write('x');
    expect(await call('PUT', `${at}/notes/${body.id}`, { body: '/close' })).toMatchObject({ status: 202 });
    expect(await call('GET', `${at}/notes/${body.id}`)).toMatchObject({ status: 404 });
    expect(await call('GET', at)).toMatchObject({ body: { state: 'closed' } });
  });
});

test('merges, approves and retargets by command', async () => {
  const at = '/projects/1/merge_requests/1';
  await gitlab.commitFiles(1, 'next', 'Next', { next: '1' });
  const run = (body: string): Promise<Answer<unknown>> => call('POST', `${at}/notes`, { body });
  expect(await run('/approve\n/target_branch next\n/draft')).toMatchObject({ status: 202 });
  expect(await call('GET', at)).toMatchObject({ body: { target_branch: 'next', title: 'Draft: T' } });
  expect(await run('/ready\n/assign me\n/merge')).toMatchObject({ status: 202 });
  expect(await call('GET', at)).toMatchObject({
    body: { state: 'merged', title: 'T', assignees: [{ username: 'root' }] },
  });
});

test('runs commands in descriptions, too', async () => {
  await call('POST', '/projects/1/issues', { title: 'x', description: 'Text\n/label ~bug\n/close' });
  expect(await call('GET', '/projects/1/issues/2')).toMatchObject({
    body: { description: 'Text', labels: ['bug'], state: 'closed' },
  });
});

test('runs nothing for somebody without the right', async () => {
  const guest = gitlab.addUser({ username: 'guest', name: 'Guest' });
  gitlab.addMember(1, 'guest', 10);
  const asGuest = createClient(gitlab.url, guest.token);
  expect(await asGuest('POST', '/projects/1/issues/1/notes', { body: '/close' })).toMatchObject({
    status: 400,
  });
  expect(await call('GET', '/projects/1/issues/1')).toMatchObject({ body: { state: 'opened' } });
});

test.each([
  ['a fence', 'x\n```\n/close\n```'],
  ['a quote', '>>>\n/close\n>>>'],
  ['inline code', '`/close`'],
  ['inline code over lines', '`\n/close\n`'],
  ['an HTML block', '<details>\n/close\n</details>'],
  ['a line that begins with a space', ' /close'],
  ['the middle of a line', 'see /close'],
  ['an unknown command', '/aic deploy'],
  ['a longer word', '/closed'],
  ['a path', '/title/of'],
])('finds no command in %s', (_, text) => {
  expect(extractQuickActions(text)).toEqual({ text, actions: [] });
});

test.each([
  ['after a closed fence', '```\nx\n```\n/close', '```\nx\n```', ['close']],
  ['in an open fence', '```\n/close', '```', ['close']],
  ['in capitals', '/CLOSE', '', ['close']],
  ['with Windows line ends', 'a\r\n/close\r\nb', 'a\nb', ['close']],
  ['one after another', '/close\n/merge\n', '', ['close', 'merge']],
])('finds a command %s', (_, text, rest, names) => {
  const found = extractQuickActions(text);
  expect(found.text).toBe(rest);
  expect(found.actions.map(({ name }) => name)).toEqual(names);
});

test('finds no command in a text whose lines all begin with a space', () => {
  const line = fc.oneof(
    fc.constantFrom('/close', '/merge now', '```', '>>>', '<p>', '</p>', '`', ''),
    fc.string({ maxLength: 8 }).map((text) => text.replaceAll(/[\r\n]/g, '')),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const text = lines.map((one) => ` ${one}`).join('\n');
      expect(extractQuickActions(text)).toEqual({ text: text.trimEnd(), actions: [] });
    }),
  );
});
