import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { until } from '../../demo/person.ts';
import { aicProject } from '../../demo/team.ts';
import { configPath } from '../../src/domain/pipeline/config-path.ts';
import { sqlContent, sqlFile } from '../e2e/scene.ts';
import { lookAt } from './outcome.ts';
import { setStage } from './stage.ts';
import type { Stop } from './stop.ts';

const restarts = 6;
const merges = 6;
const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const patienceMs = 90_000;

function stopsBy(number: number): readonly Stop[] {
  const stop = fc.record({
    kind: fc.constantFrom('SIGKILL' as const, 'SIGTERM' as const),
    at: fc.integer({ min: 4, max: 30 }),
  });
  const all = fc.array(stop, { minLength: restarts, maxLength: restarts });
  return fc.sample(all, { numRuns: 1, seed: number })[0] ?? [];
}

test(`after six restarts during a series of merges nothing is missing and no report is half finished, by the seed ${seed}`, async () => {
  const stops = stopsBy(seed);
  const stage = await setStage({ stops, atOnce: 3 });
  const { scene } = stage;
  const { aic, gitlab } = scene.world;
  try {
    const names = ['A', 'B', 'C', 'D', 'E', 'F'];
    await scene.commit('develop', Object.assign({}, ...names.map((name) => sqlFile(name, 'select 0'))));
    for (const name of names) aic.putPipeline(aicProject, 'PIN QA', name, sqlContent('select 0'));
    await stage.start();
    await stage.settled();
    stage.arm();
    const liveOf = (name: string) => JSON.stringify(aic.pipeline(aicProject, 'PIN QA', name)?.stages);
    for (let round = 1; round <= merges || stage.stopsPassed() < restarts; round += 1) {
      if (round > 4 * merges) throw new Error('the bot passes too few boundaries');
      const before = stage.stopsPassed();
      // Every third merge takes back what the one before brought.
      const query = round % 3 === 0 ? `select ${round - 2}` : `select ${round}`;
      const changed = [...names.slice(0, 4), ...(round % 3 === 0 ? [] : [`New ${round}`])];
      const iid = await scene.open(
        'develop',
        Object.assign({}, ...changed.map((name) => sqlFile(name, query))),
      );
      await scene.merge(iid);
      const wanted = JSON.stringify(sqlContent(query).stages);
      const isAtWork = () => stage.stopsPassed() > before || liveOf('A') === wanted || undefined;
      await until(`merge ${round}`, isAtWork, patienceMs);
    }
    // GitLab sends five missed deliveries a minute again: the sweep was faster.
    await stage.settled(['catch-up']);
    const differing = [];
    for (const title of aic.pipelines(aicProject, 'PIN QA')) {
      const file = await gitlab.readFile(scene.projectId, 'develop', configPath(title));
      const { stages } = JSON.parse(file ?? '{}');
      if (JSON.stringify(stages) !== liveOf(title)) differing.push(title);
    }
    const tree = `/projects/${scene.projectId}/repository/tree?path=config&ref=develop&per_page=100`;
    const files = z.array(z.unknown()).parse(await scene.maintainer.call('GET', tree));
    const outcome = await lookAt(stage);
    expect({
      stops,
      restarts: stage.stopsPassed(),
      differing,
      missing: files.length - aic.pipelines(aicProject, 'PIN QA').length,
      halfFinished: outcome.halfFinished,
      pending: outcome.pending,
      badly: outcome.deployments.filter((one) => !/ (?:succeeded|unchanged) /.test(one)),
      givenUp: outcome.givenUp,
      errors: outcome.errors,
    }).toEqual({
      stops,
      restarts,
      differing: [],
      missing: 0,
      halfFinished: [],
      pending: [],
      badly: [],
      givenUp: [],
      errors: [],
    });
  } finally {
    await stage.close();
  }
}, 400_000);
