import { afterEach, beforeEach, expect, test } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, startReceiver, type Call, type Receiver } from './gitlab-client.ts';

let gitlab: GitLabServer;
let call: Call;
let receiver: Receiver;
let first: string;
const hooks = '/projects/1/hooks';
const signingToken = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const zeros = '0'.repeat(40);

beforeEach(async () => {
  gitlab = await startGitLab({ webhookTimeoutMs: 300 });
  call = createClient(gitlab.url, gitlab.admin.token);
  receiver = await startReceiver();
  await gitlab.addProject('team/pipelines');
  first = await gitlab.commitFiles(1, 'main', 'First', { a: '1\n', b: '1\n' });
});

afterEach(async () => {
  await gitlab.close();
  await receiver.close();
});

async function addHook(fields: object = {}): Promise<number> {
  const all = { push_events: true, merge_requests_events: true, note_events: true };
  const answer = await call<{ id: number }>('POST', hooks, { url: `${receiver.url}/in`, ...all, ...fields });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

const openMergeRequest = (): Promise<unknown> =>
  call('POST', '/projects/1/merge_requests', { source_branch: 'side', target_branch: 'main', title: 'T' });

interface MergeRequestHook {
  readonly object_attributes: { readonly action: string; readonly oldrev?: string; readonly state: string };
}

test('adds, shows, changes and removes hooks without ever showing a secret', async () => {
  const id = await addHook({ token: 'secret', signing_token: signingToken, name: 'bot', emoji_events: true });
  const shown = await call('GET', `${hooks}/${id}`);
  expect(shown).toMatchObject({
    status: 200,
    body: {
      id,
      project_id: 1,
      url: `${receiver.url}/in`,
      name: 'bot',
      push_events: true,
      emoji_events: true,
      tag_push_events: false,
      enable_ssl_verification: true,
      alert_status: 'executable',
      token_present: true,
      signing_token_present: true,
    },
  });
  expect(JSON.stringify(shown.body)).not.toMatch(/secret"|whsec_/);
  const url = `${receiver.url}/in`;
  expect(await call('PUT', `${hooks}/${id}`, { url, push_events: false })).toMatchObject({
    body: { push_events: false, note_events: true, token_present: true },
  });
  expect(await call('GET', hooks)).toMatchObject({ body: [{ id }] });
  expect(await call('DELETE', `${hooks}/${id}`)).toMatchObject({ status: 204 });
  expect(await call('GET', `${hooks}/${id}`)).toMatchObject({ status: 404 });
});

test('forgets the secret token when the address changes', async () => {
  const id = await addHook({ token: 'secret' });
  expect(await call('PUT', `${hooks}/${id}`, { url: `${receiver.url}/other` })).toMatchObject({
    body: { token_present: false },
  });
});

test('refuses a bad address, a bad signing token and those who are no maintainers', async () => {
  expect(await call('POST', hooks, { url: 'ftp://x' })).toMatchObject({
    status: 422,
    body: { error: 'Invalid url given' },
  });
  expect(await call('POST', hooks, { url: receiver.url, signing_token: 'whsec_eA==' })).toMatchObject({
    status: 422,
  });
  expect(await call('POST', hooks, {})).toMatchObject({ status: 400, body: { error: 'url is missing' } });
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  gitlab.addMember(1, 'dev', 30);
  expect(await createClient(gitlab.url, dev.token)('GET', hooks)).toMatchObject({ status: 403 });
});

test('switches a hook off after four failures in a row, and sends nothing to it then', async () => {
  const id = await addHook();
  gitlab.disableFailingHooks(true);
  receiver.answerWith(500);
  const status = async () =>
    (await call<{ alert_status: string; disabled_until: string | null }>('GET', `${hooks}/${id}`)).body;
  for (let count = 1; count <= 3; count += 1) {
    await gitlab.commitFiles(1, 'main', 'Change', { a: `${count}\n` });
    await gitlab.deliveriesSettled();
  }
  expect(await status()).toMatchObject({ alert_status: 'executable', disabled_until: null });
  await gitlab.commitFiles(1, 'main', 'Change', { a: 'x\n' });
  await gitlab.deliveriesSettled();
  const { alert_status: alert, disabled_until: until } = await status();
  expect(alert).toBe('temporarily_disabled');
  expect(Date.parse(until ?? '') - Date.now()).toBeGreaterThan(50_000);
  receiver.answerWith(202);
  await gitlab.commitFiles(1, 'main', 'Change', { a: 'y\n' });
  await gitlab.deliveriesSettled();
  expect(receiver.received).toHaveLength(4);

  const events = await call<{ id: number }[]>('GET', `${hooks}/${id}/events?status=server_failure`);
  await call('POST', `${hooks}/${id}/events/${events.body[0]?.id}/resend`);
  expect(await status()).toMatchObject({ alert_status: 'executable', disabled_until: null });
});

test('sends the headers of GitLab and a signature that verifies', async () => {
  await addHook({ token: 'sec\nret', signing_token: signingToken });
  await gitlab.commitFiles(1, 'main', 'Second', { a: '2\n' });
  await gitlab.deliveriesSettled();
  const [request] = receiver.received;
  expect(request?.headers).toMatchObject({
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^GitLab\//),
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
    'x-gitlab-event': 'Push Hook',
    'x-gitlab-event-uuid': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-gitlab-instance': gitlab.url,
    'x-gitlab-webhook-uuid': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-gitlab-token': 'secret',
  });
  expect(request?.headers['webhook-id']).toBe(request?.headers['idempotency-key']);
  const verifier = new Webhook(signingToken);
  expect(verifier.verify(request?.text ?? '', request?.headers ?? {})).toMatchObject({ object_kind: 'push' });
  expect(() => verifier.verify(`${request?.text} `, request?.headers ?? {})).toThrow('signature');
});

test('sends neither token nor signature when none is set', async () => {
  await addHook();
  await gitlab.commitFiles(1, 'main', 'Second', { a: '2\n' });
  await gitlab.deliveriesSettled();
  const headers = receiver.received[0]?.headers ?? {};
  expect(headers).toHaveProperty('webhook-id');
  expect(headers).not.toHaveProperty('x-gitlab-token');
  expect(headers).not.toHaveProperty('webhook-signature');
});

test('sends a push hook for a commit', async () => {
  await addHook();
  const second = await gitlab.commitFiles(1, 'main', 'Second\n\nMore.', { a: '2\n', b: null, c: '1\n' });
  await gitlab.deliveriesSettled();
  expect(receiver.bodies('Push Hook')).toMatchObject([
    {
      object_kind: 'push',
      event_name: 'push',
      before: first,
      after: second,
      checkout_sha: second,
      ref: 'refs/heads/main',
      ref_protected: true,
      user_id: gitlab.admin.id,
      user_username: 'root',
      project_id: 1,
      project: { id: 1, path_with_namespace: 'team/pipelines', default_branch: 'main' },
      total_commits_count: 1,
      commits: [
        {
          id: second,
          title: 'Second',
          message: 'Second\n\nMore.',
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/),
          author: { name: 'Administrator', email: '[REDACTED]' },
          added: ['c'],
          modified: ['a'],
          removed: ['b'],
        },
      ],
    },
  ]);
});

test('sends push hooks for a branch that is made and removed', async () => {
  await addHook();
  await call('POST', '/projects/1/repository/branches', { branch: 'side', ref: 'main' });
  await gitlab.deliveriesSettled();
  await call('DELETE', '/projects/1/repository/branches/side');
  await gitlab.deliveriesSettled();
  expect(receiver.bodies('Push Hook')).toMatchObject([
    { before: zeros, after: first, ref: 'refs/heads/side', commits: [], total_commits_count: 0 },
    { before: first, after: zeros, checkout_sha: null, commits: [] },
  ]);
});

test('holds the newest twenty commits and the number of all', async () => {
  for (let n = 0; n < 22; n += 1)
    await gitlab.commitFiles(1, 'side', `c${n}`, { n: `${n}` }, { hooks: false });
  await addHook();
  await call('POST', '/projects/1/repository/branches', { branch: 'copy', ref: 'side' });
  await gitlab.deliveriesSettled();
  const [body] = receiver.bodies<{ commits: { title: string }[] }>('Push Hook');
  expect(body).toMatchObject({ total_commits_count: 22 });
  expect(body?.commits.map(({ title }) => title)).toEqual(Array.from({ length: 20 }, (_, n) => `c${n + 2}`));
});

test('heeds the branch filter for pushes alone', async () => {
  await addHook({ push_events_branch_filter: 'release/*' });
  await gitlab.commitFiles(1, 'side', 'Side', { a: '2\n' });
  await gitlab.commitFiles(1, 'release/1', 'Release', { a: '3\n' });
  await openMergeRequest();
  await gitlab.deliveriesSettled();
  expect(receiver.bodies('Push Hook')).toMatchObject([{ ref: 'refs/heads/release/1' }]);
  expect(receiver.bodies('Merge Request Hook')).toHaveLength(1);
});

test('sends a merge request hook when one is opened, changed, pushed to, closed and opened again', async () => {
  const side = await gitlab.commitFiles(1, 'side', 'Side', { a: '2\n' });
  await addHook({ push_events: false });
  await openMergeRequest();
  await gitlab.deliveriesSettled();
  await call('PUT', '/projects/1/merge_requests/1', { title: 'U' });
  await gitlab.deliveriesSettled();
  const next = await gitlab.commitFiles(1, 'side', 'Next', { a: '3\n' });
  await gitlab.deliveriesSettled();
  for (const state_event of ['close', 'reopen']) {
    await call('PUT', '/projects/1/merge_requests/1', { state_event });
    await gitlab.deliveriesSettled();
  }
  const bodies = receiver.bodies<MergeRequestHook>('Merge Request Hook');
  expect(bodies.map(({ object_attributes: { action } }) => action)).toEqual([
    'open',
    'update',
    'update',
    'close',
    'reopen',
  ]);
  expect(bodies[0]).toMatchObject({
    object_kind: 'merge_request',
    event_type: 'merge_request',
    user: { id: gitlab.admin.id, username: 'root', email: '[REDACTED]' },
    project: { id: 1, path_with_namespace: 'team/pipelines' },
    object_attributes: {
      iid: 1,
      state: 'opened',
      source_branch: 'side',
      target_branch: 'main',
      source_project_id: 1,
      target_project_id: 1,
      author_id: gitlab.admin.id,
      last_commit: { id: side, title: 'Side' },
      url: `${gitlab.url}/team/pipelines/-/merge_requests/1`,
    },
  });
  expect(bodies[1]).toMatchObject({ changes: { title: { previous: 'T', current: 'U' } } });
  expect(bodies[1]?.object_attributes).not.toHaveProperty('oldrev');
  expect(bodies[2]?.object_attributes).toMatchObject({ oldrev: side, last_commit: { id: next } });
});

test('sends a push hook and a merge hook for a merge', async () => {
  const side = await gitlab.commitFiles(1, 'side', 'Side', { a: '2\n' });
  await openMergeRequest();
  await addHook();
  const { body } = await call<{ merge_commit_sha: string }>('PUT', '/projects/1/merge_requests/1/merge', {
    should_remove_source_branch: true,
  });
  await gitlab.deliveriesSettled();
  expect(receiver.bodies('Merge Request Hook')).toMatchObject([
    {
      object_attributes: {
        action: 'merge',
        state: 'merged',
        merge_commit_sha: body.merge_commit_sha,
        last_commit: { id: side },
      },
    },
  ]);
  const pushes = receiver.bodies<{ ref: string }>('Push Hook');
  expect(pushes.toSorted((one, other) => one.ref.localeCompare(other.ref))).toMatchObject([
    { ref: 'refs/heads/main', before: first, after: body.merge_commit_sha, total_commits_count: 2 },
    { ref: 'refs/heads/side', before: side, after: zeros },
  ]);
});

test('sends a note hook for a new and for a changed note, in the name of its author', async () => {
  const dev = gitlab.addUser({ username: 'dev', name: 'Dev' });
  gitlab.addMember(1, 'dev', 30);
  await gitlab.commitFiles(1, 'side', 'Side', { a: '2\n' });
  await openMergeRequest();
  await addHook({ push_events: false, merge_requests_events: false });
  const notes = '/projects/1/merge_requests/1/notes';
  const asDev = createClient(gitlab.url, dev.token);
  const { body } = await asDev<{ id: number }>('POST', notes, { body: '/aic plan' });
  await gitlab.deliveriesSettled();
  await call('PUT', `${notes}/${body.id}`, { body: '/aic deploy' });
  await call('PUT', `${notes}/${body.id}`, { body: '/aic deploy' });
  await gitlab.deliveriesSettled();
  const bodies = receiver.bodies('Note Hook');
  expect(bodies).toMatchObject([
    { object_attributes: { action: 'create', note: '/aic plan' } },
    { object_attributes: { action: 'update', note: '/aic deploy' } },
  ]);
  for (const one of bodies)
    expect(one).toMatchObject({
      object_kind: 'note',
      user: { username: 'dev' },
      project_id: 1,
      object_attributes: {
        id: body.id,
        noteable_type: 'MergeRequest',
        system: false,
        author_id: dev.id,
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
      },
      merge_request: { iid: 1, source_branch: 'side', target_branch: 'main', state: 'opened' },
    });
});

test('sends note hooks for issues and commits, and none for commands alone', async () => {
  await call('POST', '/projects/1/issues', { title: 'I' });
  await addHook({ push_events: false });
  await call('POST', '/projects/1/issues/1/notes', { body: '/close' });
  await call('POST', '/projects/1/issues/1/notes', { body: 'On an issue' });
  await gitlab.deliveriesSettled();
  await call('POST', `/projects/1/repository/commits/${first}/comments`, { note: 'On a commit' });
  await gitlab.deliveriesSettled();
  expect(receiver.bodies('Note Hook')).toMatchObject([
    { object_attributes: { noteable_type: 'Issue', note: 'On an issue' }, issue: { iid: 1, title: 'I' } },
    { object_attributes: { noteable_type: 'Commit', commit_id: first }, commit: { id: first } },
  ]);
});

test('gives every hook a key of its own and one chain to the hooks of an event', async () => {
  await addHook();
  await addHook();
  await gitlab.commitFiles(1, 'main', 'Second', { a: '2\n' });
  await gitlab.deliveriesSettled();
  const values = (name: string): Set<string | undefined> =>
    new Set(receiver.received.map(({ headers }) => headers[name]));
  expect(values('idempotency-key').size).toBe(2);
  expect(values('x-gitlab-webhook-uuid').size).toBe(2);
  expect(values('x-gitlab-event-uuid').size).toBe(1);
});

test('logs what was sent, and resends it with the same key', async () => {
  const id = await addHook({ token: 'secret', signing_token: signingToken });
  receiver.answerWith(503);
  await gitlab.commitFiles(1, 'main', 'Second', { a: '2\n' });
  await gitlab.deliveriesSettled();
  expect(receiver.received).toHaveLength(1);
  const events = await call<{ id: number }[]>('GET', `${hooks}/${id}/events`);
  expect(events.body).toMatchObject([
    {
      url: `${receiver.url}/in`,
      trigger: 'push_hooks',
      request_headers: { 'X-Gitlab-Event': 'Push Hook', 'X-Gitlab-Token': '[REDACTED]' },
      request_data: { object_kind: 'push' },
      response_status: '503',
    },
  ]);

  receiver.answerWith(202);
  const resend = `${hooks}/${id}/events/${events.body[0]?.id}/resend`;
  expect(await call('POST', resend)).toMatchObject({ status: 201, body: { response_status: 202 } });
  const [before, after] = receiver.received;
  expect(after?.text).toBe(before?.text);
  expect(after?.headers['webhook-id']).toBe(before?.headers['webhook-id']);
  expect(new Webhook(signingToken).verify(after?.text ?? '', after?.headers ?? {})).toBeDefined();
  const statuses = async (query: string): Promise<string[]> =>
    (await call<{ response_status: string }[]>('GET', `${hooks}/${id}/events?${query}`)).body.map(
      ({ response_status }) => response_status,
    );
  expect(await statuses('')).toEqual(['202', '503']);
  expect(await statuses('status=server_failure')).toEqual(['503']);
  expect(await statuses('status=202')).toEqual(['202']);

  for (let more = 0; more < 4; more += 1) expect(await call('POST', resend)).toMatchObject({ status: 201 });
  expect(await call('POST', resend)).toMatchObject({ status: 429 });
  expect(receiver.received).toHaveLength(6);

  expect(await call('POST', `${hooks}/${id}/events/9999/resend`)).toMatchObject({ status: 404 });
  await call('PUT', `${hooks}/${id}`, { url: `${receiver.url}/moved` });
  expect(await call('POST', resend)).toMatchObject({ status: 422 });
  expect(await call('GET', `${hooks}/${id}/events?per_page=21`)).toMatchObject({ status: 400 });
});

test('does not wait for a receiver that never answers, and sends only once', async () => {
  const silent = await startGitLab();
  silent.inject({ fault: { kind: 'hang' } });
  const id = await addHook({ url: silent.url });
  await gitlab.commitFiles(1, 'main', 'Second', { a: '2\n' });
  expect(gitlab.deliveries).toEqual([]);
  await gitlab.deliveriesSettled();
  expect(silent.calls).toHaveLength(1);
  expect(gitlab.deliveries).toMatchObject([{ hookId: id, event: 'Push Hook', status: 0 }]);
  expect(await call('GET', `${hooks}/${id}/events`)).toMatchObject({
    body: [{ response_status: 'internal error' }],
  });
  await silent.close();
});

test('announces the end of a token to the hooks that want to know of it', async () => {
  const { id, token } = gitlab.addUser({ username: 'bot', name: 'Bot' });
  gitlab.setTokenExpiry(token, '2999-12-31');
  await addHook();
  gitlab.announceTokenExpiry('team/pipelines', token);
  await gitlab.deliveriesSettled();
  expect(receiver.received).toEqual([]);

  await addHook({ resource_access_token_events: true });
  gitlab.announceTokenExpiry('team/pipelines', token);
  await gitlab.deliveriesSettled();
  expect(receiver.bodies('Resource Access Token Hook')).toMatchObject([
    {
      object_kind: 'access_token',
      event_name: 'expiring_access_token',
      project: { id: 1, path_with_namespace: 'team/pipelines' },
      object_attributes: {
        user_id: id,
        id: expect.any(Number),
        name: 'bot token',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
        expires_at: '2999-12-31',
      },
    },
  ]);
  expect(JSON.stringify(receiver.received)).not.toContain(token);
});

test('logs the deliveries', async () => {
  const id = await addHook();
  await gitlab.commitFiles(1, 'main', 'Second', { a: '2\n' });
  await gitlab.commitFiles(1, 'main', 'Third', { a: '3\n' }, { hooks: false });
  await gitlab.deliveriesSettled();
  expect(gitlab.deliveries).toMatchObject([
    {
      hookId: id,
      event: 'Push Hook',
      status: 202,
      at: expect.any(Number),
      idempotencyKey: receiver.received[0]?.headers['idempotency-key'],
      body: receiver.received[0]?.text,
    },
  ]);
});
