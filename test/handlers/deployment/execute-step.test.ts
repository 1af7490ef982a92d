import { describe, expect, it } from 'vitest';

import type { Pipelines } from '../../../src/domain/aic/aic.ts';
import type { Item } from '../../../src/domain/deployment/deployment.ts';
import { fingerprintOf } from '../../../src/domain/pipeline/fingerprint.ts';
import type { PipelineId } from '../../../src/domain/shared/ids.ts';
import { parseConfig, type Content } from '../../../src/domain/pipeline/config.ts';
import { fail, ok } from '../../../src/domain/shared/result.ts';
import { settle } from '../../../src/domain/deployment/resume-items.ts';
import type { UpstreamFailure, UpstreamReason } from '../../../src/domain/shared/upstream-failure.ts';
import { carryOut } from '../../../src/handlers/deployment/execute-step.ts';

const id = 'job-1' as PipelineId;

function content(text: string): Content {
  const parsed = parseConfig(text);
  if (!parsed.ok) throw new Error(parsed.failure.problem);
  return parsed.value;
}

const wanted = content('{"stages":[{"n":1}]}');
const foreign = content('{"stages":[{"n":2}]}');

function failure(reason: UpstreamReason): UpstreamFailure {
  return { system: 'AIC', reason, status: undefined, asked: 'GET /', said: '' };
}

/** A workspace in which the title exists, whatever its list said before. */
function workspaceWith(answers: Partial<Pipelines>): Pipelines {
  return {
    pipelines: async () => ok([{ id, title: 'Sales' }]),
    read: async () => ok(wanted),
    create: async () => fail(failure('conflict')),
    update: async () => ok(undefined),
    ...answers,
  };
}

/** What is written down of creating `Sales`. */
async function create(workspace: Pipelines) {
  const desired = { content: wanted, fingerprint: await fingerprintOf(wanted) };
  const [settled] = settle([{ kind: 'create', name: 'Sales', desired }], []);
  if (settled === undefined) throw new Error('nothing settled');
  const saved: { readonly state: Item['state']; readonly holds: string | undefined }[] = [];
  const outcome = await carryOut(
    settled,
    workspace,
    async ({ state }, holds) => void saved.push({ state, holds }),
  );
  return { outcome, last: saved.at(-1), desired: desired.fingerprint };
}

describe('a pipeline that exists when it is to be created', () => {
  it('is ours when it has what was wanted', async () => {
    const { last, desired } = await create(workspaceWith({}));
    expect(last).toEqual({ state: { kind: 'created', desired }, holds: desired });
  });

  it('is left alone when somebody else made it', async () => {
    const { last } = await create(workspaceWith({ read: async () => ok(foreign) }));
    expect(last).toEqual({ state: { kind: 'blocked', reason: { kind: 'drift' } }, holds: undefined });
  });

  it('is a failure when it cannot be found, or is there twice', async () => {
    const gone = await create(workspaceWith({ pipelines: async () => ok([]) }));
    expect(gone.last?.state).toMatchObject({ kind: 'failed', reason: { kind: 'upstream' } });
    const two = [
      { id, title: 'Sales' },
      { id, title: 'Sales' },
    ];
    const twice = await create(workspaceWith({ pipelines: async () => ok(two) }));
    expect(twice.last?.state).toEqual({ kind: 'failed', reason: { kind: 'ambiguous-title', count: 2 } });
  });
});

describe('reading back', () => {
  const written: Partial<Pipelines> = { create: async () => ok(id) };

  it('records what AIC gave, and says where that differs', async () => {
    const { last, desired } = await create(workspaceWith({ ...written, read: async () => ok(foreign) }));
    expect(last).toEqual({
      state: { kind: 'created', desired, remark: 'stored-differently' },
      holds: await fingerprintOf(foreign),
    });
  });

  it('that fails is told', async () => {
    const read: Pipelines['read'] = async () => fail({ kind: 'upstream', failure: failure('passing') });
    const { last, desired } = await create(workspaceWith({ ...written, read }));
    expect(last).toEqual({ state: { kind: 'created', desired, remark: 'not-read-back' }, holds: desired });
  });

  it('that a stop prevented leaves the item as being written', async () => {
    const read: Pipelines['read'] = async () => fail({ kind: 'upstream', failure: failure('stopped') });
    const { outcome, last } = await create(workspaceWith({ ...written, read }));
    expect(outcome).toBe('stopped');
    expect(last?.state.kind).toBe('writing');
  });
});
