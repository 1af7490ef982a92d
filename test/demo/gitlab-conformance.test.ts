import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { createGitLabApp } from '../../demo/gitlab/app.ts';
import { createInstance } from '../../demo/gitlab/instance.ts';
import { startGitLab, type GitLabServer } from '../../demo/gitlab/server.ts';
import { createClient, startReceiver, type Call, type Receiver } from './gitlab-client.ts';

/** A part of GitLab's own description of its API, which is kept beside the project and not in it. */
const file = join(import.meta.dirname, '../../../shared/gitlab/openapi-subset.json');

const Schema = z.object({
  get items() {
    return Schema.optional();
  },
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  $ref: z.string().optional(),
  type: z.string().optional(),
  format: z.string().optional(),
  example: z.unknown().optional(),
});
type Schema = z.infer<typeof Schema>;

const Spec = z.object({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        parameters: z
          .array(z.object({ name: z.string(), in: z.string(), schema: Schema.optional() }))
          .default([]),
        responses: z.record(z.string(), z.object({ schema: Schema.optional() })),
      }),
    ),
  ),
  definitions: z.record(z.string(), Schema),
});

const noSpec: z.infer<typeof Spec> = { paths: {}, definitions: {} };
const spec = existsSync(file) ? Spec.parse(JSON.parse(readFileSync(file, 'utf8'))) : noSpec;

/** What the description lacks, though GitLab has it. */
const undescribed = new Set([
  'GET /user',
  'POST /api/graphql',
  'GET /projects/{}/merge_requests/{}/merge_ref',
  'POST /projects/{}/merge_requests/{}/approve',
  'POST /projects/{}/merge_requests/{}/unapprove',
  'PUT /projects/{}/merge_requests/{}/discussions/{}',
  'GET /projects/{}/approvals',
  'GET /projects/{}/events',
  'GET /projects/{}/pipelines/{}/jobs',
  'GET /projects/{}/pipelines/{}/bridges',
  'GET /projects/{}/freeze_periods',
  'POST /projects/{}/freeze_periods',
  'GET /projects/{}/freeze_periods/{}',
  'PUT /projects/{}/freeze_periods/{}',
  'DELETE /projects/{}/freeze_periods/{}',
  'POST /projects',
  'POST /projects/{}/issues',
  'GET /projects/{}/issues',
  'GET /projects/{}/issues/{}',
  'POST /projects/{}/issues/{}/move',
  'POST /projects/{}/issues/{}/clone',
  'GET /projects/{}/repository/commits/{}/comments',
  'POST /projects/{}/repository/commits/{}/comments',
  'GET /projects/{}/issues/{}/award_emoji',
  'POST /projects/{}/issues/{}/award_emoji',
  'DELETE /projects/{}/issues/{}/award_emoji/{}',
  ...['merge_requests', 'issues'].flatMap((kind) => [
    `GET /projects/{}/${kind}/{}/notes`,
    `POST /projects/{}/${kind}/{}/notes`,
    `GET /projects/{}/${kind}/{}/notes/{}`,
    `PUT /projects/{}/${kind}/{}/notes/{}`,
    `DELETE /projects/{}/${kind}/{}/notes/{}`,
    `GET /projects/{}/${kind}/{}/discussions`,
    `POST /projects/{}/${kind}/{}/discussions`,
    `GET /projects/{}/${kind}/{}/discussions/{}`,
    `POST /projects/{}/${kind}/{}/discussions/{}/notes`,
  ]),
]);

/** Parameters that are newer than the description. */
const newer = new Set(['signing_token', 'state', 'draft']);

const shape = (method: string, path: string): string =>
  `${method.toUpperCase()} ${path.replace(/^\/api\/v4/, '').replaceAll(/\{[^}]*\}|:[a-z_]+/g, '{}')}`;

function resolve(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/definitions/', '');
  return name === undefined ? schema : resolve(spec.definitions[name] ?? {});
}

/** The names of the fields whose type is another one than the description's. */
function disagreements(value: unknown, given: Schema, where: string): string[] {
  const schema = resolve(given);
  if (value === null || value === undefined) return [];
  // Some lists are described as one of their items.
  // Of some lists it is not told what they hold.
  if (Array.isArray(value) && schema.type === 'array' && schema.items === undefined) return [];
  if (Array.isArray(value))
    return value.flatMap((one, index) => disagreements(one, schema.items ?? schema, `${where}[${index}]`));
  if (typeof value === 'object') {
    if (schema.properties === undefined) return schema.type === 'string' && !isVague(schema) ? [where] : [];
    return Object.entries(value).flatMap(([name, one]) => {
      const property = schema.properties?.[name];
      return property === undefined ? [] : disagreements(one, property, `${where}.${name}`);
    });
  }
  const right =
    isVague(schema) ||
    schema.type === typeof value ||
    typeof schema.example === typeof value ||
    (schema.type === 'integer' && Number.isInteger(value)) ||
    (schema.type === 'symbol' && typeof value === 'string');
  return right ? [] : [`${where}: ${schema.type} is ${JSON.stringify(value)}`];
}

/** What nobody described is called a string. */
function isVague({ type, example, format }: Schema): boolean {
  return (type === 'string' && example === undefined && format === undefined) || type === 'file';
}

describe.skipIf(spec === noSpec)('as GitLab describes its API', () => {
  let gitlab: GitLabServer;
  let receiver: Receiver;
  let call: Call;
  const problems: string[] = [];

  beforeAll(async () => {
    gitlab = await startGitLab();
    receiver = await startReceiver();
    call = createClient(gitlab.url, gitlab.admin.token);
  });

  afterAll(async () => {
    await gitlab.close();
    await receiver.close();
  });

  test('every route is a route of GitLab', () => {
    const instance = createInstance({
      directory: '',
      url: () => 'http://127.0.0.1',
      now: () => new Date(0),
      webhookTimeoutMs: 0,
    });
    const routes = createGitLabApp(instance)
      .routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/api/'))
      .map(({ method, path }) => shape(method, path));
    const described = new Set(
      Object.entries(spec.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => shape(method, path)),
      ),
    );
    expect(routes.length).toBeGreaterThan(50);
    expect(new Set(routes.filter((route) => !described.has(route)))).toEqual(undescribed);
  });

  /** Makes the call, and notes where its parameters or its answer differ from the description of the path. */
  async function agreeing<Body>(
    method: string,
    path: string,
    values: Record<string, string | number> = {},
    { query = {}, body }: { query?: Record<string, string>; body?: Record<string, unknown> } = {},
  ): Promise<Body> {
    const operation = spec.paths[`/api/v4${path}`]?.[method.toLowerCase()];
    if (operation === undefined) throw new Error(`${method} ${path} is not described.`);
    const described = new Set([
      ...operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name),
      ...operation.parameters.flatMap(({ schema }) =>
        Object.keys(schema === undefined ? {} : (resolve(schema).properties ?? {})),
      ),
    ]);
    const used = [...Object.keys(query), ...Object.keys(body ?? {})];
    problems.push(
      ...used
        .filter((name) => !described.has(name) && !newer.has(name))
        .map((name) => `${method} ${path} takes no ${name}`),
    );

    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(values[name] ?? (name === 'id' ? 1 : '')),
    );
    const answer = await call<Body>(method, `${filled}?${new URLSearchParams(query)}`, body);
    const schema = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1].schema;
    const found = schema === undefined ? [] : disagreements(answer.body, schema, 'answer');
    if (answer.status >= 300) found.push(`answer: ${answer.status} ${JSON.stringify(answer.body)}`);
    problems.push(...found.map((one) => `${method} ${path}: ${one}`));
    return answer.body;
  }

  test('parameters and answers are those of GitLab', async () => {
    const project = '/projects/{id}';
    const repository = `${project}/repository`;
    await gitlab.addProject('team/pipelines');
    const first = await gitlab.commitFiles(1, 'main', 'First', { 'config/a.json': '1\n' });
    await agreeing('GET', '/version');
    await agreeing('GET', '/personal_access_tokens/self');
    await agreeing('GET', project);
    await agreeing('GET', `${project}/members/all/{user_id}`, { user_id: gitlab.admin.id });

    const hook = await agreeing<{ id: number }>(
      'POST',
      `${project}/hooks`,
      {},
      {
        body: {
          url: receiver.url,
          token: 'x',
          signing_token: `whsec_${Buffer.alloc(32).toString('base64')}`,
          push_events: true,
          merge_requests_events: true,
          note_events: true,
          enable_ssl_verification: false,
          push_events_branch_filter: '*',
          branch_filter_strategy: 'wildcard',
        },
      },
    );
    await agreeing('GET', `${project}/hooks`, {}, { query: { page: '1', per_page: '5' } });
    await agreeing('GET', `${project}/hooks/{hook_id}`, { hook_id: hook.id });
    await agreeing(
      'PUT',
      `${project}/hooks/{hook_id}`,
      { hook_id: hook.id },
      { body: { url: receiver.url } },
    );

    await agreeing('GET', '/groups/{id}', { id: 'team' });
    await agreeing(
      'POST',
      `${project}/protected_branches`,
      {},
      { body: { name: 'release*', push_access_level: 40, merge_access_level: 30, allow_force_push: false } },
    );
    await agreeing('GET', `${project}/protected_branches`, {}, { query: { search: 'rel', per_page: '5' } });
    await agreeing('GET', `${project}/protected_branches/{name}`, { name: 'release*' });
    await agreeing('DELETE', `${project}/protected_branches/{name}`, { name: 'release*' });

    const inBranch = { branch: 'side' };
    await agreeing('POST', `${repository}/branches`, {}, { body: { branch: 'side', ref: 'main' } });
    await agreeing(
      'GET',
      `${repository}/branches`,
      {},
      { query: { search: 'side', page: '1', per_page: '5' } },
    );
    await agreeing('GET', `${repository}/branches/{branch}`, inBranch);
    await agreeing('HEAD', `${repository}/branches/{branch}`, inBranch);
    const message = { ...inBranch, commit_message: 'Change' };
    const commit = await agreeing<{ id: string }>(
      'POST',
      `${repository}/commits`,
      {},
      {
        body: {
          ...message,
          author_name: 'Ann',
          author_email: 'ann@example.com',
          actions: [{ action: 'update', file_path: 'config/a.json', content: '2\n' }],
        },
      },
    );
    const sha = { sha: commit.id };
    await agreeing(
      'GET',
      `${repository}/commits`,
      {},
      { query: { ref_name: 'side', path: 'config', since: '2001-01-01T00:00:00Z', first_parent: 'true' } },
    );
    await agreeing('GET', `${repository}/commits/{sha}`, sha);
    await agreeing('GET', `${repository}/commits/{sha}/diff`, sha, { query: { unidiff: 'true' } });
    await agreeing(
      'GET',
      `${repository}/tree`,
      {},
      { query: { ref: 'side', path: 'config', recursive: 'true', pagination: 'keyset', per_page: '1' } },
    );
    const path = { file_path: 'config/a.json' };
    const { blob_id } = await agreeing<{ blob_id: string }>('GET', `${repository}/files/{file_path}`, path, {
      query: { ref: 'side' },
    });
    await agreeing('HEAD', `${repository}/files/{file_path}`, path, { query: { ref: 'side' } });
    await agreeing('GET', `${repository}/files/{file_path}/raw`, path, { query: { ref: 'side' } });
    await agreeing('GET', `${repository}/blobs/{sha}`, { sha: blob_id });
    await agreeing('GET', `${repository}/blobs/{sha}/raw`, { sha: blob_id });
    const other = { file_path: 'other' };
    const text = { ...message, content: 'x', encoding: 'text' };
    await agreeing('POST', `${repository}/files/{file_path}`, other, { body: text });
    await agreeing('PUT', `${repository}/files/{file_path}`, other, { body: { ...text, content: 'y' } });
    await agreeing('DELETE', `${repository}/files/{file_path}`, other, { query: message });
    await agreeing(
      'GET',
      `${repository}/compare`,
      {},
      { query: { from: first, to: 'side', straight: 'true', unidiff: 'true' } },
    );

    const mergeRequests = `${project}/merge_requests`;
    const one = `${mergeRequests}/{merge_request_iid}`;
    const iid = { merge_request_iid: 1 };
    await agreeing(
      'POST',
      mergeRequests,
      {},
      {
        body: {
          source_branch: 'side',
          target_branch: 'main',
          title: 'T',
          description: 'D',
          labels: ['l'],
          squash: true,
          remove_source_branch: true,
          assignee_ids: [gitlab.admin.id],
        },
      },
    );
    await agreeing('GET', one, iid);
    await agreeing('PUT', one, iid, {
      body: { title: 'U', description: 'E', labels: ['m'], state_event: 'close' },
    });
    await agreeing('PUT', one, iid, { body: { state_event: 'reopen', target_branch: 'main' } });
    await agreeing('GET', `${one}/diffs`, iid, { query: { page: '1', per_page: '1', unidiff: 'true' } });
    await agreeing('GET', `${one}/commits`, iid);
    const { id: note } = (
      await call<{ id: number }>('POST', '/projects/1/merge_requests/1/notes', { body: 'n' })
    ).body;
    for (const target of [one, `${one}/notes/{note_id}`]) {
      const values = { ...iid, note_id: note };
      const award = await agreeing<{ id: number }>('POST', `${target}/award_emoji`, values, {
        body: { name: 'eyes' },
      });
      await agreeing('GET', `${target}/award_emoji`, values);
      await agreeing('DELETE', `${target}/award_emoji/{award_id}`, { ...values, award_id: award.id });
    }
    await agreeing('PUT', `${one}/merge`, iid, {
      body: {
        squash: true,
        should_remove_source_branch: true,
        merge_commit_message: 'M',
        squash_commit_message: 'S',
      },
    });
    await agreeing(
      'GET',
      mergeRequests,
      {},
      {
        query: {
          state: 'merged',
          order_by: 'updated_at',
          sort: 'asc',
          source_branch: 'side',
          target_branch: 'main',
          author_username: 'root',
          updated_after: '2001-01-01T00:00:00Z',
          scope: 'all',
        },
      },
    );
    await agreeing(
      'GET',
      `${repository}/commits/{sha}/merge_requests`,
      { sha: commit.id },
      { query: { state: 'merged' } },
    );

    await gitlab.deliveriesSettled();
    const events = `${project}/hooks/{hook_id}/events`;
    const sent = await agreeing<{ id: number }[]>(
      'GET',
      events,
      { hook_id: hook.id },
      { query: { status: '202' } },
    );
    await agreeing('POST', `${events}/{hook_log_id}/resend`, {
      hook_id: hook.id,
      hook_log_id: sent[0]?.id ?? 0,
    });
    await agreeing('DELETE', `${project}/hooks/{hook_id}`, { hook_id: hook.id });
    expect(problems).toEqual([]);
  });
});
