import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unstable_startWorker as startWorker } from 'wrangler';

const settings = {
  GITLAB_URL: 'https://gitlab.example.com',
  GITLAB_TOKEN: 'a-token',
  GITLAB_WEBHOOK_SECRET: 'the-secret',
  GITLAB_PROJECTS: 'pin/**',
  AIC_API_KEY: 'a-key',
  SMTP_URL: 'smtp://mail.example.com',
  MAIL_FROM: 'aic-bot@example.com',
  MAIL_TO: 'team@example.com',
};

function start(bindings: Readonly<Record<string, string>>): ReturnType<typeof startWorker> {
  return startWorker({
    config: join(import.meta.dirname, '../../wrangler.toml'),
    envFiles: [],
    bindings: Object.fromEntries(
      Object.entries(bindings).map(([name, value]) => [name, { type: 'plain_text', value } as const]),
    ),
    dev: { server: { hostname: '127.0.0.1', port: 0 }, inspector: false, logLevel: 'none', persist: false },
  });
}

describe('the Worker, in workerd', () => {
  let worker: Awaited<ReturnType<typeof startWorker>>;
  beforeAll(async () => {
    worker = await start(settings);
  });
  afterAll(() => worker.dispose());

  const deliver = (headers: Readonly<Record<string, string>>, body: string) =>
    worker.fetch('http://localhost/webhooks/gitlab', { method: 'POST', headers, body });

  it('answers that it is alive', async () => {
    const answer = await worker.fetch('http://localhost/healthz');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ok' });
  });

  it('refuses a delivery without the secret', async () => {
    const answer = await deliver({ 'x-gitlab-token': 'a guess' }, '{}');
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ error: 'unauthorized' });
  });

  it('answers 503 to a delivery that it would have to keep, and says why', async () => {
    const body = JSON.stringify({
      object_kind: 'push',
      project: { id: 1, path_with_namespace: 'pin/pipelines' },
      ref: 'refs/heads/main',
      before: '1'.repeat(40),
      after: '2'.repeat(40),
    });
    const answer = await deliver({ 'x-gitlab-token': 'the-secret', 'x-gitlab-event': 'Push Hook' }, body);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(await answer.json()).toMatchObject({ error: expect.stringContaining('has no storage yet') });
  });
});

describe('the Worker with wrong settings', () => {
  it('answers 500 and does not tell a stranger which', async () => {
    const worker = await start({ ...settings, GITLAB_URL: 'nonsense' });
    try {
      const answer = await worker.fetch('http://localhost/healthz');
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain('GITLAB_URL');
    } finally {
      await worker.dispose();
    }
  });
});
