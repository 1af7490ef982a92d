import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unstable_startWorker as startWorker } from 'wrangler';

const settings = {
  GITLAB_URL: 'https://gitlab.example.com',
  GITLAB_TOKEN: 'a-token',
  GITLAB_WEBHOOK_SECRET: 'the-secret',
  GITLAB_PROJECTS: 'pin/**',
  AIC_WORKSPACES: 'pin/**=PIN ANALYTICS/*',
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
});

describe('the Worker with wrong settings', () => {
  it.each([
    ['GITLAB_URL', 'nonsense'],
    ['AIC_WORKSPACES', ''],
  ])('answers 500 and does not tell a stranger which: %s=%j', async (name, value) => {
    const worker = await start({ ...settings, [name]: value });
    try {
      const answer = await worker.fetch('http://localhost/healthz');
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain(name);
    } finally {
      await worker.dispose();
    }
  });
});
