import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startAic, type AicServer } from '../../../demo/aic/server.ts';
import { neverBreaking } from '../../../src/adapters/http/circuit-breaker.ts';
import { createAic } from '../../../src/adapters/aic/aic.ts';
import { createLog } from '../../../src/adapters/log.ts';
import type { Aic, Workspace } from '../../../src/domain/aic/aic.ts';
import type { PipelineId } from '../../../src/domain/shared/ids.ts';
import { parseConfig, type Content } from '../../../src/domain/pipeline/config.ts';

const project = 'PIN ANALYTICS';
let server: AicServer;
let aic: Aic;
let now: number;
let lines: string[];

function connect(key: string, concurrency = 8): Aic {
  const clock = { now: () => now };
  const mask = (text: string) => text.replaceAll(key, '[hidden]');
  return createAic({
    hosts: new Map([['prod', { url: new URL(`${server.url}/apis/core/v1`), key }]]),
    concurrency,
    clock,
    stop: new AbortController().signal,
    mask,
    retry: { firstPauseMs: 1, longestPauseMs: 5, totalMs: 1_500 },
    breaking: neverBreaking,
    timeoutMs: 5_000,
  })(createLog({ level: 'debug', clock, mask, write: (line) => void lines.push(line) }));
}

beforeEach(async () => {
  server = await startAic({ apiKey: 'the-key-of-aic' });
  server.addProject(project);
  server.addWorkspace(project, 'PIN QA');
  now = 0;
  lines = [];
  aic = connect(server.apiKey);
});
afterEach(() => server.close());

const named = (name: string) => ({ environment: 'prod', aicProject: project, workspace: name }) as const;

async function workspace(): Promise<Workspace> {
  const found = await aic.workspace(named('PIN QA'));
  if (!found.ok) throw new Error(JSON.stringify(found.failure));
  return found.value;
}

function content(text: string): Content {
  const parsed = parseConfig(text);
  if (!parsed.ok) throw new Error(parsed.failure.problem);
  return parsed.value;
}

function lookUps(): number {
  return server.calls.filter(({ path }) => /\/(?:projects|workspaces)$/.test(path)).length;
}

describe('names', () => {
  it('are looked up once, and again after ten minutes', async () => {
    await workspace();
    await workspace();
    expect(lookUps()).toBe(2);
    now = 10 * 60_000;
    await workspace();
    expect(lookUps()).toBe(4);
  });

  it('that are unknown are looked up anew and told with the nearest', async () => {
    await workspace();
    expect(await aic.workspace(named('PIN QQ'))).toEqual({
      ok: false,
      failure: { kind: 'unknown-workspace', wanted: 'PIN QQ', aicProject: project, nearest: ['PIN QA'] },
    });
    server.addWorkspace(project, 'PIN QQ');
    expect(await aic.workspace(named('PIN QQ'))).toMatchObject({ ok: true });
    expect(await aic.workspace({ ...named('PIN QA'), aicProject: 'PIN ANALITICS' })).toMatchObject({
      failure: { kind: 'unknown-project', nearest: [project] },
    });
  });

  it('are forgotten when their workspace is gone', async () => {
    const found = await workspace();
    server.inject({
      path: /jobs$/,
      times: 1,
      fault: { kind: 'status', status: 404, body: '{"message":"gone"}' },
    });
    expect(await found.pipelines()).toMatchObject({ failure: { reason: 'missing', said: 'gone' } });
    await workspace();
    expect(lookUps()).toBe(4);
  });

  it('of an environment without a key are refused', async () => {
    expect(await aic.workspace({ ...named('PIN QA'), environment: 'qa' })).toEqual({
      ok: false,
      failure: { kind: 'no-key', environment: 'qa' },
    });
  });
});

describe('a pipeline', () => {
  it('is created, listed, read and updated, to the last digit', async () => {
    const found = await workspace();
    const first = content('{"stages":[{"n":12345678901234567890,"m":1.0}],"variables":[]}');
    const made = await found.create('Sales', first);
    if (!made.ok) throw new Error(made.failure.said);
    server.addUntitledPipeline(project, 'PIN QA', { stages: [] });
    expect(await found.pipelines()).toEqual({ ok: true, value: [{ id: made.value, title: 'Sales' }] });
    expect(await found.read(made.value)).toEqual({ ok: true, value: first });
    expect(server.pipelineText(project, 'PIN QA', 'Sales')).toContain('12345678901234567890');
    expect(server.pipelineText(project, 'PIN QA', 'Sales')).toContain('1.0');
    expect(await found.update(made.value, 'Sales', content('{"stages":[]}'))).toMatchObject({ ok: true });
    expect(server.pipeline(project, 'PIN QA', 'Sales')?.stages).toEqual([]);
    expect(server.writes.map(({ kind }) => kind)).toEqual(['create', 'update']);
  });

  it('that exists is a conflict, also when this very call created it', async () => {
    const found = await workspace();
    server.inject({ method: 'POST', times: 1, fault: { kind: 'status-after-work', status: 502 } });
    expect(await found.create('Sales', content('{"stages":[]}'))).toMatchObject({
      failure: { reason: 'conflict', status: 409 },
    });
    expect(server.pipelines(project, 'PIN QA')).toEqual(['Sales']);
  });

  it('of a shape that nobody knows is told as such', async () => {
    const found = await workspace();
    server.inject({ times: 1, fault: { kind: 'status', status: 200, body: '{"jobConfig":{"stages":7}}' } });
    const { id } = server.addPipeline(project, 'PIN QA', 'Sales', { stages: [] });
    expect(await found.read(id as PipelineId)).toMatchObject({ failure: { kind: 'strange-live-config' } });
  });
});

describe('a failing call', () => {
  it('tells status, what was asked and AIC’s own words, never the key', async () => {
    aic = connect('another-wrong-key');
    const body = '{"message":"another-wrong-key is not a key"}';
    server.inject({ fault: { kind: 'status', status: 401, body } });
    expect(await aic.workspace(named('PIN QA'))).toEqual({
      ok: false,
      failure: {
        kind: 'upstream',
        failure: {
          system: 'AIC',
          reason: 'denied',
          status: 401,
          asked: 'GET /projects',
          said: '[hidden] is not a key',
        },
      },
    });
    expect(lines.join('\n')).not.toContain('another-wrong-key');
  });

  it('is tried again while the failure is a passing one', async () => {
    server.inject({ times: 3, fault: { kind: 'status', status: 503 } });
    await workspace();
    expect(server.calls.filter(({ status }) => status === 503)).toHaveLength(3);
  });
});

describe('calls', () => {
  it('never run more at once than allowed', async () => {
    aic = connect(server.apiKey, 3);
    const found = await workspace();
    server.setLatency(20);
    await Promise.all(Array.from({ length: 20 }, () => found.pipelines()));
    const calls = server.calls.filter(({ path }) => path.endsWith('/jobs'));
    const most = Math.max(
      ...calls.map((call) => calls.filter(({ at, ms }) => at <= call.at && call.at < at + ms).length),
    );
    expect(calls).toHaveLength(20);
    expect(most).toBeLessThanOrEqual(3);
    expect(most).toBeGreaterThan(1);
  });
});
