import { setImmediate as turn } from 'node:timers/promises';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Pipelines } from '../../../src/domain/aic/aic.ts';
import type { Item } from '../../../src/domain/deployment/deployment.ts';
import { parseConfig } from '../../../src/domain/pipeline/config.ts';
import type { PipelineId } from '../../../src/domain/shared/ids.ts';
import type { Step } from '../../../src/domain/deployment/plan/plan-step.ts';
import { fail, ok } from '../../../src/domain/shared/result.ts';
import type { UpstreamFailure } from '../../../src/domain/shared/upstream-failure.ts';
import { carryOutPlan } from '../../../src/handlers/deployment/execute-plan.ts';
import { silent } from '../../../src/handlers/deployment/progress-comment.ts';
import { deployment, fingerprint } from '../../domain/samples.ts';

/** How the write of one pipeline ends, and after how many turns of the event loop. */
interface Write {
  readonly ends: 'written' | 'refused' | 'stopped';
  readonly turns: number;
}

const write = fc.record({
  ends: fc.constantFrom<Write['ends']>('written', 'refused', 'stopped'),
  turns: fc.integer({ min: 0, max: 6 }),
});
const config = parseConfig('{"stages":[]}');
if (!config.ok) throw new Error('no config');
const desired = { content: config.value, fingerprint: fingerprint('f') };

function failure(reason: UpstreamFailure['reason']): UpstreamFailure {
  return { system: 'AIC', reason, status: undefined, asked: 'POST /', said: '' };
}

function workspaceOf(writes: readonly Write[]): Pipelines {
  return {
    pipelines: async () => ok([]),
    read: async () => ok(desired.content),
    update: async () => ok(undefined),
    create: async (name) => {
      const { ends, turns } = writes[Number(name)] ?? { ends: 'refused', turns: 0 };
      for (let passed = 0; passed < turns; passed += 1) await turn();
      if (ends === 'written') return ok(`id ${name}` as PipelineId);
      return fail(failure(ends === 'stopped' ? 'stopped' : 'refused'));
    },
  };
}

test('a deployment goes on to its end only if each of its items ended, whatever was in progress at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(write, { maxLength: 9 }),
      fc.integer({ min: 1, max: 4 }),
      async (writes, atOnce) => {
        const saved = new Map<string, Item>();
        const steps = writes.map((_, index): Step => ({ kind: 'create', name: String(index), desired }));
        const items = await carryOutPlan(
          {
            store: {
              plan: async (_id, planned) => planned.forEach((item) => saved.set(item.pipeline, item)),
              saveItem: async (_id, item) => void saved.set(item.pipeline, item),
              cancelledBy: async () => undefined,
            },
            settings: { itemsAtOnce: atOnce },
          },
          {
            deployment: deployment(),
            steps,
            before: [],
            workspace: workspaceOf(writes),
            workspaceKey: { ...deployment().workspace, projectId: deployment().projectId },
            progress: silent,
          },
        );
        if (writes.some(({ ends }) => ends === 'stopped')) expect(items).toBe('stopped');
        else {
          expect(items).toEqual([...saved.values()]);
          expect([...saved.values()].map(({ state }) => state.kind)).toEqual(
            writes.map(({ ends }) => (ends === 'written' ? 'created' : 'failed')),
          );
        }
      },
    ),
  );
});
