import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, type Call } from './gitlab-client.ts';

let gitlab: GitLabServer;
let call: Call;

beforeEach(async () => {
  gitlab = await startGitLab();
  gitlab.addGroup('pin/data');
  const bot = gitlab.addUser({ username: 'bot', name: 'Bot', isBot: true });
  gitlab.addGroupMember('pin', 'bot', 40);
  call = createClient(gitlab.url, bot.token);
});

afterEach(() => gitlab.close());

test('shows a nested group by its number and by its path, whatever the case', async () => {
  const shown = await call<{ id: number; parent_id: number }>('GET', '/groups/pin%2Fdata');
  expect(shown).toMatchObject({
    status: 200,
    body: { name: 'data', path: 'data', full_path: 'pin/data', full_name: 'pin / data' },
  });
  expect(await call('GET', `/groups/${shown.body.id}`)).toMatchObject({ body: { full_path: 'pin/data' } });
  expect(await call('GET', '/groups/Pin%2FDATA')).toMatchObject({ body: { full_path: 'pin/data' } });
  expect(await call('GET', `/groups/${shown.body.parent_id}`)).toMatchObject({
    body: { full_path: 'pin', parent_id: null },
  });
});

test('hides a group from who has nothing to do with it, as if it were missing', async () => {
  const missing = { status: 404, body: { message: '404 Group Not Found' } };
  expect(await call('GET', '/groups/pin%2Fother')).toMatchObject(missing);
  const stranger = gitlab.addUser({ username: 'stranger', name: 'Stranger' });
  const asStranger = createClient(gitlab.url, stranger.token);
  expect(await asStranger('GET', '/groups/pin%2Fdata')).toMatchObject(missing);
  const project = await gitlab.addProject('pin/data/pipelines');
  gitlab.addMember(project.id, stranger.id, 10);
  expect(await asStranger('GET', '/groups/pin%2Fdata')).toMatchObject({ status: 200 });
});

test('makes a project in a group, in which members of the groups above have their rights', async () => {
  const { body: group } = await call<{ id: number }>('GET', '/groups/pin%2Fdata');
  expect(await call('POST', '/projects', { path: 'pipelines', namespace_id: group.id })).toMatchObject({
    status: 201,
    body: {
      path_with_namespace: 'pin/data/pipelines',
      visibility: 'private',
      empty_repo: true,
      namespace: { kind: 'group', full_path: 'pin/data' },
      permissions: { project_access: null, group_access: { access_level: 40 } },
    },
  });
  const { body: user } = await call<{ id: number; bot: boolean }>('GET', '/user');
  expect(user.bot).toBe(true);
  expect(await call('GET', `/projects/pin%2Fdata%2Fpipelines/members/all/${user.id}`)).toMatchObject({
    body: { access_level: 40 },
  });
});

test('makes no project in a group that is missing or gives no right to it', async () => {
  const invalid = { status: 400, body: { message: { namespace: ['is not valid'] } } };
  expect(await call('POST', '/projects', { path: 'x', namespace_id: 99 })).toMatchObject(invalid);
  const guest = gitlab.addUser({ username: 'guest', name: 'Guest' });
  gitlab.addGroupMember('pin', 'guest', 20);
  const asGuest = createClient(gitlab.url, guest.token);
  expect(await asGuest('POST', '/projects', { path: 'x', namespace_id: 1 })).toMatchObject(invalid);
});
